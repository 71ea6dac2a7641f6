"""A thousand learning rates, a thousand steps each, every step kept: `compare` against loops in NumPy."""

import numpy as np
from harness import compare

import fallline as fl

RATES, STEPS, START = np.geomspace(1e-6, 1e-3, 1000), 1000, (-1.2, 1.0)


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def loop_of_loops(keep_norms=False):
    """Descend rate by rate in the tutorials' loop, which keeps x, cost and gradient; or the columns of a trace."""
    histories = []
    for rate in RATES:
        x = np.array(START)
        history = []
        for _ in range(STEPS):
            r = x[1] - x[0] ** 2
            cost, gradient = (1 - x[0]) ** 2 + 100 * r**2, np.array([-2 * (1 - x[0]) - 400 * x[0] * r, 200 * r])
            step = -rate * gradient
            norms = (np.sqrt(gradient @ gradient), np.sqrt(step @ step)) if keep_norms else ()
            history.append((x, cost, gradient, *norms))
            x = x + step
        histories.append((history, x))
    return histories


def with_all_columns():
    """Keep what a trace keeps: the norms of gradient and step too."""
    return loop_of_loops(keep_norms=True)


def all_rates_as_one_array():
    """Step all rates together in NumPy's arrays, written by hand for this function, keeping x, cost and both norms."""
    x = np.repeat(np.array(START)[:, None], len(RATES), axis=1)
    path, columns = np.empty((STEPS + 1, *x.shape)), np.empty((STEPS, 3, len(RATES)))
    path[0] = x
    for k in range(STEPS):
        r = x[1] - x[0] ** 2
        gradient = np.array([-2 * (1 - x[0]) - 400 * x[0] * r, 200 * r])
        step = RATES * gradient
        columns[k] = (1 - x[0]) ** 2 + 100 * r**2, np.hypot(*gradient), np.hypot(*step)
        path[k + 1] = x = x - step
    return path, columns


def in_fallline():
    """Compare the rates by one call: followed, checked, run, recorded, judged step by step."""
    return fl.compare(rosenbrock, START, methods=["gd"], learning_rates=RATES, max_iterations=STEPS)


if __name__ == "__main__":
    ours, by_hand = in_fallline(), loop_of_loops()
    for place in (0, 500, 999):
        trace = ours.results[place].trace
        np.testing.assert_allclose(trace.x[:-1], [row[0] for row in by_hand[place][0]], rtol=1e-9)
        np.testing.assert_allclose(trace.fun[:-1], [row[1] for row in by_hand[place][0]], rtol=1e-9)
    del ours, by_hand
    contenders = {
        "loop of loops": loop_of_loops,
        "with all columns": with_all_columns,
        "one array by hand": all_rates_as_one_array,
        "fl.compare": in_fallline,
    }
    title = f"{len(RATES):,} learning rates x {STEPS:,} steps of 2-D Rosenbrock, every step kept"
    medians = compare(title, contenders, repeats=7, steps=len(RATES) * STEPS)
    for name in ("loop of loops", "with all columns", "one array by hand"):
        print(f"\n**{medians[name] / medians['fl.compare']:.0f} times** as fast as the {name}.")
