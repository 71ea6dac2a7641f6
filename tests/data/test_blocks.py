"""Rows come in blocks of a fixed number."""

import numpy as np

from fallline.data.blocks import BLOCK_ROWS, ArrayRows, Thinned


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


def test_a_thinned_table_is_every_so_manieth_block():
    """A sample of blocks has their rows, targets and weights, the short last block among them where it is drawn."""
    y = np.arange(4.0 * BLOCK_ROWS + 5)
    rows = ArrayRows(y[:, None], y, 1.0 + y)
    sample = Thinned(rows, 2)
    targets, weights = sample.targets()
    expected = np.concatenate([y[2 * k * BLOCK_ROWS : (2 * k + 1) * BLOCK_ROWS] for k in range(3)])
    np.testing.assert_array_equal(targets, expected)
    np.testing.assert_array_equal(weights, 1.0 + expected)
    assert (sample.count, sample.columns, sample.total) == (len(expected), 1, (1.0 + expected).sum())
