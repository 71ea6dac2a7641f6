"""`compare`: many runs at once, each of them what `minimize` would have made of it."""

import numpy as np
import pytest

import fallline as fl
from fallline.descent import compare_runs
from fallline.descent.many import _Loop
from fallline.errors import InputError, InputTypeError
from fallline.stopping import CostBelow, CostChangeBelow, GradientBelow, NoImprovement

RATES = np.geomspace(1e-5, 1e-3, 9)
START = [-1.2, 1.0]
rng = np.random.default_rng(0)
X = rng.normal(size=(60, 5))
Y = X @ np.arange(5.0) + rng.normal(size=60)


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def squares(w, X, y):
    return np.mean((X @ w - y) ** 2) / 2


def hills(t):
    return (t**2 - 1) ** 2 + 0.3 * t


def assert_same(run, alone, rtol=1e-12):
    """Check that a run among many is the one that `minimize` makes alone."""
    for name in ("reason", "nit", "nfev", "njev", "success", "method", "gradient_source", "message"):
        assert getattr(run, name) == getattr(alone, name), name
    found = [finding.code for finding in run.diagnosis if finding.code != "other-minima"]
    assert found == [finding.code for finding in alone.diagnosis]
    np.testing.assert_array_equal(run.trace.iteration, alone.trace.iteration)
    for name in ("flat_x", "fun", "gradient_norm", "learning_rate", "step_norm"):
        column, expected = getattr(run.trace, name), getattr(alone.trace, name)
        assert column.dtype == expected.dtype
        scale = np.nanmax(np.abs(expected), initial=0)
        np.testing.assert_allclose(column, expected, rtol=rtol, atol=rtol * scale, err_msg=name)


@pytest.mark.parametrize("method", ["gd", "adam", "schedule-free-sgd", "nesterov"])
def test_rates_side_by_side_are_runs_of_minimize(method):
    """Rates of one method go in one program, and each run is the one it would be alone."""
    comparison = fl.compare(rosenbrock, START, methods=[method], learning_rates=RATES, max_iterations=150)
    assert len(comparison) == 9
    for place in (0, 4, 8):
        alone = fl.minimize(rosenbrock, START, method=method, learning_rate=RATES[place], max_iterations=150)
        assert_same(comparison.results[place], alone)
        assert comparison.fun[place] == pytest.approx(alone.fun, rel=1e-12)
        assert comparison.gradient_norm[place] == pytest.approx(np.linalg.norm(alone.jac), rel=1e-9)
        assert (comparison.iterations[place], comparison.reason[place]) == (alone.nit, alone.reason)


def test_starts_with_a_line_search_are_runs_of_minimize():
    """With a measured rate too, and from starts of their own, runs stop where they would alone."""
    comparison = fl.compare(rosenbrock, START, methods=["lbfgs"], starts=compare_runs.FEW_SEARCHES)
    assert {reason.value for reason in comparison.reason} == {"converged"}
    assert len({run.nit for run in comparison.results}) > 2
    for place in (0, 5):
        run = comparison.results[place]
        assert_same(run, fl.minimize(rosenbrock, run.trace[0].x, method="lbfgs"), rtol=1e-9)


def test_a_few_runs_are_bit_for_bit_those_of_minimize():
    """Too few to share a program, runs take that of a single one."""
    comparison = fl.compare(rosenbrock, START, methods=["gd", "adam"], learning_rates=[1e-3], max_iterations=50)
    for run, method in zip(comparison.results, ("gd", "adam"), strict=True):
        assert_same(run, fl.minimize(rosenbrock, START, method=method, learning_rate=1e-3, max_iterations=50), rtol=0)


def test_schedules_and_measured_schedules_go_side_by_side():
    """A rate may change as it goes, and look at the cost; each run has its own."""
    rates = [fl.schedules.ExponentialDecay(rate, 0.99) for rate in RATES]
    comparison = fl.compare(rosenbrock, START, methods=["gd"], learning_rates=rates, max_iterations=60)
    alone = fl.minimize(rosenbrock, START, method="gd", learning_rate=rates[3], max_iterations=60)
    assert_same(comparison.results[3], alone)
    plateau = fl.schedules.ReduceOnPlateau(2e-3, 0.5, 3)
    comparison = fl.compare(rosenbrock, START, methods=["gd"], learning_rates=[plateau], starts=9, max_iterations=60)
    run = comparison.results[4]
    assert_same(run, fl.minimize(rosenbrock, run.trace[0].x, method="gd", learning_rate=plateau, max_iterations=60))


