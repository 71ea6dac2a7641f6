"""minimize does what its page says, and refuses what it cannot do in one sentence."""

import gc
import os
import signal
import subprocess
import sys
import time
import warnings
import weakref

import numpy as np
import pytest

import fallline as fl
from fallline.stopping import MaxIterations, NoImprovement, StepBelow, TimeLimit


def square(t):
    return t**2


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


def test_the_textbooks_loop_step_for_step():
    """A fixed rate takes the very steps of the ten-line loop and stops where it stops."""
    theta, kept = 3.0, [3.0]
    for _ in range(20):
        new = theta - 0.3 * 2 * theta
        kept.append(new)
        if abs(new - theta) < 1e-5:
            break
        theta = new
    result = fl.minimize(square, 3.0, learning_rate=0.3, tolerance=1e-5, max_iterations=20)
    np.testing.assert_allclose(result.trace.x, kept, rtol=1e-13)
    assert result.success and result.reason == "small-steps" and result.nit == len(kept) - 1 == 15


@pytest.mark.parametrize("x0", [3.0, 3, np.float64(3.0)])
def test_a_number_gives_a_number(x0):
    """Starting from a number the answer and its slope are floats."""
    result = fl.minimize(lambda t: (t - 0.5) ** 2, x0)
    assert type(result.x) is float and type(result.jac) is float and result.x == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("x0", [np.zeros((2, 3)), np.zeros((2, 3), np.float32), np.array(0.0), {"a": np.zeros(2)}])
def test_the_answer_has_the_shape_of_the_start(x0):
    """Arrays of any shape and type, and trees of them, come back as they were."""

    def cost(t):
        return np.sum(((t["a"] if isinstance(t, dict) else t) - 1) ** 2)

    result = fl.minimize(cost, x0)
    for answer in (result.x, result.jac):
        if isinstance(x0, dict):
            assert set(answer) == {"a"} and answer["a"].shape == (2,)
        else:
            assert answer.shape == x0.shape and answer.dtype == x0.dtype
    assert result.success


def test_without_a_rate_a_curved_valley_is_no_trouble():
    """The default method needs no tuning and says which it is."""
    result = fl.minimize(rosenbrock, [-1.2, 1.0])
    assert result.success and result.reason == "converged" and result.method.startswith("LBFGS")
    np.testing.assert_allclose(result.x, [1, 1], atol=1e-6)
    assert result.nfev < 60 and result.nfev == result.njev


def test_the_best_point_is_returned_and_the_last_is_kept():
    """A run that wanders off returns the best point it passed; the trace keeps where it went."""
    swinging = fl.methods.Momentum(momentum=0.99)
    result = fl.minimize(rosenbrock, [-1.2, 1.0], method=swinging, learning_rate=1e-4, max_iterations=300)
    best = int(np.argmin(result.trace.fun))
    assert best < 300 and result.fun == result.trace.fun[best]
    np.testing.assert_array_equal(result.x, result.trace.x[best])
    np.testing.assert_allclose(result.jac, numeric(rosenbrock, result.x), rtol=1e-5)


def numeric(f, x, h=1e-6):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


def test_every_row_of_the_trace_is_true():
    """Each row's cost, slope, rate and step are those of its point."""
    trace = fl.minimize(rosenbrock, [-1.2, 1.0], learning_rate=1e-3, max_iterations=50).trace
    for k in (1, 7, 50):
        record = trace[k]
        assert record.fun == pytest.approx(rosenbrock(record.x), rel=1e-12) and record.iteration == k
        assert record.gradient_norm == pytest.approx(np.linalg.norm(numeric(rosenbrock, record.x)), rel=1e-6)
        assert record.step_norm == pytest.approx(np.linalg.norm(record.x - trace[k - 1].x), rel=1e-9)
        assert record.learning_rate == 1e-3
    assert np.all(np.diff(trace.seconds) >= 0)


def test_a_long_run_thins_itself_and_a_short_call_is_cut_anywhere():
    """Runs of any length record first, last and best; the length of the blocks changes no bit."""
    long = fl.minimize(square, 3.0, learning_rate=1e-4, max_iterations=40_000, record="thin")
    assert len(long.trace) <= 1004 and long.trace.iteration[-1] == 40_000 == long.nit
    whole = fl.minimize(square, 3.0, learning_rate=1e-4, max_iterations=40_000)
    picked = whole.trace.x[long.trace.iteration]
    np.testing.assert_array_equal(picked, long.trace.x)
    cut = fl.minimize(square, 3.0, learning_rate=1e-4, max_iterations=12_345)
    np.testing.assert_array_equal(cut.trace.x, whole.trace.x[:12_346])


