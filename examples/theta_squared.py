"""Gradient descent on theta**2, from 3 with a learning rate of 0.3, every step shown.

The textbook stops as soon as a step is shorter than a tolerance. fallline stops there too, and then checks that the
point it stopped at is a minimum: only then is the run a success.
"""

import fallline as fl


def cost(theta: float) -> float:
    """Return the height of the curve; its minimum is 0, at 0."""
    return theta**2


result = fl.minimize(cost, 3.0, learning_rate=0.3, tolerance=1e-5, max_iterations=20)

print(result.trace)
print(result)
