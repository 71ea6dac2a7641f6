"""Functions compiled by Numba, kept for other processes."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["WORTH_A_KERNEL", "compiled", "whole"]

WORTH_A_KERNEL = 20_000
"""Cells of a table below which NumPy is quicker than loading compiled code."""

whole = np.uintp
"""Of any signed index Numba asks whether it counts from the end: on sparse rows that is most of the time."""

FAST = {"reassoc", "contract", "nsz"}
"""Sums may be reordered for speed; nan and infinity keep their meaning, which a diverging run needs."""


def compiled(kernel: Any) -> Any:
    """Return a kernel compiled by Numba, kept for other processes where there is a place for it."""
    import numba

    settings: dict[str, Any] = {"nogil": True, "fastmath": FAST, "error_model": "numpy"}
    try:
        return numba.njit(cache=True, **settings)(kernel)
    except RuntimeError:  # no folder to keep the machine code in: compile it anew in each process
        return numba.njit(**settings)(kernel)
