"""Some rows of a long table that stand for all of them: those far out surely, and of the others an even choice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fallline.data.blocks import ArrayRows, Rows
from fallline.data.moments import squared_lengths

__all__ = ["Sample", "sample_of"]

COMMON = 4.0
"""How many times a mean row's squared length a row must have, at the least, to be far out."""

LONGEST = 1024
"""Rows that tell how far rows can be, about."""

GOLDEN = 0.618033988749895


@dataclass(frozen=True, eq=False)
class Sample:
    """Rows of a table, with weights.

    Attributes
    ----------
    rows : ArrayRows
        Their weights are such that sums over them are about those over all rows.
    plain : ArrayRows
        The same rows, with the weights that they have in the table: sums of squares over them are never more than
        those over all rows.
    far : ArrayRows
        Those of them that are the longest in centred columns of unit spread.
    longest : float
        The largest length of a row of the whole table, in centred columns of unit spread.
    """

    rows: ArrayRows
    plain: ArrayRows
    far: ArrayRows
    longest: float


def sample_of(rows: Rows, centre: np.ndarray, spread: np.ndarray, count: int) -> Sample:
    """Return about `count` rows of a dense table.

    A row far from the mean, such as one with a rare level, weighs much in the curvature of few coefficients: were it
    left to chance, a sample would know nothing of these. At most half of the sample are such rows; the others are
    stretches from every block, and weigh for those left out.

    Parameters
    ----------
    rows : Rows
    centre, spread : array, shape (d,)
        Of the columns.
    count : int

    Examples
    --------
    >>> import numpy as np
    >>> X = np.zeros((10_000, 1))
    >>> X[7] = 100.0
    >>> sample = sample_of(ArrayRows(X, np.zeros(10_000)), X.mean(axis=0), X.std(axis=0), 1000)
    >>> float(sample.rows.X.max()), round(sample.rows.total), round(sample.longest)
    (100.0, 10000, 100)
    """
    squares = squared_lengths(rows, centre, spread)
    far = count // 2
    limit = max(float(np.partition(squares, len(squares) - far)[len(squares) - far]), COMMON * rows.columns)
    each = -(-(count - int((squares > limit).sum())) // rows.blocks)
    tables, targets, weights, chosen, lengths = [], [], [], [], []
    first = 0
    for index in range(rows.blocks):
        block = rows.block(index)
        m = len(block.y)
        start = int((index * GOLDEN + 0.5) % 1.0 * max(m - each, 0))
        here = squares[first : first + m] > limit
        surely = np.flatnonzero(here)
        others = np.arange(start, min(start + each, m))
        place = np.concatenate([surely, others[~here[others]]])
        tables.append(block.X[place])
        targets.append(block.y[place])
        weights.append(block.weights[place])
        chosen.append(np.arange(len(place)) >= len(surely))
        lengths.append(squares[first + place])
        first += m
    X, y, plain, common = map(np.concatenate, (tables, targets, weights, chosen))
    left = rows.total - float(plain[~common].sum())
    factor = left / max(float(plain[common].sum()), 1e-300)
    weighted = np.where(common, factor, 1.0) * plain
    furthest = np.argsort(np.concatenate(lengths))[-LONGEST:]
    far = ArrayRows(X[furthest], y[furthest], plain[furthest])
    return Sample(ArrayRows(X, y, weighted), ArrayRows(X, y, plain), far, float(np.sqrt(squares.max())))
