"""D-Adaptation for gradient descent, against its paper."""

import numpy as np

import fallline as fl


def square(theta):
    return theta**2


def test_the_first_steps_are_the_papers():
    """From 3 with d0 = 1 on theta² the sums of gradients over 6 are 1, 5/3, 19/9, and d grows to 4/3 at the third."""
    method = fl.methods.DAdaptSGD(d0=1.0)
    trace = fl.minimize(square, 3.0, method=method, max_iterations=4).trace
    np.testing.assert_allclose(trace.x, [3, 2, 4 / 3, 8 / 9, 8 / 9 - 4 / 18 * 16 / 9], rtol=1e-14)


def test_it_follows_algorithm_4():
    """A hundred steps are those of the paper's formulas, momentum and bounded growth included."""
    slopes, mu, growth, rate = np.array([2.0, 20.0]), 0.6, 1.3, 0.7
    x, start, s, d, squares = np.array([3.0, 2.0]), np.array([3.0, 2.0]), np.zeros(2), 1e-2, 0.0
    path, first = [x], None
    for _ in range(100):
        g = slopes * x
        first = np.linalg.norm(g) if first is None else first
        lam = d * rate / first
        s, squares = s + lam * g, squares + lam**2 * g @ g
        estimate = (s @ s - squares) / np.linalg.norm(s)
        d = max(d, min(estimate, growth * d))
        x = mu * x + (1 - mu) * (start - s)
        path.append(x)
    method = fl.methods.DAdaptSGD(momentum=mu, growth_rate=growth, d0=1e-2, learning_rate=rate)
    run = fl.minimize(lambda t: t[0] ** 2 + 10 * t[1] ** 2, [3.0, 2.0], method=method, max_iterations=100)
    np.testing.assert_allclose(run.trace.flat_x, path, rtol=0, atol=1e-10)


def test_a_start_without_slope_stays_where_it_is():
    """A gradient of zero at the start divides nothing by zero."""
    run = fl.minimize(square, 0.0, method="dadapt-sgd", stopping=fl.stopping.MaxIterations(3))
    assert run.x == 0.0
