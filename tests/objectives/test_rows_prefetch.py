"""Asking memory ahead changes nothing but the time."""

import numba
import numpy as np

from fallline.objectives.rows_prefetch import AHEAD, ask


def test_asking_ahead_changes_no_number():
    """Rows of any width are asked for up to the end of the order and not beyond, and what is read stays the same."""

    @numba.njit
    def total(X, y, order):
        found = 0.0
        for place in range(len(order)):
            ask(X, y, y, order, place)
            found += X[order[place]].sum() * y[order[place]]
        return found

    for columns in (1, 8, 9, 50):
        X = np.random.default_rng(0).normal(size=(4 * AHEAD, columns))
        order = np.random.default_rng(1).permutation(len(X))
        assert np.isclose(total(X, X[:, 0], order), X.sum(axis=1) @ X[:, 0])
