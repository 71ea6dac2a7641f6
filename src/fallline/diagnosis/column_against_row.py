"""The finding that a column met a row, so that every prediction was compared with every target."""

from __future__ import annotations

from fallline.trace import Finding

__all__ = ["column_against_row"]


def column_against_row(size: int) -> Finding:
    """Tell that arrays of shape (n,) and (n, 1) made a table of n rows and n columns.

    Examples
    --------
    >>> column_against_row(77).code
    'shape-mismatch'
    """
    return Finding(
        "shape-mismatch",
        "warning",
        f"A column of shape ({size}, 1) met an array of shape ({size},), and NumPy made {size} by {size} numbers of "
        "them: each prediction is compared with every target.",
        "Give both the same shape: y.ravel() in place of the column y, say; or write y[None, :] where every pair is "
        "meant.",
        {"rows": size, "shape": [size, 1]},
    )
