"""The step-by-step interface: minimize's steps, taken when asked for."""

import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputError


def rosenbrock(x):
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": 1e-3, "max_iterations": 40},
        {"method": "adam", "learning_rate": 0.1, "tolerance": 1e-3},
        {},
        {"method": "adam", "learning_rate": 0.1, "max_iterations": 50, "bounds": [(-2, 0.5), (-2, 2)]},
    ],
)
@pytest.mark.parametrize(
    "function", [rosenbrock, lambda x: rosenbrock(x) if x[0] < 9 else x[0]], ids=["compiled", "steps"]
)
def test_the_records_are_those_of_minimize(settings, function):
    """Bit for bit, to the same end and the same findings."""
    whole, steps = fl.minimize(function, [-1.2, 1.0], **settings), fl.descend(function, [-1.2, 1.0], **settings)
    records = list(steps)
    np.testing.assert_array_equal([record.x for record in records], whole.trace.x)
    np.testing.assert_array_equal([record.fun for record in records], whole.trace.fun)
    result = steps.result
    np.testing.assert_array_equal(result.x, whole.x)
    assert (result.reason, result.success, result.nit, result.nfev) == (
        whole.reason,
        whole.success,
        whole.nit,
        whole.nfev,
    )
    assert [f.code for f in result.diagnosis] == [f.code for f in whole.diagnosis]


def test_no_step_is_taken_before_it_is_asked_for():
    """The user's gradient sees the start, and then one point for each record."""
    seen = []

    def gradient(x):
        seen.append(x.copy())
        return 2 * x

    settings = {"learning_rate": 0.1, "tolerance": 1e-9, "check_gradient": False}
    steps = fl.descend(lambda x: x @ x, [3.0, 4.0], gradient=gradient, **settings)
    assert [next(steps).iteration for _ in range(4)] == [0, 1, 2, 3]
    assert len({point.tobytes() for point in seen}) == 4


def test_a_descent_left_early_has_its_result_so_far():
    """Stopped by the user: the reason is callback, the trace holds the records seen, and it may go on."""
    steps = fl.descend(rosenbrock, [-1.2, 1.0], learning_rate=1e-3)
    for record in steps:
        if record.iteration == 7:
            break
    result = steps.result
    assert result.reason is fl.StopReason.CALLBACK and result.nit == 7 and len(result.trace) == 8
    assert next(steps).iteration == 8 and steps.result.nit == 8


def test_the_start_comes_before_a_result():
    """Asked too early it says what to do; bad arguments are refused at once."""
    with pytest.raises(RuntimeError, match="next"):
        _ = fl.descend(rosenbrock, [-1.2, 1.0]).result
    with pytest.raises(InputError, match="learning_rate"):
        fl.descend(rosenbrock, [-1.2, 1.0], learning_rate=-1.0)


def test_mini_batches_step_by_step():
    """The batches are those of minimize."""
    rows = np.arange(12.0).reshape(6, 2)
    settings = {"data": (rows,), "batch_size": 2, "epochs": 3, "learning_rate": 1e-3, "method": "gd"}
    whole = fl.minimize(lambda w, r: np.mean((r @ w - 1) ** 2), np.zeros(2), **settings)
    steps = fl.descend(lambda w, r: np.mean((r @ w - 1) ** 2), np.zeros(2), **settings)
    np.testing.assert_array_equal([record.x for record in steps], whole.trace.x)
    np.testing.assert_array_equal(steps.result.epoch_costs, whole.epoch_costs)
