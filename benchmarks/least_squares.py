"""Batch descent at a fixed rate on least squares of 1,000,000 × 20, against the tutorial's loop in NumPy."""

import numpy as np
from harness import compare

import fallline as fl

ROWS, COLUMNS, STEPS, RATE = 1_000_000, 20, 1000, 0.01
TUTORIAL_STEPS = 50
"""The tutorial's loop takes long and every step of it the same: it is timed over these and counted in proportion."""


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, COLUMNS))
    return X, X @ rng.normal(size=COLUMNS) + 1.0 + rng.normal(size=ROWS)


def tutorial(X, y, steps):
    """Descend as every tutorial does, with the cost kept at each step."""
    w, b, costs = np.zeros(X.shape[1]), 0.0, []
    for _ in range(steps):
        error = X @ w + b - y
        costs.append(0.5 * np.mean(error**2))
        w = w - RATE * (X.T @ error) / len(y)
        b = b - RATE * np.mean(error)
    return np.append(w, b), np.array(costs)


def fallline(X, y, steps):
    """Do the same by one fit, its checks of the input and the whole trace included."""
    model = fl.LinearRegression(method="gd", learning_rate=RATE, max_iter=steps, tol=0.0)
    return model.fit(X, y)


def agree(X, y):
    """Make sure that both make the same steps before either is timed."""
    x, costs = tutorial(X, y, TUTORIAL_STEPS)
    trace = fallline(X, y, TUTORIAL_STEPS).trace_
    np.testing.assert_allclose(trace.x[-1], x, rtol=1e-9)
    np.testing.assert_allclose(trace.fun[:-1], costs, rtol=1e-10)


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore", fl.ConvergenceWarning)  # a thousand steps need not converge
    X, y = data()
    agree(X, y)
    part = f"the tutorial's NumPy, {TUTORIAL_STEPS} of {STEPS} steps"
    medians = compare(
        f"Least squares, {ROWS:,} × {COLUMNS}, {STEPS:,} batch steps at a fixed rate, trace kept",
        {part: lambda: tutorial(X, y, TUTORIAL_STEPS), "one fit": lambda: fallline(X, y, STEPS)},
        repeats=5,
    )
    whole = medians[part] * STEPS / TUTORIAL_STEPS
    ratio = whole / medians["one fit"]
    print(
        f"\n{STEPS:,} steps of the tutorial's loop: {whole:.3g} s. One fit: **{ratio:.0f} times** as fast (bar: 150)."
    )
