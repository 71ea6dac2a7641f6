"""A method of fallline inside SciPy: a local search for basinhopping, on a landscape with many valleys.

SciPy's own searches measure gradients by differences unless they are given; fallline derives them from the function,
exactly. Everything that it knows about the last run comes along in `answer.fallline`.
"""

import numpy as np
from scipy.optimize import OptimizeResult, basinhopping, minimize

import fallline as fl


def rastrigin(x: np.ndarray) -> float:
    """Return Rastrigin's function: a bowl with a valley at every whole number, the deepest at 0."""
    return 10 * len(x) + np.sum(x**2 - 10 * np.cos(2 * np.pi * x))


costs: list[float] = []


def watch(intermediate_result: OptimizeResult) -> None:
    """Keep the cost of every step, as SciPy's callbacks may."""
    costs.append(float(intermediate_result.fun))


start = np.array([2.2, -1.3])
local = minimize(rastrigin, start, method=fl.methods.LBFGS(), callback=watch)
print(f"From {start} one search ends in the valley at {local.x.round(3)}, cost {local.fun:.4f}.")
print(local.fallline)

best = basinhopping(rastrigin, start, minimizer_kwargs={"method": fl.methods.LBFGS()}, niter=50, rng=0)
print(f"Fifty hops later: {best.x.round(3)}, cost {best.fun:.4f}, {best.nfev} evaluations.")
