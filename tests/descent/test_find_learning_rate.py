"""The usable rates are found: the limit to rounding, the range by what runs do, the suggestion by both."""

import numpy as np
import pytest

import fallline as fl
from fallline.errors import FalllineError, InputError, InputTypeError

CURVATURES = np.array([0.5, 2.0, 25.0])


def bowl(t):
    return np.sum(CURVATURES * t**2) / 2


def rosenbrock(t):
    return (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2


@pytest.mark.parametrize(
    ("method", "factor"), [("gd", 2.0), ("auto", 2.0), ("momentum", 3.8), ("nesterov", 3.8 / 2.8), ("fista", 4 / 3)]
)
def test_the_stable_limit_is_the_methods_own(method, factor):
    """On a quadratic the limit is exact, the range ends at it, and the suggestion is half of it."""
    found = fl.find_learning_rate(bowl, np.ones(3), method=method)
    assert found.limit == pytest.approx(factor / 25) and found.curvature == pytest.approx(25)
    assert found.suggestion == pytest.approx(found.limit / 2)
    assert 0.8 * found.limit < found.high < 1.2 * found.limit
    assert fl.minimize(bowl, np.ones(3), method=method, learning_rate=found.suggestion).success


def test_the_ends_of_the_range_mean_what_they_say():
    """Just beyond the high end a run gains little or blows up; just beyond the low end it crawls."""
    found = fl.find_learning_rate(bowl, np.ones(3))
    best = found.start - found.costs.min()

    def gain(rate):
        result = fl.minimize(bowl, np.ones(3), learning_rate=rate, max_iterations=found.steps)
        return found.start - result.trace.fun[-1]

    assert gain(found.low) >= 0.1 * best > gain(0.99 * found.low)
    assert gain(found.high) >= 0.1 * best > gain(1.01 * found.high)
    assert (np.diff(found.rates) > 0).all() and found.rates.shape == found.costs.shape


@pytest.mark.parametrize("size", [65, 1000])
def test_the_limit_of_many_parameters(size):
    """By Hessian-vector products alone the limit is good to one per cent."""
    spread = np.linspace(0.01, 7.0, size)
    found = fl.find_learning_rate(lambda t: np.sum(spread * t**2) / 2, np.ones(size), steps=5)
    assert found.limit == pytest.approx(2 / 7, rel=0.01)


def test_curvature_is_met_on_the_way():
    """A cost that is nearly straight at the start has the limit of what comes after it."""

    def cost(t):
        return np.logaddexp(t, -t)

    found = fl.find_learning_rate(cost, 20.0)
    assert found.limit == pytest.approx(2.0, rel=0.01)  # the largest curvature is 1, at 0
    assert fl.minimize(cost, 20.0, learning_rate=found.suggestion).success


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_units_do_not_matter(unit):
    """The same cost in other units has the same range, in theirs."""
    found = fl.find_learning_rate(lambda t: np.sum(CURVATURES * t**2) * unit, np.ones(3))
    assert found.limit == pytest.approx(1 / 25 / unit) and found.low < found.suggestion < found.high


@pytest.mark.parametrize("method", ["adam", "rmsprop", "adagrad", "lion", "adamw", "lbfgs"])
def test_methods_without_a_limit_have_a_range(method):
    """There the range test alone decides, and its suggestion gains nine tenths of the best."""
    found = fl.find_learning_rate(bowl, np.ones(3), method=method)
    assert found.limit is None and found.low <= found.suggestion <= found.high
    result = fl.minimize(bowl, np.ones(3), method=method, learning_rate=found.suggestion, max_iterations=found.steps)
    assert found.start - result.fun >= 0.9 * (found.start - found.costs.min())


def test_a_curved_valley():
    """On Rosenbrock's valley the suggestion keeps falling to the floor."""
    found = fl.find_learning_rate(rosenbrock, [-1.2, 1.0])
    result = fl.minimize(rosenbrock, [-1.2, 1.0], learning_rate=found.suggestion, max_iterations=500)
    assert result.trace.fun[-1] < 0.2 * found.start and found.limit < 2 / 1000


def test_the_grid_may_be_given():
    """Given ends are kept, and the range is what is usable between them."""
    found = fl.find_learning_rate(bowl, np.ones(3), low=1e-3, high=1e-2)
    assert found.rates[0] == 1e-3 and found.rates[-1] == pytest.approx(1e-2)
    assert 1e-3 <= found.low < found.high <= 1.001e-2


def test_rows_and_batches():
    """On mini-batches the cost after a run is over all rows; a sum in place of a mean is told."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = X @ [1.0, 2.0, 3.0]

    def cost(w, X, y):
        return np.mean((X @ w - y) ** 2)

    for batch_size in (None, 20):
        found = fl.find_learning_rate(cost, np.zeros(3), data=(X, y), batch_size=batch_size)
        assert found.start == pytest.approx(np.mean(y**2)) and found.findings == []
        assert found.limit == pytest.approx(2 / np.linalg.eigvalsh(2 * X.T @ X / 200)[-1])
        assert found.costs.min() < 1e-2 * found.start
    summed = fl.find_learning_rate(lambda w, X, y: np.sum((X @ w - y) ** 2), np.zeros(3), data=(X, y))
    assert [finding.code for finding in summed.findings] == ["cost-not-mean"]


def test_bounds_and_penalties():
    """Every run keeps to them, the costs include them, and the limit is that of the smooth part."""
    scales = np.array([1.0, 25.0])

    def cost(t):
        return np.sum(scales * (t - 2) ** 2) / 2

    bounded = fl.find_learning_rate(cost, np.zeros(2), bounds=[(-1, 1)] * 2)
    assert bounded.limit == pytest.approx(0.08) and bounded.costs.min() == pytest.approx(cost(np.ones(2)))
    penalised = fl.find_learning_rate(cost, np.zeros(2), penalty=fl.penalties.L1(0.5), steps=200)
    best = fl.minimize(cost, np.zeros(2), penalty=fl.penalties.L1(0.5))
    assert penalised.limit == pytest.approx(0.08) and penalised.costs.min() == pytest.approx(best.fun)
    with pytest.raises(InputError, match="no run moves"):
        fl.find_learning_rate(cost, np.ones(2), bounds=[(-1, 1)] * 2)


def test_batches_within_bounds():
    """On mini-batches too."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    y = X @ [1.0, 2.0, 3.0]
    call = {"fun": lambda w, X, y: np.mean((X @ w - y) ** 2), "x0": np.zeros(3), "data": (X, y), "bounds": [(0, 1)] * 3}
    found = fl.find_learning_rate(**call, batch_size=20)
    assert found.costs.min() == pytest.approx(fl.minimize(**call).fun, rel=1e-3)


def test_other_structures_and_gradients():
    """Trees, given gradients, further arguments and functions that look at values are all tried."""
    tree = fl.find_learning_rate(
        lambda p, a: a * np.sum(p["w"] ** 2) + p["b"] ** 2, {"w": np.ones(2), "b": 1.0}, args=(4.0,)
    )
    given = fl.find_learning_rate(lambda t: 4 * t**2, 1.0, gradient=lambda t: 8 * t)
    branched = fl.find_learning_rate(lambda t: 4 * t**2 if t > 0 else 4 * t * t, 1.0)
    assert [round(found.limit, 6) for found in (tree, given, branched)] == [0.25] * 3
    assert branched.findings[0].code == "lower-gradient-rung"


def test_torch_optimizers():
    """A class of torch's optimizers has its range too."""
    torch = pytest.importorskip("torch")
    x0 = torch.ones(2, dtype=torch.float64)
    found = fl.find_learning_rate(lambda t: (t**2).sum(), x0, method=torch.optim.SGD, steps=5)
    assert found.low < found.suggestion < found.high and 0.5 < found.high < 1.1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"fun": 3.0}, "fun must be"),
        ({"x0": 0.0}, "no run moves"),
        ({"fun": lambda t: 0 * t + 4.0}, "exactly zero"),
        ({"fun": np.log, "x0": -1.0}, "finite"),
        ({"fun": lambda t: np.sqrt(t), "x0": 0.0}, "gradient there is not"),
        ({"x0": np.nan}, "x0 must be finite"),
        ({"gradient": lambda t: -2 * t}, "wrong sign"),
        ({"low": 1e3, "high": 1e5}, "none of"),
        ({"low": 0.0}, "low must be positive"),
        ({"high": np.inf}, "high must be positive"),
        ({"low": True}, "low must be positive"),
        ({"low": 1.0, "high": 0.1}, "low must be below high"),
        ({"steps": 0}, "steps must be"),
        ({"args": 3}, "args must be"),
        ({"method": "adma"}, "adam"),
        ({"batch_size": 3}, "batch_size must be given with data"),
        ({"bounds": [(0, 1)]}, "x0 must lie within the bounds"),
        ({"penalty": 0.1}, "penalty must be one of"),
    ],
)
def test_what_cannot_be_searched_is_refused(arguments, says):
    """Each mistake has its sentence: what was given, and what to do."""
    with pytest.raises(FalllineError, match=says) as told:
        fl.find_learning_rate(**{"fun": lambda t: t**2, "x0": 3.0, **arguments})
    assert isinstance(told.value, (InputError, InputTypeError))
