"""Mini-batches: which rows each update sees, and an engine that goes by epochs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from fallline.descent.engine import Block, EagerEngine, Engine, evaluate_of
from fallline.descent.step import Rate
from fallline.methods import UpdateRule
from fallline.objectives.base import Objective, RowsProgram
from fallline.objectives.penalised import PenalisedFunction
from fallline.steps import Evaluate

__all__ = ["BatchEngine", "BatchPlan", "Batches", "EagerBatches"]


@dataclass(frozen=True)
class Batches:
    """The rows of every update: each epoch goes through all of them, in an order of its own.

    The order of an epoch follows from the seed and the epoch alone, not from the epochs before.

    Parameters
    ----------
    rows : int
        Rows of the data.
    size : int
        Rows of an update, below `rows`; the last batch of an epoch has the rest.
    seed : int
        Settles the orders.

    Examples
    --------
    >>> batches = Batches(rows=5, size=2, seed=0)
    >>> [batches.of(k).tolist() for k in range(4)]
    [[2, 4], [3, 0], [1], [1, 4]]
    """

    rows: int
    size: int
    seed: int

    @property
    def steps(self) -> int:
        """Updates of an epoch."""
        return -(-self.rows // self.size)

    @property
    def rest(self) -> int:
        """Rows of an epoch's last batch, where they are fewer than the others'; else 0."""
        return self.rows % self.size

    def order(self, epoch: int) -> np.ndarray:
        """Return the rows in the order of an epoch, the first being 0: shape (rows,)."""
        return np.random.default_rng([self.seed, epoch]).permutation(self.rows)

    def of(self, k: int) -> np.ndarray:
        """Return the rows of update `k`."""
        epoch, place = divmod(k, self.steps)
        return self.order(epoch)[place * self.size : (place + 1) * self.size]


class MeanOverRows(Protocol):
    """A mean over rows: `whole` over all of them, `on` over some, `program` the compiled form where there is one."""

    whole: Objective

    @property
    def program(self) -> RowsProgram | None: ...

    def on(self, rows: np.ndarray) -> Objective:
        """Return the mean over these rows."""
        ...


class BatchPlan(NamedTuple):
    """A mean over rows, and the batches of rows to take it over."""

    function: MeanOverRows
    batches: Batches


class BatchEngine(Engine):
    """Takes the steps of another engine up to the end of an epoch, and there asks for the cost over all rows."""

    noisy = True

    def __init__(self, plan: BatchPlan, x0: np.ndarray, method: UpdateRule, rate: Rate) -> None:
        self.whole, self.batches, self.rate = plan.function.whole, plan.batches, rate
        self.inner = _inner(*plan, x0, method, rate)
        self.longest, self.foresight = self.inner.longest, self.inner.foresight
        self.k = 0
        self.costs: list[float] = []

    def start(self) -> Block:
        block = self.inner.start()
        self.costs.append(self.whole.value(np.ascontiguousarray(block.x[0])))
        return block

    def advance(self, count: int, low: float = -np.inf) -> Block:
        block = self.inner.advance(min(count, self.batches.steps - self.k % self.batches.steps))
        self.k += len(block.fun)
        if self.k % self.batches.steps == 0:
            self.costs.append(self.whole.value(np.ascontiguousarray(block.x[-1])))
        return block

    def method_state(self, count: int) -> Any:
        return self.inner.method_state(count)

    def state(self) -> list[np.ndarray]:
        return [np.array(self.k), np.array(self.costs), *self.inner.state()]

    def restore(self, state: list[np.ndarray]) -> None:
        k, costs, *inner = state
        self.k, self.costs = int(k), costs.tolist()
        self.inner.restore(inner)

    def epoch_costs(self, iterations: int) -> np.ndarray:
        return np.array(self.costs[: 1 + iterations // self.batches.steps])


def _inner(function: MeanOverRows, batches: Batches, x0: np.ndarray, method: UpdateRule, rate: Rate) -> Engine:
    if function.program is None:
        return EagerEngine(function.whole, x0, method, rate, EagerBatches(function, batches, x0.dtype))
    from fallline.descent.compiled_batches import CompiledBatches

    return CompiledBatches(function.program, batches, x0, method, rate, function.whole.penalty)


class EagerBatches:
    """The objective of each update, as step rules may ask it; those of an update and of the next are at hand."""

    def __init__(self, function: MeanOverRows, batches: Batches, dtype: np.dtype) -> None:
        self.function, self.batches, self.dtype = function, batches, dtype
        self.epoch, self.order = -1, np.empty(0, np.int64)
        self.known: dict[int, Evaluate] = {}

    def __call__(self, k: int) -> Evaluate:
        if k not in self.known:
            self.known = {key: self.known[key] for key in self.known if key == k - 1}
            self.known[k] = self._evaluate(k)
        return self.known[k]

    def _evaluate(self, k: int) -> Evaluate:
        epoch, place = divmod(k, self.batches.steps)
        if epoch != self.epoch:
            self.epoch, self.order = epoch, self.batches.order(epoch)
        objective = self.function.on(self.order[place * self.batches.size : (place + 1) * self.batches.size])
        penalty = self.function.whole.penalty
        return evaluate_of(objective if penalty is None else PenalisedFunction(objective, penalty), self.dtype)
