"""Engines for rows of data: whole epochs of stochastic updates by a compiled kernel, and means of the points passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from fallline.descent.batches import Batches
from fallline.descent.engine import Block, Engine
from fallline.descent.rates import rates_from
from fallline.objectives.base import Objective
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_some import table_of, weights_of
from fallline.objectives.rows_stochastic import stochastic_kernel
from fallline.schedules import Schedule

__all__ = ["Averaged", "RowEpochs", "RowPlan"]

FINE = 4_000_000
"""Bytes of an epoch's points up to which each of them is kept; of a longer epoch only the end is."""


@dataclass(frozen=True, eq=False)
class RowPlan:
    """A loss over rows, and how to go through them.

    Attributes
    ----------
    smooth : RowsObjective
        The loss over all rows; its ridge is `l2` for every coefficient.
    whole : Objective
        The same with absolute values.
    kernel : tuple
        The class of the loss of one predictor, its parameters, and "one", "each" or "softmax".
    batches : Batches
    rule : {"sgd", "saga", "svrg"}
        Plain steps; the last slope of each row remembered; its slope at the start of the epoch.
    l2, l1 : float
        Strengths of the penalties on squares, halved, and on absolute values.
    average : bool
        Whether the answer is the mean of the points, the t-th counting t times.
    """

    smooth: RowsObjective
    whole: Objective
    kernel: tuple[Any, Any, str]
    batches: Batches
    rule: Literal["sgd", "saga", "svrg"]
    l2: float
    l1: float
    average: bool


