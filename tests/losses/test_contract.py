"""Every loss, found by introspection, keeps the contract of its formulas."""

import pickle

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.errors import DataError, InputError
from fallline.losses import LOSSES, Loss, find
from fallline.losses.epsilon_insensitive import EpsilonInsensitive
from fallline.losses.huber import Huber
from fallline.losses.quantile import Quantile
from fallline.models.one_vs_rest import OneVsRest
from fallline.objectives.rows import RowsObjective

EVERY = [*LOSSES.values(), Huber(0.3), Quantile(0.9), EpsilonInsensitive(0.7), EpsilonInsensitive(0.0)]
SINGLE = [loss for loss in EVERY if not loss.multiple]
COUNTED = {"poisson", "gamma"}
every = pytest.mark.parametrize("loss", EVERY, ids=str)


def targets(loss, count, rng):
    if loss.task == "classification":
        return rng.integers(0, 3 if loss.multiple else 2, count).astype(float)
    if loss.name in COUNTED:
        y = rng.poisson(2.0, count) * rng.choice([1.0, 100.0], count)
        return y if loss.accepts(0.0) else y + 0.25
    return rng.normal(size=count)


def example(loss, count=40, scale=3.0):
    rng = np.random.default_rng(7)
    return targets(loss, count, rng), scale * rng.normal(size=(count, 3) if loss.multiple else count)


def stencil(function, z, change, h=1e-3):
    """Return the derivative along `change` by five points, exact to the fourth order."""
    return (
        8 * (function(z + h * change) - function(z - h * change))
        - (function(z + 2 * h * change) - function(z - 2 * h * change))
    ) / (12 * h)


def changes(loss, z):
    return [np.broadcast_to(row, z.shape) for row in np.eye(z.shape[1])] if loss.multiple else [np.ones_like(z)]


def away_from_corners(loss, y, z, h=1e-3):
    """Tell which predictors have no corner of a piecewise loss within reach of a stencil."""
    if loss.multiple or loss.concordant:
        return np.ones(len(y), dtype=bool)
    kept = np.ptp([loss.curvature(y, z + k * h) for k in range(-2, 3)], axis=0) == 0
    if not loss.smooth:
        kept &= np.ptp([loss.derivative(y, z + k * h) for k in range(-2, 3)], axis=0) == 0
    assert kept.mean() > 0.9
    return kept


def dot(u, z):
    return (u * z).sum(axis=1) if z.ndim == 2 else u * z


@every
def test_the_derivative_is_the_values(loss):
    """A loss's derivative is that of its value, by a five-point stencil."""
    y, z = example(loss)
    kept = away_from_corners(loss, y, z)
    for change in changes(loss, z):
        expected = stencil(lambda at: loss.value(y, at), z, change)
        slope = dot(loss.derivative(y, z), change)
        np.testing.assert_allclose(slope[kept], expected[kept], rtol=1e-8, atol=1e-9)


@every
def test_the_curvature_is_the_derivatives(loss):
    """A loss's curvature is the derivative of its derivative, never negative nor above the steepest it claims."""
    y, z = example(loss)
    kept, curvature = away_from_corners(loss, y, z), loss.curvature(y, z)
    for k, change in enumerate(changes(loss, z)):
        expected = stencil(lambda at: loss.derivative(y, at), z, change)
        mine = curvature[:, k] if loss.multiple else curvature
        np.testing.assert_allclose(mine[kept], expected[kept], rtol=1e-8, atol=1e-9)
    extremes = np.linalg.eigvalsh(curvature) if loss.multiple else curvature
    assert extremes.min() >= -1e-15
    assert extremes.max() <= loss.steepest + 1e-15


@pytest.mark.parametrize("loss", [loss for loss in SINGLE if loss.concordant], ids=str)
def test_concordant_losses_bend_no_faster_than_they_claim(loss):
    """The third derivative of a generalised self-concordant loss is nowhere larger than the second."""
    y, z = example(loss)
    third = stencil(lambda at: loss.curvature(y, at), z, np.ones_like(z))
    assert (np.abs(third) <= loss.curvature(y, z) * (1 + 1e-8) + 1e-10).all()


@every
def test_a_loss_is_never_below_zero_and_convex(loss):
    """No loss is negative, and its slopes never fall as predictions rise."""
    y, z = example(loss, 200)
    assert (loss.value(y, z) >= -1e-13).all()
    step = np.random.default_rng(2).normal(size=z.shape)
    rise = dot(loss.derivative(y, z + step) - loss.derivative(y, z), step)
    assert (rise >= -1e-12 * (1 + np.abs(rise))).all()


