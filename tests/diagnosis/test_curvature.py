"""Curvature, gap and distance are those of the quadratic model, dense and by Lanczos."""

import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.diagnosis import curvature as module
from fallline.diagnosis.curvature import curvature_at, gap_at_least
from fallline.objectives.ladder import differentiate


def bowl(size, smallest=0.5, largest=20.0, seed=0):
    rng = np.random.default_rng(seed)
    basis = np.linalg.qr(rng.normal(size=(size, size)))[0]
    hessian = basis * np.linspace(smallest, largest, size) @ basis.T
    hessian = (hessian + hessian.T) / 2
    return hessian, rng.normal(size=size)


@pytest.mark.parametrize("size", [3, 64, 90])
def test_a_quadratic_is_measured_exactly(size):
    """On a quadratic bowl the curvatures, the gap and the distance are the true ones."""
    hessian, x0 = bowl(size)
    x, layout, _ = flatten(x0)
    objective, _ = differentiate(lambda t: t @ hessian @ t / 2, x, layout, ())
    value, gradient = objective.value_and_gradient(x)
    seen = curvature_at(objective, x, gradient)
    assert seen.largest == pytest.approx(20.0, rel=1e-3) and seen.smallest == pytest.approx(0.5, rel=0.05)
    assert seen.gap == pytest.approx(value, rel=1e-4) and not seen.curves_down
    assert seen.distance == pytest.approx(np.linalg.norm(x0), rel=0.02)
    assert abs(seen.steepest @ hessian @ seen.steepest) == pytest.approx(20.0, rel=1e-3)


@pytest.mark.parametrize("size", [3, 90])
def test_negative_curvature_is_seen_even_where_the_gradient_does_not_lead(size):
    """A direction that curves down is found although the gradient has no part in it."""
    hessian = np.diag([-1.0, *np.linspace(1, 5, size - 1)])
    x, layout, _ = flatten(np.array([0.0, *np.ones(size - 1)]))
    objective, _ = differentiate(lambda t: t @ hessian @ t / 2, x, layout, ())
    seen = curvature_at(objective, x, objective.value_and_gradient(x)[1])
    assert seen.curves_down and seen.smallest == pytest.approx(-1.0, rel=0.02) and seen.gap == np.inf
    assert abs(seen.downhill[0]) > 0.95


def test_lanczos_agrees_with_the_whole_hessian(monkeypatch):
    """The two ways of measuring agree where both can be taken."""
    hessian, x0 = bowl(30)
    x, layout, _ = flatten(x0)
    objective, _ = differentiate(lambda t: t @ hessian @ t / 2 + np.sum(t**4), x, layout, ())
    gradient = objective.value_and_gradient(x)[1]
    whole = curvature_at(objective, x, gradient)
    monkeypatch.setattr(module, "DENSE", 0)
    krylov = curvature_at(objective, x, gradient)
    for name in ("smallest", "largest", "gap", "distance"):
        assert getattr(krylov, name) == pytest.approx(getattr(whole, name), rel=1e-6), name


def test_a_slope_without_curvature_has_no_known_gap():
    """On a straight slope the gap is infinite, on level ground it is zero."""
    x, layout, _ = flatten(np.zeros(2))
    objective, _ = differentiate(lambda t: t[0] + 0 * t[1], x, layout, ())
    assert curvature_at(objective, x, np.array([1.0, 0.0])).gap == np.inf
    assert curvature_at(objective, x, np.zeros(2)).gap == 0


def test_the_certificate_of_an_unfinished_run_is_the_true_gap():
    """Far from the minimum of a bowl the certificate still tells how far."""
    curvature = np.array([1.0, 3.0, 10.0])
    result = fl.minimize(lambda t: np.sum(curvature * t**2) / 2 + 7, np.ones(3), learning_rate=0.1, max_iterations=15)
    assert result.certificate.gap == pytest.approx(result.fun - 7, rel=1e-6)
    assert result.certificate.distance == pytest.approx(np.linalg.norm(result.x), rel=1e-6)
    assert result.certificate.kind == "estimate" and "Not optimal" in result.certificate.text


@pytest.mark.parametrize("size", [3, 200])
def test_a_bound_that_is_enough_is_not_sharpened(size):
    """The steepest step's gain bounds the gap from below; the whole Hessian is asked for only where that is too low."""
    hessian = np.diag(np.linspace(1, 9, size))
    x, layout, _ = flatten(np.linspace(0.5, 1, size))
    objective, _ = differentiate(lambda t: t @ hessian @ t / 2, x, layout, ())
    value, gradient = objective.value_and_gradient(x)
    rough = gap_at_least(objective, x, gradient, enough=0.0)
    sharp = gap_at_least(objective, x, gradient)
    square = gradient @ gradient
    assert rough == pytest.approx(square**2 / (gradient @ hessian @ gradient) / 2) and 0 < rough <= sharp
    assert sharp == pytest.approx(value if size == 3 else rough)