def test_no_iterations_at_all():
    """max_iterations=0 evaluates the start and stops."""
    result = fl.minimize(square, 3.0, max_iterations=0)
    assert (result.nit, len(result.trace), result.x, result.success) == (0, 1, 3.0, False)


def test_the_callback_sees_every_step_and_may_stop_the_run():
    """Records come in order from the start, as copies; True ends the run at that record."""
    seen = []

    def look(record):
        seen.append((record.iteration, record.fun))
        record.x[...] = np.nan
        return record.iteration == 7

    result = fl.minimize(lambda t: np.sum(t**2), np.ones(2), learning_rate=0.1, callback=look)
    assert [k for k, _ in seen] == list(range(8)) and result.nit == 7 and result.reason == "callback"
    np.testing.assert_allclose(result.trace.x[-1], 0.8**7, rtol=1e-12)
    assert fl.minimize(square, 3.0, learning_rate=0.1, callback=lambda record: True).nit == 0


def test_an_error_in_the_callback_is_the_users():
    """What the callback raises comes through."""

    def broken(record):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        fl.minimize(square, 3.0, learning_rate=0.1, callback=broken)


def test_a_plain_function_is_not_called_beyond_the_stop():
    """Where the user's own Python runs at every step, nothing is evaluated past the step that stops the run."""
    calls = []

    def cost(t):
        calls.append(1)
        return float(t) ** 2

    result = fl.minimize(cost, 3.0, gradient=lambda t: 2 * t, learning_rate=0.3, stopping=StepBelow(1e-2),
                         check_gradient=False)  # fmt: skip
    assert result.nit == 7 and result.nfev == 8


@pytest.mark.parametrize(
    ("rule", "steps", "reason"),
    [
        (StepBelow(1e-2) | MaxIterations(5), 5, "max-iterations"),
        (NoImprovement(5), 5, "no-progress"),
        (TimeLimit(1e-9), 1, "time-limit"),
    ],
)
def test_stopping_rules_end_the_run(rule, steps, reason):
    """The run ends at the first step where the rules hold, for their reason."""
    rate = 1.0 if reason == "no-progress" else 0.3
    result = fl.minimize(square, 3.0, learning_rate=rate, stopping=rule)
    assert (result.nit, result.reason) == (steps, reason)


INTERRUPTED = """
import fallline as fl
told = []
def tell(record):
    if record.iteration and not told:
        told.append(1)
        print("started", flush=True)
result = fl.minimize(lambda t: t**2, 3.0, learning_rate=1e-10, max_iterations=10**9, callback=tell)
print(result.reason.value, result.success, result.nit > 0, len(result.trace) > 1, flush=True)
"""


def test_ctrl_c_returns_the_result_so_far():
    """An interrupt ends the run with everything seen until then."""
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline().strip() == "started"
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
    assert out.split() == ["interrupted", "False", "True", "True"]


def test_nothing_of_the_users_is_changed():
    """The start, JAX's settings and NumPy's error state are as before, and nothing is warned about."""
    import jax

    x0, before, state = np.array([-1.0, 2.0]), jax.config.jax_enable_x64, np.geterr()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fl.minimize(lambda t: np.sum(np.log(t) ** 2 + 1 / t), np.array([1e-3, 2.0]), learning_rate=10.0)
        fl.minimize(lambda t: np.sum(np.log(t)) if t[0] > -9 else 0.0, x0, learning_rate=0.1)
    np.testing.assert_array_equal(x0, [-1.0, 2.0])
    assert jax.config.jax_enable_x64 == before and np.geterr() == state