@every
def test_the_mean_slope_is_bounded_by_the_mean_cost(loss):
    """Where a bound on the slopes is known, it holds for single rows and for means over many, near and far."""
    y, z = example(loss)
    for scale in (1e-6, 1e-2, 1.0, 5.0):
        near = scale * z
        slopes, costs = np.abs(loss.derivative(y, near)), loss.value(y, near)
        slopes = slopes if slopes.ndim == 1 else np.sqrt((slopes**2).sum(axis=1))
        for part in (slice(None), *(slice(i, i + 1) for i in range(len(costs)))):
            bound = loss.steepness(float(costs[part].mean()), float(np.mean(y[part])))
            assert slopes[part].mean() <= bound * (1 + 1e-9) + 1e-12


@every
def test_the_conjugate_touches_at_the_gradient_and_bounds_elsewhere(loss):
    """Fenchel and Young: ``value + conjugate >= u·z``, with equality where `u` is the derivative."""
    y, z = example(loss)
    u, value = loss.derivative(y, z), loss.value(y, z)
    np.testing.assert_allclose(loss.project(y, u), u, atol=1e-12)
    size = 1 + np.abs(value) + np.abs(dot(u, z))
    touching = (value + loss.conjugate(y, u) - dot(u, z)) / size
    np.testing.assert_allclose(touching, 0, atol=1e-13)
    rng = np.random.default_rng(3)
    for scale in (0.01, 1.0, 100.0):
        other = loss.project(y, u + scale * rng.normal(size=u.shape))
        bound = dot(other, z) - loss.conjugate(y, other)
        assert np.isfinite(bound).all()
        assert (bound <= value + 1e-12 * (size + np.abs(bound))).all()


@every
def test_a_projected_slope_is_the_nearest_there_is(loss):
    """A projected point stays where it is, and no point of the domain is nearer to the one that was projected."""
    y, z = example(loss)
    rng = np.random.default_rng(4)
    far = loss.derivative(y, z) + rng.normal(size=z.shape)
    near = loss.project(y, far)
    np.testing.assert_allclose(loss.project(y, near), near, atol=1e-14)
    for _ in range(5):
        inside = loss.derivative(y, z + rng.normal(size=z.shape))
        assert (dot(far - near, inside - near) <= 1e-12).all()


@every
@pytest.mark.parametrize("far", [-1e4, 1e4])
def test_nothing_overflows_far_out(loss, far):
    """At predictions of ±10,000 value, derivative and curvature are finite and no warning is given."""
    y, z = example(loss)
    z = np.full_like(z, far)
    if loss.multiple:
        z[:, 0] = 0.0
    for formula in (loss.value, loss.derivative, loss.curvature):
        assert np.isfinite(formula(y, z)).all()
    assert (
        np.abs(loss.value(y, z) + loss.conjugate(y, loss.derivative(y, z)) - dot(loss.derivative(y, z), z))
    ).max() <= (1e-12 * np.abs(dot(loss.derivative(y, z), z)).max())


@every
@pytest.mark.parametrize("weighted", [False, True])
def test_the_constant_is_the_best(loss, weighted):
    """No constant prediction costs less than the one that the loss names."""
    y, z = example(loss)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(y)) if weighted else None

    def cost(constant):
        return np.average(loss.value(y, np.broadcast_to(constant, z.shape)), weights=weights)

    best = loss.constant(y, weights)
    for step in (1e-4, 0.1, 3.0):
        for change in step * (np.eye(3) if loss.multiple else np.ones(1)):
            assert min(cost(best + change), cost(best - change)) >= cost(best) * (1 - 1e-14)


@every
def test_single_precision_is_kept(loss):
    """float32 targets and predictions have float32 losses, slopes and curvatures."""
    y, z = (array.astype(np.float32) for array in example(loss))
    u = loss.derivative(y, z)
    answers = [loss.value(y, z), u, loss.curvature(y, z), loss.conjugate(y, u), loss.project(y, u)]
    assert {answer.dtype for answer in answers} == {np.dtype(np.float32)}