def test_rows_of_data_and_a_tolerance():
    """A cost over rows of data is compared on all of them, and each run stops at its own first tiny step."""
    rates = np.geomspace(0.01, 3, 10)
    settings = {"data": (X, Y), "tolerance": 1e-6, "max_iterations": 2000}
    comparison = fl.compare(squares, np.zeros(5), methods=["gd"], learning_rates=rates, **settings)
    reasons = {reason.value for reason in comparison.reason}
    assert {"small-steps", "diverged"} <= reasons
    for place in (2, 6, 9):
        alone = fl.minimize(squares, np.zeros(5), method="gd", learning_rate=rates[place], **settings)
        assert_same(comparison.results[place], alone, rtol=1e-8)


@pytest.mark.parametrize(
    "rule",
    [
        CostBelow(1e-2) | NoImprovement(20),
        GradientBelow(0.5) & CostChangeBelow(1e-4),
        CostChangeBelow(1e-5) | GradientBelow(1e-2),
    ],
)
def test_rules_stop_each_run_for_itself(rule):
    """Rules, and combinations, hold for each run where they would hold for it alone."""
    rates = np.geomspace(1e-3, 0.5, 10)
    comparison = fl.compare(
        rosenbrock, START, methods=["adam"], learning_rates=rates, stopping=rule, max_iterations=400
    )
    for place in range(10):
        alone = fl.minimize(
            rosenbrock, START, method="adam", learning_rate=rates[place], stopping=rule, max_iterations=400
        )
        assert (comparison.reason[place], comparison.iterations[place]) == (alone.reason, alone.nit)


def test_a_rule_of_the_users_own_sees_one_run_at_a_time():
    """A rule that knows nothing of many runs stops each of them."""

    class Third(fl.stopping.Rule):
        def init(self):
            return 0

        def judge(self, rows, before, state):
            assert rows.x.ndim == 2
            count = state + np.arange(1, len(rows) + 1)
            from fallline.stopping.base import code_of

            codes = np.where((rows.fun < 5) & (count >= 3), code_of(fl.StopReason.TARGET_REACHED), 0)
            return codes, int(count[-1])

    comparison = fl.compare(
        rosenbrock, START, methods=["gd"], learning_rates=RATES, stopping=Third(), max_iterations=99
    )
    assert comparison.reason[-1].value == "target-reached"
    alone = fl.minimize(rosenbrock, START, method="gd", learning_rate=RATES[-1], stopping=Third(), max_iterations=99)
    assert_same(comparison.results[8], alone)


def test_rows_held_out_stop_each_run_for_itself():
    """A rule that holds out rows is asked run by run, and chooses the answers."""
    rule = NoImprovement(3, validation_fraction=0.3)
    rates = np.geomspace(0.01, 0.5, 9)
    settings = {"data": (X, Y), "stopping": rule, "max_iterations": 200}
    comparison = fl.compare(squares, np.zeros(5), methods=["gd"], learning_rates=rates, **settings)
    alone = fl.minimize(squares, np.zeros(5), method="gd", learning_rate=rates[7], **settings)
    assert_same(comparison.results[7], alone, rtol=0)
    np.testing.assert_array_equal(comparison.results[7].x, alone.x)


def test_every_rate_ends_as_it_would_alone():
    """From crawling to divergence, each run of a sweep has its own reason and its own findings."""
    rates = np.geomspace(1e-4, 3, 16)
    comparison = fl.compare(lambda t: t**2, 3.0, methods=["gd"], learning_rates=rates, max_iterations=300)
    assert {reason.value for reason in comparison.reason} >= {"converged", "max-iterations", "diverged"}
    for run, rate in zip(comparison.results, rates, strict=True):
        assert_same(run, fl.minimize(lambda t: t**2, 3.0, method="gd", learning_rate=rate, max_iterations=300), rtol=0)
    codes = [[finding.code for finding in run.diagnosis] for run in comparison.results]
    assert codes[0] == ["learning-rate-too-low"]
    assert codes[-1] == ["learning-rate-too-high"]
    assert comparison.best.success


def test_bounds_and_penalties_hold_for_all():
    """Bounds and penalties are part of every run, and of the starts that are drawn."""
    bounds = [(-2, 0.5), (None, 2)]
    comparison = fl.compare(rosenbrock, START, learning_rates=RATES, bounds=bounds, max_iterations=100)
    alone = fl.minimize(rosenbrock, START, learning_rate=RATES[8], bounds=bounds, max_iterations=100)
    assert_same(comparison.results[8], alone)
    drawn = fl.compare(rosenbrock, START, starts=12, bounds=bounds, max_iterations=20, learning_rates=[1e-4])
    first = np.array([run.trace[0].x for run in drawn.results])
    assert first[:, 0].max() <= 0.5
    assert np.ptp(first[:, 1]) > 0