class RowEpochs(Engine):
    """Makes stochastic updates on rows by a compiled kernel.

    A row of its blocks is an update, with the cost of the batch that the next one steps on, where the points of an
    epoch take little memory (`fine`); else it is an epoch, with cost and slope over all rows.

    `updates` is the most that will ever be asked for: the schedule is not asked beyond.

    References
    ----------
    A. Defazio, F. Bach and S. Lacoste-Julien, "SAGA: a fast incremental gradient method", 2014, algorithm 1;
    R. Johnson and T. Zhang, "Accelerating stochastic gradient descent using predictive variance reduction", 2013,
    with snapshots once an epoch; both here with the rows in a new random order each epoch. The weights of the mean are
    those of S. Lacoste-Julien, M. Schmidt and F. Bach, "A simpler approach to obtaining an O(1/t) convergence rate for
    the projected stochastic subgradient method", 2012.
    """

    noisy = True
    foresight = True

    def __init__(self, plan: RowPlan, x0: np.ndarray, rate: Schedule, updates: int) -> None:
        smooth, batches = plan.smooth, plan.batches
        self.plan, self.rate, self.x = plan, rate, np.array(x0, dtype=np.float64)
        table, layout = table_of(smooth.rows), "rows"
        if isinstance(table, np.ndarray):
            self.table: Any = np.ascontiguousarray(table)
        else:
            self.table, layout = (table.data, table.indices, table.indptr), "sparse"
        self.y, self.weights = smooth.rows.targets()[0], weights_of(smooth.rows)
        family, self.parameters, outputs = plan.kernel
        self.kernel = stochastic_kernel(family, outputs, layout, plan.rule != "sgd")
        self.fine = batches.steps * (8 * x0.size + 48) <= FINE
        self.steps = batches.steps if self.fine else 1
        self.longest = self.steps
        self.k = self.done = 0
        self.updates = updates
        self.costs: list[float] = []
        self.epoch, self.order = -1, np.empty(0, np.int64)
        count = smooth.rows.count if plan.rule != "sgd" else 0
        self.slopes = np.zeros((count, smooth.outputs))
        self.mean_slope = np.zeros((smooth.outputs, smooth.rows.columns)), np.zeros(smooth.outputs)
        self.mean = np.zeros(x0.size + 1 if plan.average else 0)

    @property
    def answer(self) -> np.ndarray:
        """The mean of the points so far, or the last of them: shape (size,)."""
        return self.mean[:-1].copy() if self.plan.average and self.k else self.x.copy()

    def start(self) -> Block:
        self.costs.append(self.plan.whole.value(self.x.copy()))
        if self.fine:
            cost, slope = self._ahead()
        else:
            cost, slope = self._looked_at()
        nan = np.full(1, np.nan)
        return Block(self.x[None].copy(), np.array([cost]), np.array([slope]), nan, nan, np.ones(1, np.int64))

    def advance(self, count: int, low: float = -np.inf) -> Block:
        steps = self.plan.batches.steps
        epoch, place = divmod(self.k, steps)
        if place == 0 and (self.plan.rule == "svrg" or (self.plan.rule == "saga" and epoch == 0)):
            self._remember()
        count = min(count, steps - place) if self.fine else steps
        rates = np.array(rates_from(self.rate, self.done + self.k, count), dtype=np.float64)
        before = self.x.copy()
        kept = np.empty((len(rates), self.x.size)) if self.fine else np.empty((0, 0))
        costs = np.empty(len(kept))
        with np.errstate(over="ignore", invalid="ignore"):
            self._make(self._order(epoch)[place * self.plan.batches.size :], rates, kept, costs)
            self.k += len(rates)
            if self.k % steps == 0:
                self.costs.append(self.plan.whole.value(self.x.copy()))
            if self.fine:
                return self._fine_block(before, kept, costs, rates)
            return self._whole_block(before, rates)

    def method_state(self, count: int) -> Any:
        return None

    def state(self) -> list[np.ndarray]:
        return [np.array(self.k), np.array(self.costs), self.x, self.slopes, *self.mean_slope, self.mean]

    def restore(self, state: list[np.ndarray]) -> None:
        k, costs, self.x, self.slopes, slope, level, self.mean = (np.array(part) for part in state)
        self.k, self.costs, self.mean_slope = int(k), costs.tolist(), (slope, level)

    def epoch_costs(self, iterations: int) -> np.ndarray:
        return np.array(self.costs[: 1 + iterations // self.steps])

    def _order(self, epoch: int) -> np.ndarray:
        if epoch != self.epoch:
            self.epoch, self.order = epoch, self.plan.batches.order(epoch)
        return self.order

    def _make(self, order: np.ndarray, rates: np.ndarray, kept: np.ndarray, costs: np.ndarray) -> None:
        """Make updates in place."""
        plan = self.plan
        W, b = plan.smooth.split(self.x)
        state = W, b, self.slopes, *self.mean_slope
        rule = float(plan.l2), float(plan.l1), plan.smooth.intercept, plan.rule == "saga"
        data, records = (self.table, self.y, self.weights), (self.mean, kept, costs)
        self.kernel(self.parameters, data, order, plan.batches.size, rates, state, rule, records)

    def _remember(self) -> None:
        """Take the slopes of all rows, and their mean gradient, at this point."""
        smooth = self.plan.smooth
        W, b = smooth.split(self.x)
        X = table_of(smooth.rows)
        z = X @ W.T + b
        slopes = smooth.loss.derivative(self.y, z if smooth.loss.multiple else z[:, 0]).reshape(z.shape)
        self.slopes = np.ascontiguousarray(slopes * self.weights[:, None], dtype=np.float64)
        pulled = np.asarray((self.slopes.T @ X) / len(self.y), dtype=np.float64)
        self.mean_slope = np.ascontiguousarray(pulled), self.slopes.mean(axis=0)

    def _ahead(self) -> tuple[float, float]:
        """Return the cost of the batch that the next update steps on, and the slope it would follow."""
        epoch, place = divmod(self.k, self.plan.batches.steps)
        order = self._order(epoch)[place * self.plan.batches.size :]
        x, slopes, mean_slope, mean = self.x, self.slopes, self.mean_slope, self.mean
        self.x, self.mean = x.copy(), np.zeros(0)
        self.slopes, self.mean_slope = slopes.copy(), (mean_slope[0].copy(), mean_slope[1].copy())
        kept, costs = np.empty((1, x.size)), np.empty(1)
        # the rate of the next update, so that a slope has the same bits wherever a block ends
        rate = np.array(rates_from(self.rate, self.done + min(self.k, self.updates - 1), 1), dtype=np.float64)
        self._make(order, rate, kept, costs)
        self.x, self.slopes, self.mean_slope, self.mean = x, slopes, mean_slope, mean
        length = np.linalg.norm(kept - x, axis=1)
        cost = costs + self._penalties(x[None])
        return float(cost[0]), float(_over(length, rate)[0])

    def _looked_at(self) -> tuple[float, float]:
        x = self.x.copy()
        cost, gradient = self.plan.whole.value_and_gradient(x)
        return cost, float(np.linalg.norm(self.plan.whole.slope(x, gradient)))

    def _penalties(self, x: np.ndarray) -> np.ndarray:
        w = x[:, : self.plan.smooth.coefficients]
        return 0.5 * self.plan.l2 * (w * w).sum(axis=1) + self.plan.l1 * np.abs(w).sum(axis=1)

    def _fine_block(self, before: np.ndarray, kept: np.ndarray, costs: np.ndarray, rates: np.ndarray) -> Block:
        cost, slope = self._ahead()
        lengths = np.linalg.norm(np.diff(kept, axis=0, prepend=before[None]), axis=1)
        slopes = _over(lengths, rates)
        fun = np.append(costs[1:] + self._penalties(kept[:-1]), cost)
        return Block(kept, fun, np.append(slopes[1:], slope), rates, lengths, np.ones(len(rates), np.int64))

    def _whole_block(self, before: np.ndarray, rates: np.ndarray) -> Block:
        cost, slope = self._looked_at()
        length = np.linalg.norm(self.x - before)
        fun, gradient_norm, rate, step_norm = (np.array([number]) for number in (cost, slope, rates[-1], length))
        return Block(self.x[None].copy(), fun, gradient_norm, rate, step_norm, np.ones(1, np.int64))


def _over(lengths: np.ndarray, rates: np.ndarray) -> np.ndarray:
    """Return the slopes that steps of these lengths followed, at rates above 0."""
    return np.divide(lengths, rates, out=np.full(len(rates), np.nan), where=rates > 0)


class Averaged(Engine):
    """Another engine, with the mean of the points that it passes: the t-th counts t times."""

    def __init__(self, inner: Engine) -> None:
        self.inner, self.rate, self.noisy = inner, inner.rate, inner.noisy
        self.longest, self.foresight = inner.longest, inner.foresight
        self.count, self.sum = 0, np.zeros(0)

    @property
    def answer(self) -> np.ndarray:
        """The mean, shape (d,)."""
        return self.sum / (self.count * (self.count + 1) / 2)

    def start(self) -> Block:
        block = self.inner.start()
        self.sum = np.zeros(block.x.shape[1])
        return block

    def advance(self, count: int, low: float = -np.inf) -> Block:
        block = self.inner.advance(count)
        for x in block.x:  # one by one: where blocks end must not show in the bits
            self.count += 1
            self.sum += self.count * x
        return block

    def method_state(self, count: int) -> Any:
        return self.inner.method_state(count)

    def state(self) -> list[np.ndarray]:
        return [np.array(self.count), self.sum, *self.inner.state()]

    def restore(self, state: list[np.ndarray]) -> None:
        count, self.sum, *inner = state
        self.count = int(count)
        self.inner.restore(inner)

    def epoch_costs(self, iterations: int) -> np.ndarray | None:
        return self.inner.epoch_costs(iterations)
