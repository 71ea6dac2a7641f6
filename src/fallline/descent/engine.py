"""What an engine is: it takes steps by the block and hands back their columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fallline.descent.carries import leaves_of, with_leaves
from fallline.descent.rates import largest, rates_from
from fallline.descent.step import Carry, Move, Rate, begin, norm, take_step
from fallline.methods import UpdateRule
from fallline.objectives.base import Objective
from fallline.schedules import Schedule
from fallline.steps import Evaluate, Point

__all__ = ["Block", "EagerEngine", "Engine", "columns", "evaluate_of"]


class Block(NamedTuple):
    """Consecutive steps as columns: `x` of shape (n, d), the others (n,)."""

    x: np.ndarray
    fun: np.ndarray
    gradient_norm: np.ndarray
    learning_rate: np.ndarray
    step_norm: np.ndarray
    evaluations: np.ndarray


class Engine(ABC):
    """Takes steps in blocks of at most `longest`, `first` of them the first time.

    `foresight` tells whether steps may be taken beyond the one at which a rule will turn out to stop the run: not
    where the user's function could notice. `noisy` tells whether costs are those of some rows only: the lowest of them
    is then no sign of the best point.
    """

    longest: int
    foresight: bool
    first: int = 16
    rate: Rate
    noisy: bool = False

    @abstractmethod
    def start(self) -> Block:
        """Evaluate the start and return it as a block of one row."""

    @abstractmethod
    def advance(self, count: int, low: float = -np.inf) -> Block:
        """Take up to `count` more steps, at most `longest`, at least one, and return them.

        An engine that takes them all in one go may end at the first whose slope is at most `low`, or where no step
        leads anywhere.
        """

    @abstractmethod
    def method_state(self, count: int) -> Any:
        """Return the method's state after the first `count` steps of the last block."""

    @abstractmethod
    def state(self) -> list[np.ndarray]:
        """Return all that the next step depends on, as arrays.

        Raises
        ------
        InputTypeError
            Where the method keeps anything but numbers.
        """

    @abstractmethod
    def restore(self, state: list[np.ndarray]) -> None:
        """Go on from the state of another engine for the same run; this one has been started."""

    def epoch_costs(self, iterations: int) -> np.ndarray | None:
        """Return the costs over all rows at the start and after each epoch done; None where there are no epochs."""
        return None


class EagerEngine(Engine):
    """Takes the steps one by one in NumPy; `evaluate_at` gives the objective of each, where that changes."""

    def __init__(
        self,
        objective: Objective,
        x0: np.ndarray,
        method: UpdateRule,
        rate: Rate,
        evaluate_at: Callable[[int], Evaluate] | None = None,
    ) -> None:
        self.objective, self.x0, self.method, self.rate = objective, x0, method, rate
        self.longest = max(1, min(4096, 4_000_000 // (8 * x0.size + 48)))
        self.foresight = objective.pure
        self.evaluate_at = evaluate_at
        self.evaluate = evaluate_of(objective, x0.dtype)
        self.carry: Carry | None = None
        self.before: Carry | None = None
        self.count = 0

    def start(self) -> Block:
        evaluate, _ = self._evaluates(0)
        point = evaluate.point(self.x0)
        self.carry = begin(point, self.method, self.rate, 0)
        block = columns(1, self.x0)
        _write(block, 0, evaluate, point, Move(np.nan, np.nan, 1))
        return block

    def advance(self, count: int, low: float = -np.inf) -> Block:
        carry = self.before = self.carry
        if carry is None:
            raise RuntimeError("start the engine before it advances")
        rates = rates_from(self.rate, int(carry.k), count)
        self.count = len(rates)
        block = columns(self.count, self.x0)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for row, scheduled in enumerate(rates):
                carry, move = take_step(carry, self.method, self.rate, scheduled, *self._evaluates(carry.k))
                _write(block, row, self.evaluate, carry.point, move)
        if isinstance(self.rate, Schedule):
            block.learning_rate[:] = largest(rates)  # not rounded to the parameters' type
        self.carry = carry
        return block

    def method_state(self, count: int) -> Any:
        if count < self.count:
            self.carry = self.before
            self.advance(count)
        return None if self.carry is None else self.carry.method_state

    def state(self) -> list[np.ndarray]:
        return leaves_of(self.carry, self.method)

    def restore(self, state: list[np.ndarray]) -> None:
        self.carry = with_leaves(self.carry, [leaf[()] for leaf in state], self.method)

    def _evaluates(self, k: int) -> tuple[Evaluate, Evaluate | None]:
        """Return the objective of update `k`, and that of the next where it is another."""
        if self.evaluate_at is None:
            return self.evaluate, None
        return self.evaluate_at(k), self.evaluate_at(k + 1)


def evaluate_of(objective: Objective, dtype: np.dtype) -> Evaluate:
    """Return what steps ask of an objective, the cost in the precision of the parameters."""

    # no methods of the engine's: a circle of references would keep the user's table in memory after the fit
    def cost(x: np.ndarray) -> np.floating:
        return dtype.type(objective.value(x))

    def point(x: np.ndarray) -> Point:
        cost, gradient = objective.value_and_gradient(x)
        return Point(x, dtype.type(cost), gradient)

    return Evaluate(cost, point, objective.penalty)


def columns(count: int, x0: np.ndarray) -> Block:
    """Return a block of `count` unwritten rows for parameters like `x0`."""
    fun, slope, rate, length = np.empty((4, count))
    return Block(np.empty((count, x0.size), x0.dtype), fun, slope, rate, length, np.empty(count, dtype=np.int64))


def _write(block: Block, row: int, evaluate: Evaluate, point: Point, move: Move) -> None:
    block.x[row] = point.x
    block.fun[row] = point.fun
    block.gradient_norm[row] = norm(evaluate.slope(point))
    block.learning_rate[row] = move.learning_rate
    block.step_norm[row] = move.step_norm
    block.evaluations[row] = int(move.evaluations)
