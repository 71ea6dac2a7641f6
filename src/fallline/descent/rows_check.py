"""The look at a cost over rows before the first step, to see whether it averages over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.diagnosis.cost_not_mean import cost_not_mean
from fallline.objectives.plain import PlainFunction, one_number
from fallline.trace import Finding

__all__ = ["look_at_rows"]


def look_at_rows(
    fun: Callable[..., Any],
    x0: np.ndarray,
    layout: Layout,
    rows: tuple[Any, ...],
    args: tuple[Any, ...],
    pairs: bool,
    batched: bool,
) -> list[Finding]:
    """Return what is noticed about a cost over `rows`, none where there are no rows; `pairs` if it gives its gradient.

    It is called for some of the rows a few times.
    """
    if not rows:
        return []

    def cost(part: slice) -> float:
        answer = PlainFunction(fun, layout, (*(array[part] for array in rows), *args)).raw(x0)
        return one_number(answer[0] if pairs else answer)

    try:
        found = cost_not_mean(cost, len(rows[0]), batched)
    # written for all rows alone, it may fail on fewer in any way; where batches are asked for, the run will say so
    except Exception:  # noqa: BLE001
        return []
    return [] if found is None else [found]
