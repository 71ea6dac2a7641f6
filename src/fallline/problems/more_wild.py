"""The nonlinear least-squares problems of Moré and Wild, with their starts and their minima."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.problems import residuals
from fallline.problems.least_squares import SumOfSquares
from fallline.problems.more_wild_minima import GLOBAL, REACHED
from fallline.problems.problem import Problem

__all__ = ["more_wild"]

SOURCE = (
    "J. Moré and S. Wild, Benchmarking derivative-free optimization algorithms, SIAM Journal on Optimization 20 "
    "(2009), 172-191, table 4.1"
)


def mancino_start(n: int) -> np.ndarray:
    """Return CUTE's start for its problem MANCINO."""
    return -8.710996e-4 * (residuals.mancino(np.zeros(n)))


@dataclass(frozen=True)
class Row:
    """A row of the table: a function in so many parameters and residuals, and the powers of ten of its starts."""

    residuals: Callable[..., Any]
    n: int
    m: int
    start: tuple[float, ...]
    powers: tuple[int, ...] = (0,)
    told: bool = False


def rows() -> Iterator[Row]:
    """Yield the table, in its order."""
    r = residuals
    both = (0, 1)
    yield Row(r.linear_full_rank, 9, 45, (1,) * 9, both, told=True)
    yield Row(r.linear_rank_one, 7, 35, (1,) * 7, both, told=True)
    yield Row(r.linear_rank_one_with_zeros, 7, 35, (1,) * 7, both, told=True)
    yield Row(r.rosenbrock, 2, 2, (-1.2, 1), both)
    yield Row(r.helical_valley, 3, 3, (-1, 0, 0), both)
    yield Row(r.powell_singular, 4, 4, (3, -1, 0, 1), both)
    yield Row(r.freudenstein_roth, 2, 2, (0.5, -2), both)
    yield Row(r.bard, 3, 15, (1, 1, 1), both)
    yield Row(r.kowalik_osborne, 4, 11, (0.25, 0.39, 0.415, 0.39))
    yield Row(r.meyer, 3, 16, (0.02, 4000, 250))
    for n in (6, 9, 12):
        yield Row(r.watson, n, 31, (0.5,) * n, both)
    yield Row(r.box, 3, 10, (0, 10, 20), told=True)
    yield Row(r.jennrich_sampson, 2, 10, (0.3, 0.4), told=True)
    yield Row(r.brown_dennis, 4, 20, (25, 5, -5, -1), both, told=True)
    for n in range(6, 12):
        yield Row(r.chebyquad, n, n, tuple(j / (n + 1) for j in range(1, n + 1)), told=True)
    yield Row(r.brown_almost_linear, 10, 10, (0.5,) * 10)
    yield Row(r.osborne1, 5, 33, (0.5, 1.5, 1, 0.01, 0.02))
    yield Row(r.osborne2, 11, 65, (1.3, 0.65, 0.65, 0.7, 0.6, 3, 5, 7, 2, 4.5, 5.5), both)
    for n, m in ((8, 8), (10, 12), (11, 14), (12, 16)):
        yield Row(r.bdqrtic, n, m, (1,) * n)
    for n in (5, 6, 8):
        yield Row(r.cube, n, n, (0.5,) * n)
    for n, powers in ((5, both), (8, (0,)), (10, (0,)), (12, both)):
        yield Row(r.mancino, n, n, tuple(mancino_start(n)), powers)
    yield Row(r.heart8, 8, 8, (-0.3, -0.39, 0.3, -0.344, -1.2, 2.69, 1.59, -1.5), both)


@functools.cache
def more_wild() -> tuple[Problem, ...]:
    """Return the 53 problems of Moré and Wild: 22 functions in 2 to 12 parameters, some from two starts.

    Each cost is the sum of the squares of residuals, which ``problem.function.at(x)`` gives. The name has the number of
    parameters, and x10 where the start is ten times the customary one. `minimum` is the lowest known; `reached` is the
    minimum that descents from the start end in, which for four of them is another.

    Examples
    --------
    >>> import fallline as fl
    >>> problems = fl.problems.more_wild()
    >>> len(problems), problems[6]
    (53, Problem('rosenbrock-2', dimension=2, minimum=0))

    References
    ----------
    J. Moré and S. Wild, "Benchmarking derivative-free optimization algorithms", SIAM Journal on Optimization 20 (2009),
    172-191, table 4.1 and its data file. Some who use the set speak of 54 problems: they count the line of zeros with
    which that file ends, or add one of their own.
    """
    problems = []
    for row in rows():
        function = SumOfSquares(row.residuals, row.m if row.told else None)
        name = f"{row.residuals.__name__}-{row.n}"
        minimum, minimizer = GLOBAL[name]
        for power in row.powers:
            label = name + ("x10" if power else "")
            reached = REACHED.get(label, minimum)
            start = 10.0**power * np.array(row.start)
            problems.append(
                Problem(
                    name=label,
                    function=function,
                    x0=start,
                    minimum=minimum,
                    minimizers=np.array(minimizer),
                    reached=reached,
                    source=SOURCE,
                )
            )
    return tuple(problems)
