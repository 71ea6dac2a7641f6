"""Every penalty: its proximal map is the minimiser it claims to be, and its slopes and tangents agree with it."""

import inspect
import pickle
from dataclasses import dataclass, replace

import jax
import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.descent.compiled import as_tree
from fallline.errors import InputError
from fallline.penalties import L1, L2, Ball, Box, ElasticNet, NonNegative, Penalty, Simplex
from fallline.penalties.separable import Bounded, Separable

EXAMPLES = [
    L1(0.3),
    L1(np.array([0.3, 0.0, 0.1, 0.2, 0.5])),
    L2(0.7),
    ElasticNet(0.8, ratio=0.25),
    Box(-0.4, 0.5),
    Box(np.array([-0.1, -np.inf, 0.0, -1.0, -0.2]), np.array([0.1, 0.3, np.inf, 1.0, -0.1])),
    NonNegative(),
    Bounded(L1(0.3), np.full(5, -0.2), np.full(5, 0.6)),
    Simplex(),
    Simplex(total=2.0),
    Ball(0.5),
    Ball(1.5, centre=np.array([0.5, -0.5, 0.0, 0.2, 0.1])),
]
each = pytest.mark.parametrize("penalty", EXAMPLES, ids=[f"{type(p).__name__}-{i}" for i, p in enumerate(EXAMPLES)])
rng = np.random.default_rng(3)
POINTS = rng.normal(size=(20, 5))


def test_every_penalty_is_run_through_this_contract():
    """A penalty that is added is checked here too."""
    found = [getattr(fl.penalties, name) for name in fl.penalties.__all__]
    concrete = {cls for cls in found if issubclass(cls, Penalty) and not inspect.isabstract(cls)}
    assert {type(example) for example in EXAMPLES} - {Bounded} == concrete


@each
@pytest.mark.parametrize("rate", [0.1, 1.0, 7.0])
def test_the_proximal_map_minimises(penalty, rate):
    """No point near by, brought into the set, has a lower value(u) + ||u - x||²/(2 rate)."""

    def cost(u, x):
        return penalty.value(u) + np.sum((u - x) ** 2) / (2 * rate)

    for x in POINTS:
        best = penalty.prox(x, rate)
        for step in rng.normal(size=(30, 5)) * np.logspace(-6, 0, 30)[:, None]:
            other = penalty.prox(best + step, 0.0)
            assert cost(best, x) <= cost(other, x) + 1e-13


@each
def test_a_rate_of_zero_asks_for_the_nearest_point_that_is_allowed(penalty):
    """It obeys the set, and stays where it is when asked again."""
    _, layout, _ = flatten(POINTS[0])
    for x in POINTS:
        allowed = penalty.prox(x, 0.0)
        assert penalty.refusal(allowed, layout) is None
        np.testing.assert_allclose(penalty.prox(allowed, 0.0), allowed, rtol=0, atol=1e-15)


@each
def test_the_slope_is_zero_exactly_where_a_proximal_step_stays(penalty):
    """At a minimiser both vanish; elsewhere neither does."""
    for gradient in POINTS:
        x = penalty.prox(rng.normal(size=5), 0.0)
        for _ in range(3000):  # the minimiser of gradient·x + |x|²/2 + penalty
            x = penalty.prox(x - 0.3 * (gradient + x), 0.3)
        np.testing.assert_allclose(penalty.slope(x, gradient + x), 0, atol=1e-9)
        away = penalty.prox(x + 0.05 * rng.normal(size=5), 0.0)
        moved = away - penalty.prox(away - 0.3 * (gradient + away), 0.3)
        assert (np.abs(penalty.slope(away, gradient + away)).max() > 1e-9) == (np.abs(moved).max() > 1e-10)


@each
def test_a_step_along_the_slope_lowers_the_cost_and_keeps_to_the_penalty(penalty):
    """A short step x - rate*slope, kept to the penalty, goes down the linear cost plus the penalty."""
    _, layout, _ = flatten(POINTS[0])
    for gradient in POINTS:
        x = penalty.prox(rng.normal(size=5), 0.0)
        slope = penalty.slope(x, gradient)
        there = penalty.keep(x, slope, x - 1e-3 * slope)
        assert penalty.refusal(there, layout) is None
        if np.abs(slope).max() > 1e-9:
            assert gradient @ there + penalty.value(there) < gradient @ x + penalty.value(x)


