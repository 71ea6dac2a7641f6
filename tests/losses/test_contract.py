"""Every loss, found by introspection, keeps the contract of its three formulas."""

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.errors import InputError
from fallline.losses import LOSSES, find
from fallline.objectives.rows import RowsObjective

NAMES = sorted(LOSSES)


def example(loss, count=40, scale=3.0):
    rng = np.random.default_rng(7)
    z = scale * rng.normal(size=(count, 3) if loss.multiple else count)
    if loss.task == "regression":
        return rng.normal(size=count), z
    return rng.integers(0, 3 if loss.multiple else 2, count).astype(float), z


def stencil(function, z, change, h=1e-3):
    """Return the derivative along `change` by five points, exact to the fourth order."""
    return (
        8 * (function(z + h * change) - function(z - h * change))
        - (function(z + 2 * h * change) - function(z - 2 * h * change))
    ) / (12 * h)


def changes(loss, z):
    return [np.broadcast_to(row, z.shape) for row in np.eye(z.shape[1])] if loss.multiple else [np.ones_like(z)]


@pytest.mark.parametrize("name", NAMES)
def test_the_derivative_is_the_values(name):
    """A loss's derivative is that of its value, by a five-point stencil."""
    loss = LOSSES[name]
    y, z = example(loss)
    for change in changes(loss, z):
        expected = stencil(lambda at: loss.value(y, at), z, change)
        slope = loss.derivative(y, z) * change
        np.testing.assert_allclose(slope.sum(axis=1) if loss.multiple else slope, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_the_curvature_is_the_derivatives(name):
    """A loss's curvature is the derivative of its derivative, never negative nor above the steepest it claims."""
    loss = LOSSES[name]
    y, z = example(loss)
    curvature = loss.curvature(y, z)
    for k, change in enumerate(changes(loss, z)):
        expected = stencil(lambda at: loss.derivative(y, at), z, change)
        np.testing.assert_allclose(curvature[:, k] if loss.multiple else curvature, expected, rtol=1e-8, atol=1e-10)
    extremes = np.linalg.eigvalsh(curvature) if loss.multiple else curvature
    assert extremes.min() >= -1e-15
    assert extremes.max() <= loss.steepest + 1e-15


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("far", [-1e4, 1e4])
def test_nothing_overflows_far_out(name, far):
    """At predictions of ±10,000 value, derivative and curvature are finite and no warning is given."""
    loss = LOSSES[name]
    y, z = example(loss)
    z = np.full_like(z, far)
    if loss.multiple:
        z[:, 0] = 0.0
    for formula in (loss.value, loss.derivative, loss.curvature):
        assert np.isfinite(formula(y, z)).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_best_constant_has_no_slope(name):
    """The constant prediction of least cost is where the weighted derivative vanishes."""
    loss = LOSSES[name]
    y, z = example(loss)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, len(y))
    constant = np.broadcast_to(loss.constant(y, weights), z.shape)
    np.testing.assert_allclose(weights @ loss.derivative(y, constant), 0, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in NAMES if not LOSSES[name].multiple])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_and_array_code_agree(name, order, dtype):
    """The same formulas give the same cost, gradient and Hessian compiled over rows and in NumPy over arrays."""
    loss = LOSSES[name]
    y, _ = example(loss, 6000)
    rng = np.random.default_rng(3)
    X = np.asarray(rng.normal(size=(6000, 5)), dtype=dtype, order=order)
    rows = ArrayRows(X, y, rng.uniform(0.5, 2.0, 6000))
    x, centre = rng.normal(size=6), X.mean(axis=0, dtype=np.float64)
    compiled, plain = RowsObjective(rows, loss), _Uncompiled(rows, loss)
    for a, b in zip(compiled.value_and_gradient(x), plain.value_and_gradient(x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(compiled.curvature(x, centre), plain.curvature(x, centre), rtol=1e-6, atol=1e-7)


class _Uncompiled(RowsObjective):
    _compiles = False


def test_an_unknown_loss_is_answered_with_the_nearest():
    """A misspelt loss is refused with the nearest of those for the task."""
    with pytest.raises(InputError, match="'squared'"):
        find("sqared", "regression")
    with pytest.raises(InputError, match="Known names: mse, squared"):
        find("logistic", "regression")
