"""Is this the same table? A text that tells two of them apart."""

from __future__ import annotations

import hashlib

import numpy as np

from fallline.data.blocks import Rows
from fallline.data.sparse import is_sparse

__all__ = ["digest_of"]


def digest_of(rows: Rows) -> str:
    """Return a text that is the same for the same rows, targets and weights, in any process, and differs for others.

    Examples
    --------
    >>> from fallline.data.blocks import ArrayRows
    >>> X, y = np.ones((2, 1)), np.zeros(2)
    >>> [digest_of(ArrayRows(X, y)) == digest_of(other) for other in (ArrayRows(1 * X, y), ArrayRows(X, y + 1e-9))]
    [True, False]
    """
    digest = hashlib.blake2b(f"{rows.count} {rows.columns}".encode(), digest_size=16)
    for index in range(rows.blocks):
        block = rows.block(index)
        X = block.X
        cells = (X.data, X.indices, X.indptr - X.indptr[0]) if is_sparse(X) else (X,)
        for part in (*cells, block.y, block.weights):
            digest.update(f"{part.dtype}".encode())
            digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
