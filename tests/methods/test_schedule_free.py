"""The average of the schedule-free methods; with a fixed rate they are compared with optax in test_methods."""

import numpy as np

import fallline as fl


def test_the_weights_follow_the_largest_rate_and_the_iteration():
    """While the rate warms up, steps weigh as the square of the largest rate so far, times the iteration's power."""
    rates = [0.01, 0.03, 0.02, 0.05]
    schedule = fl.schedules.Piecewise(boundaries=[1, 2, 3], rates=rates)
    method = fl.methods.ScheduleFreeSGD(momentum=0.7, r=0.5)
    run = fl.minimize(lambda t: t**2, 3.0, method=method, learning_rate=schedule, max_iterations=4)
    x = z = y = 3.0
    total, path = 0.0, [3.0]
    for t, rate in enumerate(rates, 1):
        z = z - rate * 2 * y
        weight = t**0.5 * max(rates[:t]) ** 2
        total += weight
        x = x + weight / total * (z - x)
        y = 0.3 * z + 0.7 * x
        path.append(y)
    np.testing.assert_allclose(run.trace.x, path, rtol=1e-13)
    np.testing.assert_allclose(run.x, x, rtol=1e-13)