@each
def test_the_tangent_is_where_the_proximal_map_moves(penalty):
    """The Jacobian of prox keeps the projected directions, and annihilates the others."""
    for gradient in POINTS:
        x, rate = penalty.prox(rng.normal(size=5), 0.0), 0.2
        tangent = penalty.tangent(x, gradient, rate)
        directions = rng.normal(size=(4, 5))
        along = tangent.project(directions)
        np.testing.assert_allclose(tangent.project(along), along, atol=1e-12)
        assert tangent.outside >= 0
        if isinstance(penalty, Separable):
            continue  # there the directions held are judged by the slope, not by a proximal step
        base, h = x - rate * gradient, 1e-6
        for across in directions - along:
            np.testing.assert_allclose(penalty.prox(base + h * across, rate), penalty.prox(base, rate), atol=1e-10)


@each
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_and_plain_agree_and_keep_the_type(penalty, dtype):
    """Value, proximal map and slope are the same in JAX, with the penalty's numbers as arguments."""
    layout = flatten(POINTS[0].astype(dtype))[1]
    penalty = as_tree(penalty if isinstance(penalty, Bounded) else penalty.laid_out(layout))
    if isinstance(penalty, Bounded):
        penalty = replace(penalty, low=penalty.low.astype(dtype), high=penalty.high.astype(dtype))

    def everything(penalty, x, gradient):
        slope = penalty.slope(x, gradient)
        return penalty.value(x), penalty.prox(x, 0.3), slope, penalty.keep(x, slope, x - slope)

    with jax.enable_x64(True):
        for point in POINTS[:5].astype(dtype):
            x = penalty.prox(point, 0.0)
            plain = everything(penalty, x, POINTS[7].astype(dtype))
            compiled = jax.jit(everything)(penalty, x, POINTS[7].astype(dtype))
            for one, other in zip(plain, compiled, strict=True):
                assert one.dtype == other.dtype == dtype
                np.testing.assert_allclose(one, other, atol=20 * np.finfo(dtype).eps)


@each
def test_a_penalty_is_a_value(penalty):
    """It survives pickling, with all its numbers."""
    again = pickle.loads(pickle.dumps(penalty))
    np.testing.assert_array_equal(again.prox(POINTS[0], 0.5), penalty.prox(POINTS[0], 0.5))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: L1(-1.0), "strength must be finite and at least 0; got -1"),
        (lambda: L2(float("nan")), "strength must be finite"),
        (lambda: L1("strong"), "strength must be a number"),
        (lambda: ElasticNet(1.0, ratio=1.5), "ratio must be between 0 and 1; got 1.5"),
        (lambda: Simplex(total=0.0), "total must be positive"),
        (lambda: Ball(radius=-1.0), "radius must be positive"),
    ],
)
def test_impossible_parameters_are_refused(make, said):
    """In one sentence, when the penalty is made."""
    with pytest.raises(InputError, match=said):
        make()


def test_strengths_by_name():
    """A tree of strengths leaves the parameters with 0 free."""
    _, layout, _ = flatten({"w": np.ones(2), "b": 1.0})
    np.testing.assert_array_equal(L1({"w": 0.5, "b": 0.0}).laid_out(layout).strength, [0.5, 0.5, 0.0])


def test_a_simplex_keeps_its_zeros():
    """A point whose sum is off by rounding only is left as it is."""
    x = np.array([0.1, 0.2, 0.7, 0.0])
    np.testing.assert_array_equal(Simplex().prox(x, 0.0), x)


@dataclass(frozen=True)
class Line(Penalty):
    """Parameters that are all alike: a set of the user's own."""

    def value(self, x):
        return 0 * x[0]

    def prox(self, x, rate):
        return 0 * x + x.mean()


@pytest.mark.parametrize(
    "function", [lambda x: np.sum((x - [1.0, 2.0, 6.0]) ** 2), lambda x: float(np.sum((x - 3) ** 2))]
)
def test_a_penalty_of_ones_own(function):
    """Value and proximal map are enough, compiled or not."""
    result = fl.minimize(function, np.zeros(3), penalty=Line())
    np.testing.assert_allclose(result.x, 3.0, atol=1e-5)
    assert result.success


@each
def test_subgradients_lie_below(penalty):
    """With every share of its ways the value at other points is no lower than their plane says."""
    inside = np.array([penalty.prox(point, 0.0) for point in POINTS])
    for x in [*inside, penalty.prox(np.zeros(5), 0.0)]:
        found = penalty.subgradients(x)
        assert found.ways.shape == (len(found.most), 5)
        for _ in range(5):
            share = rng.uniform(size=len(found.most)) * np.minimum(found.most, 3.0)
            plane = found.centre + share @ found.ways
            for y in inside:
                assert penalty.value(y) >= penalty.value(x) + plane @ (y - x) - 1e-12