def test_a_function_that_writes_into_its_argument_does_no_harm():
    """The run and the user's array survive a function that overwrites what it is given."""

    def cost(t):
        t -= np.array([1.0, 2.0])
        t *= t
        return np.sum(t)

    x0 = np.array([5.0, 5.0])
    result = fl.minimize(cost, x0, learning_rate=0.25)
    assert result.success
    np.testing.assert_allclose(result.x, [1.0, 2.0], atol=1e-6)
    np.testing.assert_array_equal(x0, [5.0, 5.0])


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"fun": 3}, "fun must be a function"),
        ({"x0": None}, "x0 must be a number"),
        ({"x0": np.nan}, "x0 must be finite"),
        ({"args": 3}, "args must be a tuple"),
        ({"gradient": "exact"}, "gradient must be"),
        ({"gradient": None}, "gradient must be"),
        ({"method": "adamm"}, "Did you mean 'adam'"),
        ({"method": 3}, "method must be"),
        ({"learning_rate": 0.0}, "learning_rate must be a positive"),
        ({"learning_rate": -0.1}, "learning_rate must be a positive"),
        ({"learning_rate": np.nan}, "learning_rate must be a positive"),
        ({"learning_rate": np.inf}, "learning_rate must be a positive"),
        ({"learning_rate": "fast"}, "learning_rate must be a number"),
        ({"learning_rate": True}, "learning_rate must be a number"),
        ({"method": fl.methods.Adam(learning_rate=-1.0)}, "learning_rate must be a positive"),
        ({"tolerance": 0.0}, "tolerance must be"),
        ({"tolerance": 1e-3, "stopping": StepBelow(1e-3)}, "not be given both"),
        ({"stopping": 1e-3}, "stopping must be a rule"),
        ({"max_iterations": -1}, "max_iterations must be"),
        ({"max_iterations": 2.5}, "max_iterations must be"),
        ({"record": "some"}, "record must be"),
        ({"progress": "loud"}, "progress must be"),
    ],
)
def test_what_cannot_be_done_is_refused(settings, match):
    """Every bad argument is refused before the first step in a sentence that says what to do."""
    calls = []

    def cost(t):
        calls.append(1)
        return t**2

    given = {"fun": cost, "x0": 3.0, **settings}
    with pytest.raises((ValueError, TypeError), match=match) as caught:
        fl.minimize(given.pop("fun"), given.pop("x0"), **given)
    assert isinstance(caught.value, fl.errors.FalllineError) and calls == []
    assert str(caught.value).rstrip()[-1] in ".?"


def test_importing_is_light():
    """import fallline loads no framework."""
    heavy = ("jax", "numba", "sklearn", "matplotlib", "pyarrow")
    code = f"import sys, fallline; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.strip() == "[]"


def test_an_answer_that_the_function_itself_belies_is_not_given():
    """Where the plain function and its compiled form part on the way, the run is made anew on the plain one."""
    box = np.zeros(3)

    def cost(t):
        out = np.asarray(t)  # the same memory: writing into it changes t
        np.maximum(t, 0.5, out=out) if type(t) is np.ndarray else None
        return np.sum((t + 1) ** 2) + box.sum()

    result = fl.minimize(cost, np.array([3.0, 2.0]))
    assert result.fun == pytest.approx(cost(result.x.copy())) and result.fun == pytest.approx(4.5)
    assert "lower-gradient-rung" in [finding.code for finding in result.diagnosis]


def test_results_can_be_pickled_and_copied():
    """A result goes through pickle and copy, without the function."""
    import copy
    import pickle

    result = fl.minimize(square, 3.0, learning_rate=0.3)
    for again in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):
        assert again.x == result.x and again.landscape is None and len(again.trace) == len(result.trace)
        assert "Converged" in str(again)


WRITTEN = {
    "followed": lambda residual: np.sum(residual**2),
    "looks at a value": lambda residual: np.sum(residual**2) if np.sum(residual) != 0 else 0.0,
    "leaves NumPy": lambda residual: float(np.sum(residual**2)),
}


@pytest.mark.parametrize("cost", WRITTEN.values(), ids=WRITTEN)
def test_a_run_leaves_nothing_of_the_users_in_memory(cost):
    """A large table that the function refers to is free once the user lets go of it: no collector is needed."""

    def run():
        table = np.random.default_rng(0).normal(size=(3000, 5))
        fl.minimize(lambda x: cost(table @ x - 1.0), np.zeros(5), max_iterations=3)
        return weakref.ref(table)

    gc.collect()
    gc.disable()
    try:
        assert run()() is None
    finally:
        gc.enable()
