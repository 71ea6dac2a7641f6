"""Sums over rows do not depend on who forms them."""

import multiprocessing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallline.data.blocks import ArrayRows
from fallline.data.sums import TreeSum, sum_blocks


@given(st.permutations(range(13)), st.integers(0, 13))
def test_the_order_and_the_parting_change_no_bit(order, cut):
    """Terms added in any order, by one or by two sums merged, give the same bits."""
    terms = np.random.default_rng(0).normal(size=(13, 2)) * 10.0 ** np.arange(-6, 7)[:, None]
    plain, one, other = TreeSum(), TreeSum(), TreeSum()
    for index in range(13):
        plain.add(index, terms[index])
    for place, index in enumerate(order):
        (one if place < cut else other).add(index, terms[index])
    one.merge(other)
    assert one.total().tobytes() == plain.total().tobytes()
    np.testing.assert_allclose(plain.total(), terms.sum(axis=0), rtol=1e-14)


@pytest.mark.parametrize("threads", [2, 3, 7, 100])
def test_threads_change_no_bit(threads):
    """One thread or many, a sum over blocks has the same bits."""
    rng = np.random.default_rng(0)
    rows = ArrayRows(rng.normal(size=(30_000, 2)), np.zeros(30_000))
    alone, together = (sum_blocks(rows, lambda block: block.X.sum(axis=0), count) for count in (1, threads))
    assert alone.tobytes() == together.tobytes()


def _child(queue):
    rows = ArrayRows(np.ones((30_000, 2)), np.zeros(30_000))
    queue.put(float(sum_blocks(rows, lambda block: block.X.sum(axis=0), 2)[0]))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork.*:RuntimeWarning")
def test_a_forked_child_can_sum_too():
    """A process forked after the threads were started makes its own and does not hang."""
    rows = ArrayRows(np.ones((30_000, 2)), np.zeros(30_000))
    sum_blocks(rows, lambda block: block.X.sum(axis=0), 2)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=_child, args=(queue,))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert queue.get() == 30_000


def test_an_error_in_a_thread_reaches_the_caller():
    """What goes wrong in one of the threads is raised where the sum was asked for."""

    def fail(block):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        sum_blocks(ArrayRows(np.ones((30_000, 2)), np.zeros(30_000)), fail, 2)
