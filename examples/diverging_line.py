"""A sample found in many tutorials: y = 2x + 1 on five points, learning rate 0.1. It diverges.

The loss climbs from 57 to 8,036,432 in twenty epochs. fallline walks the same twenty steps, then says why: the
curvature of this loss allows no rate above 0.0845. With no rate given it finds the line.
"""

import numpy as np

import fallline as fl

x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
y = 2 * x + 1


def loss(parameters: np.ndarray) -> float:
    """Return the mean squared error of the line; its gradients are the sample's sums times 2/n."""
    weight, bias = parameters
    return np.mean((weight * x + bias - y) ** 2)


diverged = fl.minimize(loss, np.zeros(2), learning_rate=0.1, max_iterations=20)

for record in diverged.trace[:20]:
    weight, bias = record.x
    print(f"Epoch {record.iteration}: loss={record.fun:.2f}, weight={weight:.4f}, bias={bias:.4f}")
print(diverged)

found = fl.minimize(loss, np.zeros(2))
print(found)