def test_float32_and_trees_keep_their_kind():
    """Parameters come back as they were given, and single precision stays."""
    start = {"a": np.ones(3, np.float32), "b": np.ones((), np.float32)}

    def cost(p):
        return np.sum((p["a"] - 2) ** 2) + p["b"] ** 2

    comparison = fl.compare(cost, start, methods=["adam"], learning_rates=np.geomspace(0.01, 0.1, 9), max_iterations=40)
    best = comparison.best.x
    assert set(best) == {"a", "b"}
    assert best["a"].dtype == np.float32
    alone = fl.minimize(cost, start, method="adam", learning_rate=0.01, max_iterations=40)
    assert_same(comparison.results[0], alone, rtol=1e-5)


def test_a_function_that_cannot_be_followed_goes_run_by_run():
    """Python's if on a value, or a gradient of the user's own: the runs are made one after the other."""

    def bent(t):
        return (t[0] - 1) ** 2 + (0 if t[1] < 0 else t[1] ** 2)

    rates = [0.01, 0.1]
    comparison = fl.compare(bent, [2.0, 2.0], learning_rates=rates, max_iterations=5)
    assert comparison.best.gradient_source == "stepwise"
    assert_same(comparison.results[1], fl.minimize(bent, [2.0, 2.0], learning_rate=0.1, max_iterations=5), rtol=0)
    given = fl.compare(lambda t: t**2, 3.0, gradient=lambda t: 2 * t, methods=["gd"], learning_rates=rates)
    assert {run.gradient_source for run in given.results} == {"user"}
    assert (
        given.results[0].nfev
        == fl.minimize(lambda t: t**2, 3.0, gradient=lambda t: 2 * t, method="gd", learning_rate=rates[0]).nfev
    )


def test_an_answer_that_the_function_denies_is_measured_again():
    """Where the compiled form and the function part after the start, the function is right, in every run."""

    def changing(t):
        out = np.asarray(t)  # the same memory: writing into it changes t
        np.maximum(t, 0.5, out=out) if type(t) is np.ndarray else None
        return np.sum((t + 1) ** 2)

    comparison = fl.compare(changing, np.array([3.0, 2.0]), learning_rates=np.geomspace(0.1, 0.3, 9), max_iterations=20)
    assert {run.gradient_source for run in comparison.results} == {"finite-differences"}
    assert all("lower-gradient-rung" in [finding.code for finding in run.diagnosis] for run in comparison.results)
    for run in comparison.results:
        assert run.fun == pytest.approx(changing(run.x.copy()))
        assert run.fun == pytest.approx(4.5)


def test_minima_are_told_apart_and_counted():
    """Starts lead to two minima: the comparison names both, and a run at the worse one is told of the better."""
    comparison = fl.compare(hills, 0.0, starts=12, within=(-2.0, 2.0))
    low, high = comparison.minima
    assert (round(low.x, 3), round(high.x, 3)) == (-1.036, 0.960)
    assert sorted([*low.runs, *high.runs]) == list(range(12))
    finding = comparison.diagnosis[0]
    assert (finding.code, finding.severity, finding.values["runs"]) == (
        "other-minima",
        "info",
        [len(low.runs), len(high.runs)],
    )
    for place in range(12):
        told = [finding.severity for finding in comparison.results[place].diagnosis if finding.code == "other-minima"]
        assert told == (["warning"] if place in high.runs else [])
    assert comparison.best.fun == low.fun


def test_one_minimum_is_no_news():
    """Where every start leads to the same minimum there is nothing to find."""
    comparison = fl.compare(rosenbrock, START, starts=[[2.0, 2.0], [0.0, 0.0]])
    assert len(comparison.minima) == 1
    assert comparison.minima[0].runs == (0, 1, 2)
    assert comparison.diagnosis == []
    np.testing.assert_allclose(comparison.results[1].trace[0].x, [2.0, 2.0])


def test_methods_are_compared_as_instances_and_by_name():
    """Instances keep their settings and their own rates; a name has its default rate; None compares the usual ones."""
    methods = [fl.methods.Adam(betas=(0.8, 0.99)), fl.methods.Adam(learning_rate=0.1), "Adam"]
    comparison = fl.compare(rosenbrock, START, methods=methods, max_iterations=20)
    assert comparison.method == ("Adam(betas=(0.8, 0.99))", "adam", "adam")
    assert comparison.learning_rate == (1e-3, 0.1, 1e-3)
    usual = fl.compare(rosenbrock, START, max_iterations=20)
    assert {"gd", "adam", "lbfgs"} <= set(usual.method)
    assert fl.compare(rosenbrock, START, methods="gd", learning_rates=0.001, max_iterations=2).method == ("gd",)


