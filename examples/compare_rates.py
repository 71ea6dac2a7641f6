"""Which learning rate? A hundred of them at once on a curved valley, with two methods, and every step kept.

Plain descent works up to a limit that the valley's curvature sets, and crawls below it. Momentum gets further at the
same rates. Beyond the limit runs blow up, and say why.
"""

import numpy as np

import fallline as fl


def valley(p: np.ndarray) -> float:
    """Return the height of Rosenbrock's valley; its minimum is 0, at (1, 1)."""
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


rates = np.geomspace(1e-5, 1e-2, 50)
comparison = fl.compare(valley, [-1.2, 1.0], methods=["gd", "momentum"], learning_rates=rates, max_iterations=1000)

print(comparison)

# every run is a result of its own, with its history and its findings
highest = comparison.results[49]
print(f"\nGradient descent at {rates[49]:.2g} ended after {highest.nit} steps:")
for finding in highest.diagnosis:
    print(finding)

# several starts: which minima are there, and how many starts lead to each?
hills = fl.compare(lambda t: np.sin(3 * t) + 0.1 * t**2, 0.0, starts=30, within=(-6, 6))
print()
for minimum in hills.minima:
    print(f"{len(minimum.runs):2} of 30 starts led to the minimum {minimum.fun:.4f} at {minimum.x:.4f}")
