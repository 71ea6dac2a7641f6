"""Barzilai and Borwein's descent, against their rates."""

import numpy as np

import fallline as fl


def test_the_rates_are_the_curvature_along_the_last_step():
    """After the first step the rates are s·s/s·y and s·y/y·y in turn, on a bowl where none needs shortening."""
    hessian = np.diag([2.0, 5.0])
    run = fl.minimize(lambda t: t[0] ** 2 + 2.5 * t[1] ** 2, [3.0, 2.0], method="bb", max_iterations=6)
    points, rates = run.trace.flat_x, run.trace.learning_rate
    for k in range(1, 6):
        s = points[k] - points[k - 1]
        y = hessian @ s
        expected = s @ s / (s @ y) if k % 2 else s @ y / (y @ y)
        np.testing.assert_allclose(rates[k + 1], expected, rtol=1e-9)
        np.testing.assert_allclose(points[k + 1], points[k] - rates[k + 1] * hessian @ points[k], rtol=0, atol=1e-12)


def test_it_solves_what_plain_descent_crawls_along():
    """On a valley of condition 1,000 it is verified optimal within 500 steps."""
    curvatures = np.geomspace(1, 1e3, 10)
    run = fl.minimize(lambda t: np.sum(curvatures * t**2) / 2, np.ones(10), method="bb", max_iterations=500)
    assert run.success
