"""The loop for many runs, where no other test sees it."""

import time

import numpy as np

import fallline as fl


def test_runs_that_stop_cost_the_others_nothing():
    """Most of a thousand runs stop early; those that go on do so alone, and each ends where it should."""
    rates = np.concatenate([np.full(200, 0.3), np.full(5, 1e-3)])
    comparison = fl.compare(lambda t: t**2, 3.0, methods=["gd"], learning_rates=rates, max_iterations=3000)
    assert set(comparison.iterations[:200].tolist()) == {int(comparison.iterations[0])}
    assert comparison.iterations[0] < 50
    assert (comparison.iterations[200:] == 3000).all()
    np.testing.assert_allclose(comparison.results[204].trace.x, 3 * 0.998 ** np.arange(3001), rtol=1e-9)


def test_the_seconds_of_a_run_are_its_own():
    """A time limit holds for the runs together, which run at the same time."""
    rule = fl.stopping.TimeLimit(0.3)
    began = time.perf_counter()
    comparison = fl.compare(
        lambda t: t[0] ** 2 + 1e-9 * t[1] ** 2,
        [3.0, 1.0],
        methods=["gd"],
        learning_rates=np.geomspace(1e-9, 1e-8, 9),
        stopping=rule,
        max_iterations=10**9,
    )
    assert time.perf_counter() - began < 60
    assert {reason.value for reason in comparison.reason} == {"time-limit"}
    run = comparison.results[0]
    assert run.trace.seconds[-1] >= 0.3
    assert (np.diff(run.trace.seconds[1:]) > 0).all()


def test_each_run_of_a_method_that_averages_answers_with_its_average():
    """The answer of an averaging method is its average at the step where that run stopped."""
    rates = np.geomspace(0.05, 0.5, 9)
    stopping = fl.stopping.CostBelow(1e-3)
    settings = {"stopping": stopping, "max_iterations": 200}
    comparison = fl.compare(lambda t: t**2, 3.0, methods=["schedule-free-sgd"], learning_rates=rates, **settings)
    assert len(set(comparison.iterations.tolist())) > 3
    for place in (0, 4, 8):
        alone = fl.minimize(lambda t: t**2, 3.0, method="schedule-free-sgd", learning_rate=rates[place], **settings)
        assert comparison.results[place].x == alone.x
        assert comparison.fun[place] == alone.fun
