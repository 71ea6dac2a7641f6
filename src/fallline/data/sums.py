"""Sums over blocks of rows, on several threads, with bits that do not depend on how many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from fallline.data.blocks import Block, Rows

__all__ = ["WORTH_A_THREAD", "TreeSum", "available_threads", "each_block", "one_blas_thread", "sum_blocks"]

Measure = TypeVar("Measure")

WORTH_A_THREAD = 500_000
"""Cells of a table below which a second thread costs more than it brings."""


class TreeSum:
    """A sum of numbered terms, always associated as the same binary tree over their numbers.

    Terms may come in any order; two sums of different terms are joined by `merge`.

    Examples
    --------
    >>> forwards, backwards = TreeSum(), TreeSum()
    >>> for index in range(7):
    ...     forwards.add(index, 0.1 * index)
    ...     backwards.add(6 - index, 0.1 * (6 - index))
    >>> forwards.total() == backwards.total()
    True
    """

    def __init__(self) -> None:
        self._waiting: dict[tuple[int, int], np.ndarray] = {}

    def add(self, index: int, term: np.ndarray, level: int = 0) -> None:
        """Add term number `index`, or the sum of the ``2**level`` terms of which it is the `index`-th group."""
        while (sibling := self._waiting.pop((level, index ^ 1), None)) is not None:
            term = term + sibling
            level, index = level + 1, index >> 1
        self._waiting[level, index] = term

    def merge(self, other: TreeSum) -> None:
        for (level, index), term in other._waiting.items():
            self.add(index, term, level)

    def total(self) -> np.ndarray:
        """Return the sum of all terms, of which there must be one."""
        total, *rest = [term for _, term in sorted(self._waiting.items())]
        for term in rest:
            total = total + term
        return total


def sum_blocks(rows: Rows, term: Callable[[Block], np.ndarray], threads: int | None = None) -> np.ndarray:
    """Return the sum of `term` over all blocks of `rows`.

    Parameters
    ----------
    rows : Rows
    term : callable
        Of a block; returns an array of one shape for all blocks. It runs in several threads at once.
    threads : int, optional
        As many as the processors allowed to this process by default; one where the table is small.
    """

    def part(first: int, last: int) -> TreeSum:
        tree = TreeSum()
        for index in range(first, last):
            tree.add(index, term(rows.block(index)))
        return tree

    tree, *others = _in_parts(rows, part, threads)
    for other in others:
        tree.merge(other)
    return tree.total()


def each_block(rows: Rows, measure: Callable[[Block], Measure], threads: int | None = None) -> list[Measure]:
    """Return `measure` of each block of `rows`, in order; the parameters are as in `sum_blocks`."""

    def part(first: int, last: int) -> list[Measure]:
        return [measure(rows.block(index)) for index in range(first, last)]

    return [found for measures in _in_parts(rows, part, threads) for found in measures]


def _in_parts(rows: Rows, part: Callable[[int, int], Measure], threads: int | None) -> list[Measure]:
    """Return ``part(first, last)`` for consecutive ranges of blocks, one range for each thread."""
    wanted = available_threads() if threads is None else threads
    if threads is None and rows.cells < WORTH_A_THREAD:
        wanted = 1
    cuts = [rows.blocks * k // wanted for k in range(wanted + 1)]
    ranges = [(first, last) for first, last in pairwise(cuts) if first < last]
    others = [_pool(os.getpid()).submit(part, *other) for other in ranges[1:]]
    return [part(*ranges[0]), *(other.result() for other in others)]


@cache
def available_threads() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if "sched_getaffinity" in dir(os) else os.cpu_count() or 1


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """Return this process's pool; a forked child gets a new one, as threads do not survive a fork."""
    return ThreadPoolExecutor(max(1, available_threads() - 1), thread_name_prefix=f"fallline-{process}")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread meanwhile: its own pool spins after each product and slows the threads used here."""
    with _blas().limit(limits=1, user_api="blas"):
        yield


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