def test_the_user_method_runs_side_by_side():
    """A class with init and update is compared like any other."""

    class Mine:
        def init(self, x):
            return 0 * x

        def update(self, gradient, state, x):
            state = 0.5 * state + gradient
            return state, state

    comparison = fl.compare(rosenbrock, START, methods=[Mine()], learning_rates=RATES, max_iterations=30)
    alone = fl.minimize(rosenbrock, START, method=Mine(), learning_rate=RATES[8], max_iterations=30)
    np.testing.assert_allclose(comparison.results[8].trace.x, alone.trace.x, rtol=1e-12)
    assert comparison.method[0] == "Mine"


def test_histories_stay_within_their_memory(monkeypatch):
    """Long histories are thinned together: first, last and best of each run stay, and the answers do not change."""
    settings = {"methods": ["gd"], "learning_rates": np.geomspace(1e-5, 2e-3, 9), "max_iterations": 3000}
    whole = fl.compare(rosenbrock, START, **settings)
    monkeypatch.setattr(compare_runs, "MEMORY_OF_ALL", 200_000)
    thin = fl.compare(rosenbrock, START, **settings)
    for place in (0, 8):
        run, full = thin.results[place], whole.results[place]
        assert 50 < len(run.trace) < 600
        assert {0, 3000, int(np.argmin(full.trace.fun))} <= set(run.trace.iteration)
        np.testing.assert_array_equal(run.trace.fun, full.trace.fun[run.trace.iteration])
        assert (run.fun, run.nfev, run.reason) == (full.fun, full.nfev, full.reason)


def test_an_interruption_keeps_what_was_done(monkeypatch):
    """Ctrl-C ends the runs going on, with their steps so far; what had not begun is left out."""
    advance = _Loop.block

    def interrupted(self, most):
        if self.iteration:
            raise KeyboardInterrupt
        advance(self, most)

    monkeypatch.setattr(_Loop, "block", interrupted)
    comparison = fl.compare(rosenbrock, START, methods=["gd", "adam"], learning_rates=RATES, max_iterations=100)
    assert {reason.value for reason in comparison.reason} == {"interrupted"}
    assert set(comparison.method) == {"gd"}
    assert len(comparison.results[3].trace) == comparison.iterations[3] + 1 > 1


def test_no_steps_at_all():
    """With no iterations allowed each run is its start."""
    comparison = fl.compare(rosenbrock, [0, 0], methods=["gd"], learning_rates=RATES, max_iterations=0)
    assert comparison.iterations.tolist() == [0] * 9
    assert [finding.code for finding in comparison.results[0].diagnosis] == ["integer-start", "iteration-budget"]


@pytest.mark.parametrize(
    ("settings", "error", "says"),
    [
        ({"x0": None}, InputError, "x0 must be given, or a list of starts"),
        ({"methods": []}, InputError, "methods must list at least one"),
        ({"learning_rates": []}, InputError, "learning_rates must list at least one"),
        ({"methods": ["adm"]}, InputError, "Did you mean 'adam'"),
        ({"learning_rates": [0.1, -1.0]}, InputError, "learning_rate must be a positive, finite number; got -1.0"),
        ({"fun": 3}, InputTypeError, "fun must be a function; got 3"),
        ({"fun": fl.LinearRegression()}, InputTypeError, "Models are fitted one at a time"),
        ({"max_iterations": -1}, InputError, "max_iterations must be a whole number"),
    ],
)
def test_what_cannot_be_compared_is_refused(settings, error, says):
    """One sentence says what was given and what to do, before the first step."""
    settings = {"fun": rosenbrock, "x0": START, **settings}
    with pytest.raises(error, match=says):
        fl.compare(settings.pop("fun"), settings.pop("x0"), **settings)


@pytest.mark.parametrize("method", ["gd", "adam", "lbfgs", "prodigy"])
def test_runs_on_mini_batches_are_bit_for_bit_those_of_minimize(method):
    """Batches, trace and costs of epochs are the same."""
    settings = {"data": (X, Y), "batch_size": 16, "epochs": 3, "seed": 4}
    comparison = fl.compare(squares, np.zeros(5), methods=[method], learning_rates=[None, 0.01], **settings)
    for run, rate in zip(comparison.results, [None, 0.01], strict=True):
        alone = fl.minimize(squares, np.zeros(5), method=method, learning_rate=rate, **settings)
        assert_same(run, alone, rtol=0)
        np.testing.assert_array_equal(run.x, alone.x)
        np.testing.assert_array_equal(run.epoch_costs, alone.epoch_costs)


def test_methods_usual_on_mini_batches():
    """Where nothing is named, those that need no line search."""
    comparison = fl.compare(squares, np.zeros(5), data=(X, Y), batch_size=16, epochs=2)
    assert list(comparison.method) == ["momentum", "adam", "adagrad", "prodigy"]
    assert set(comparison.iterations) == {8}
