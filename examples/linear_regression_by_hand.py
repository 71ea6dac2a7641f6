"""A straight line through three points: first with a learning rate set by hand, then with none.

A thousand steps of rate 0.01 look like enough, and the cost falls all the way. They end at [0.1137, 0.9500], where the
answer is [0, 1]: the first run is told so, and the second, which chooses its own steps, arrives.
"""

import numpy as np

import fallline as fl

X = np.array([[1, 1], [1, 2], [1, 3]])  # a column of ones for the intercept, then the feature
y = np.array([1, 2, 3])
start = np.array([0.1, 0.2])


def cost(theta: np.ndarray) -> float:
    """Return half the mean squared error of the line with intercept theta[0] and slope theta[1]."""
    errors = X @ theta - y
    return np.sum(errors**2) / (2 * len(y))


by_hand = fl.minimize(cost, start, learning_rate=0.01, max_iterations=1000)
cost_history = by_hand.trace.fun

print(f"Cost at the start {cost_history[0]:.4f}, after 10 steps {cost_history[10]:.4f}, at the end {by_hand.fun:.6f}.")
print(by_hand)

by_itself = fl.minimize(cost, start)
print(by_itself)
