"""The finding about a cost that does not average over the rows it is given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fallline.trace import Finding

__all__ = ["cost_not_mean"]

SHARE = 1e-4
"""Agreement of two costs, as a share of their size."""

ENOUGH = 3000
"""Rows that are looked at."""


def cost_not_mean(cost: Callable[[slice], float], rows: int, batched: bool) -> Finding | None:
    """Find a cost over rows that adds up over them, or divides by a fixed number, instead of averaging.

    A mean over all rows is the mean of those over two halves, whatever is added to it once, such as a penalty. A sum
    with such an addend `c` gives itself away by thirds: what two of them have beyond both together is `c`, and what all
    three have beyond the whole is `2c`.

    Parameters
    ----------
    cost : callable
        Takes a slice of the rows and returns the cost over them.
    rows : int
        How many there are.
    batched : bool
        Whether the run steps on some rows at a time, so that it matters.
    """
    if rows < 3:
        return None
    rows = min(rows, ENOUGH)
    third = rows // 3
    whole, first, rest = cost(slice(0, rows)), cost(slice(0, third)), cost(slice(third, rows))
    scale = max(map(abs, (whole, first, rest)))
    if not 0 < scale < np.inf or abs((third * first + (rows - third) * rest) / rows - whole) <= SHARE * scale:
        return None
    second, last = cost(slice(third, 2 * third)), cost(slice(2 * third, rows))
    addend = first + rest - whole
    if abs(first + second + last - whole - 2 * addend) > SHARE * scale:
        return None
    effect = (
        "The cost of a batch then weighs by its size, and is not on the scale of the whole."
        if batched
        else "The gradient grows with the rows, and the usable learning rate shrinks with them."
    )
    once = "" if abs(addend) <= SHARE * scale else f" but for {addend:.6g} that is added once"
    return Finding(
        "cost-not-mean",
        "warning" if batched else "info",
        f"fun does not average over the rows it is given, it adds up over them: over rows 0 to {third - 1} it is "
        f"{first:.6g}, over rows {third} to {rows - 1} {rest:.6g}, and over both {whole:.6g}, their sum{once}. "
        f"{effect}",
        "Divide by the number of rows given: np.mean in place of np.sum, or len(y) in place of a fixed number.",
        {"whole": whole, "first": first, "rest": rest, "rows": rows},
    )
