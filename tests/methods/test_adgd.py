"""AdGD, against its paper."""

import numpy as np

import fallline as fl


def test_it_follows_algorithm_1():
    """Thirty steps are those of the paper's rule, the first rate measured and rounded to a power of two."""
    hessian, x = np.diag([2.0, 20.0]), np.array([3.0, 2.0])
    g, path = hessian @ x, [x]
    rate, ratio = 2 ** np.round(np.log2(np.linalg.norm(g) / np.linalg.norm(hessian @ g))), 1 / 3
    for _ in range(30):
        before, g_before, rate_before = x, g, rate
        x = x - rate * g
        g = hessian @ x
        path.append(x)
        curvature = np.linalg.norm(g - g_before) / np.linalg.norm(x - before)
        room = 2 * rate**2 * curvature**2 - 1
        rate = min(np.sqrt(2 / 3 + ratio) * rate, rate / np.sqrt(room) if room > 0 else np.inf)
        ratio = rate / rate_before
    run = fl.minimize(lambda t: t[0] ** 2 + 10 * t[1] ** 2, [3.0, 2.0], method="adgd", max_iterations=30)
    np.testing.assert_allclose(run.trace.flat_x, path, rtol=0, atol=1e-10)


def test_a_rate_of_ones_own_takes_the_measured_ones_place():
    """With a number for its rate it is plain gradient descent."""
    given, plain = (
        fl.minimize(lambda t: t**2, 3.0, method=method, learning_rate=0.1, max_iterations=5).trace.x
        for method in ("adgd", "gd")
    )
    np.testing.assert_array_equal(given, plain)
