"""Rows come in blocks of a fixed number."""

import numpy as np

from fallline.data.blocks import BLOCK_ROWS, ArrayRows


def test_blocks_are_all_rows_once_and_in_order():
    """The blocks, one after the other, are the table, and none but the last is short."""
    X, y = np.arange(2.0 * 9000).reshape(9000, 2), np.arange(9000.0)
    rows = ArrayRows(X, y)
    blocks = [rows.block(index) for index in range(rows.blocks)]
    np.testing.assert_array_equal(np.concatenate([block.X for block in blocks]), X)
    np.testing.assert_array_equal(np.concatenate([block.y for block in blocks]), y)
    assert [len(block.weights) for block in blocks] == [BLOCK_ROWS, BLOCK_ROWS, 9000 - 2 * BLOCK_ROWS]
    assert rows.total == 9000


def test_a_block_is_no_copy():
    """Blocks of an array are views of it."""
    X = np.zeros((10, 2), np.float32)
    assert np.shares_memory(ArrayRows(X, np.zeros(10)).block(0).X, X)