@pytest.mark.parametrize("loss", SINGLE, ids=str)
def test_compiled_and_array_code_agree(loss):
    """The same formulas give the same cost, gradient and Hessian compiled over rows and in NumPy over arrays."""
    y, _ = example(loss, 6000)
    rng = np.random.default_rng(3)
    X = rng.normal(size=(6000, 5))
    rows = ArrayRows(X, y, rng.uniform(0.5, 2.0, 6000))
    x, centre = rng.normal(size=6), X.mean(axis=0)
    compiled, plain = RowsObjective(rows, loss), _Uncompiled(rows, loss)
    for a, b in zip(compiled.value_and_gradient(x), plain.value_and_gradient(x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(compiled.curvature(x, centre), plain.curvature(x, centre), rtol=1e-10, atol=1e-11)


class _Uncompiled(RowsObjective):
    _compiles = False


@every
def test_a_loss_is_a_value(loss):
    """Losses of the same parameters are equal, and survive pickling."""
    assert pickle.loads(pickle.dumps(loss)) == loss
    assert hash(pickle.loads(pickle.dumps(loss))) == hash(loss)
    assert all(isinstance(number, float) for number in loss.parameters)


def test_losses_differ_by_their_parameters():
    """Two Huber losses of different width are different, and so is another loss of equal parameters."""
    assert Huber(1.0) != Huber(2.0)
    assert Huber(0.5) != Quantile(0.5)


@pytest.mark.parametrize(
    ("name", "y", "words"),
    [
        ("poisson", [1.0, 0.0, -2.0], "counts, zero or more, for the poisson loss; got -2 at row 2"),
        ("gamma", [1.0, 0.0], "above 0 for the gamma loss; got 0 at row 1"),
        ("squared", [np.nan], "finite numbers for the squared loss; got nan at row 0"),
    ],
)
def test_targets_without_a_loss_are_refused(name, y, words):
    """A target that the loss has no value for is named by its row, in one sentence."""
    LOSSES["squared"].check(np.array([-1.0, 0.0]))
    with pytest.raises(DataError, match=words) as caught:
        LOSSES[name].check(np.array(y))
    assert str(caught.value).startswith("y must ")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Huber(0.0), "delta must be a finite number above 0; got 0.0"),
        (lambda: Huber(np.nan), "delta must be a finite number above 0; got nan"),
        (lambda: Quantile("half"), "quantile must be a number above 0 and below 1; got 'half'"),
        (lambda: Huber(None), "delta must be a finite number above 0; got None"),
        (lambda: EpsilonInsensitive(True), "epsilon must be a finite number of at least 0; got True"),
        (lambda: Quantile(1.0), "quantile must be a number above 0 and below 1; got 1.0"),
        (lambda: EpsilonInsensitive(-1.0), "epsilon must be a finite number of at least 0; got -1.0"),
    ],
)
def test_parameters_out_of_range_are_refused(make, words):
    """A parameter that makes no loss is refused in a sentence."""
    with pytest.raises(InputError, match=words):
        make()


def test_a_loss_is_found_by_its_name_or_taken_as_it_is():
    """A name finds the loss with its usual parameters, and a loss is itself."""
    assert find("huber", "regression") == Huber(1.35)
    assert find(Huber(2.0), "regression") == Huber(2.0)
    here = {loss.name for loss in Loss.__subclasses__() if loss.__module__.startswith("fallline.losses.")}
    assert set(LOSSES) == here


def test_an_unknown_loss_is_answered_with_the_nearest():
    """A misspelt loss is refused with the nearest of those for the task, as is a loss of the other task."""
    with pytest.raises(InputError, match="'squared'"):
        find("sqared", "regression")
    with pytest.raises(InputError, match="Known names: epsilon-insensitive, gamma, huber"):
        find("logistic", "regression")
    with pytest.raises(InputError, match="classification loss; got Huber"):
        find(Huber(), "classification")


def test_no_two_losses_have_parameters_of_one_name():
    """Numba takes two named tuples of one name and the same fields for each other, at a price for every call."""
    names = [type(loss.parameters).__name__ for loss in LOSSES.values()]
    assert len(set(names)) == len({type(loss) for loss in LOSSES.values()})


@pytest.mark.parametrize("loss", [*EVERY, OneVsRest(find("hinge", "classification")), OneVsRest(Huber(0.3))], ids=repr)
def test_what_is_measured_together_is_what_is_measured_apart(loss):
    """A loss may give its value with its slope, and its curvature times a change, more cheaply than one by one."""
    rng = np.random.default_rng(3)
    y = rng.integers(0, 3, 40).astype(float) if loss.multiple else targets(loss, 40, rng)
    z, change = (rng.normal(size=(40, 3) if loss.multiple else 40) for _ in range(2))
    value, slope = loss.value_and_derivative(y, z)
    bends = loss.curvature(y, z)
    turned = np.einsum("nkm,nm->nk", bends, change) if loss.multiple else bends * change
    np.testing.assert_array_equal(value, loss.value(y, z))
    np.testing.assert_array_equal(slope, loss.derivative(y, z))
    np.testing.assert_allclose(loss.turn(y, z, change), turned, rtol=1e-12, atol=1e-14)
