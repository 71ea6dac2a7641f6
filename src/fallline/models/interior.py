"""The method behind ``method="auto"`` for losses of straight pieces: through the interior of the dual's box."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fallline.data.blocks import Block, Retargeted
from fallline.data.sums import each_block, sum_blocks
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_gram import gram, sparse_gram
from fallline.objectives.rows_metric import inverse_root

__all__ = ["InteriorPoint"]

EPS = float(np.finfo(float).eps)

SHORT = 0.995
"""Share of the way to the nearest edge of the box that a step may go."""

STRAIGHT = 1e-4
"""How far inside its interval the dual of an absolute value is, as a share, where the value is surely zero."""


class Inside(NamedTuple):
    """A point of the interior.

    It holds the parameters `x` of centred columns, and for each part its dual `u` and by how much its argument lies
    above and below what the dual says, `up` and `down`, both positive.
    """

    x: np.ndarray
    u: np.ndarray
    up: np.ndarray
    down: np.ndarray


class _Pull(NamedTuple):
    """A step and what it changes."""

    x: np.ndarray
    u: np.ndarray
    up: np.ndarray
    down: np.ndarray


class InteriorPoint:
    """A primal-dual interior-point method for rows whose loss is made of straight pieces, with any penalty.

    Every part of the cost is ``weight · max over low <= u <= high of u·(t - place) - softness/2·u²`` with ``t = A·x``:
    the rows' losses, and the absolute values of coefficients. Newton's method follows the points where the products of
    each edge's distance and its excess are all the same, towards zero, predicting and then correcting. On the way the
    duals bound the minimum from below: `floor` is the best bound so far.

    Parameters
    ----------
    objective : RowsObjective
        Of a loss that has parts.
    strength : array, shape (size,)
        Of the absolute values; 0 for none.
    centre, spread : array, shape (d,)
        Of the columns.

    References
    ----------
    S. Mehrotra, "On the implementation of a primal-dual interior point method", 1992; S. Portnoy and R. Koenker, "The
    Gaussian hare and the Laplacian tortoise", 1997, for the quantile loss.
    """

    def __init__(self, objective: RowsObjective, strength: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> None:
        self.objective, self.outputs = objective, objective.outputs
        self.centre = centre if objective.intercept else np.zeros_like(centre)
        self.floor = 0.0
        y, weights = objective.rows.targets()
        parts = objective.loss.parts(y)
        self.pieces = len(parts)
        self.kinked = np.flatnonzero(strength)
        unit = np.tile(np.where(spread > 0, spread, 1.0), self.outputs)
        self.unit = np.append(unit, np.ones(objective.size - unit.size))
        ones = np.ones(len(self.kinked))
        edges = [np.concatenate([*(part[k].ravel() for part in parts), e * ones]) for k, e in enumerate((-1, 1, 0, 0))]
        self.low, self.high, self.place, self.soft = edges
        share = (np.ones(len(y)) if weights is None else weights) / objective.total
        each = np.tile(np.repeat(share, self.outputs), self.pieces)
        self.weight = np.concatenate([each, strength[self.kinked] / self.unit[self.kinked]])
        self.squares = np.zeros(objective.size)
        if objective.ridge is not None:
            self.squares[: objective.coefficients] = objective.ridge.strength
        held = (self.squares > 0) | (strength > 0)
        self.free = ~held

    def init(self, x: np.ndarray) -> Inside:
        here = self._centred(x)
        away = self._arguments(here) - self.place
        u = 0.5 * (self.low + self.high)
        size = float(self.weight @ np.abs(away)) / float(self.weight.sum())
        up = np.maximum(away - self.soft * u, 0.0) + max(size, 1e-300)
        return Inside(here, u, up, up - away + self.soft * u)

    def update(self, gradient: Any, state: Inside, x: np.ndarray) -> tuple[np.ndarray, Inside]:
        there = self._advanced(state)
        if there is None:
            return np.zeros_like(x), state
        zero = np.zeros(len(x), dtype=bool)
        dual, reach = np.abs(there.u[len(there.u) - len(self.kinked) :]), np.abs(there.x * self.unit)
        small = reach[self.kinked] <= 1e-4 * reach[: self.objective.coefficients].max(initial=0.0)
        zero[self.kinked] = (dual < 1 - STRAIGHT) & small
        return x - self._plain(np.where(zero, 0.0, there.x)), there

    def saved(self, state: Inside) -> list[np.ndarray]:
        """Return the arrays from which `restored` makes a state, and the bound."""
        return [*state, np.array(self.floor)]

    def restored(self, state: Inside, saved: list[np.ndarray], x: np.ndarray) -> Inside:
        """Return the state that was `saved`, the bound being what it was."""
        *parts, floor = saved
        self.floor = float(floor)
        return Inside(*parts)

    def _advanced(self, at: Inside) -> Inside | None:
        """Return the next point; None where rounding leaves none."""
        above, below = self.high - at.u, at.u - self.low
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            give = 1 / (at.up / above + at.down / below + self.soft)
            solve = self._solver(give)
        amiss = self._arguments(at.x) - self.place - at.up + at.down - self.soft * at.u
        slope = self._slopes(at.u) + self.squares * at.x

        def towards(up: np.ndarray, down: np.ndarray) -> _Pull:
            moved = give * (amiss - up / above + down / below)
            x = solve(-slope - self._slopes(moved))
            u = give * self._arguments(x) + moved
            return _Pull(x, u, (up + at.up * u) / above, (down - at.down * u) / below)

        total = 2 * float(self.weight.sum())
        mean = float(self.weight @ (at.up * above + at.down * below)) / total
        first = towards(-at.up * above, -at.down * below)
        rate = self._longest(at, first)
        ahead = (at.up + rate * first.up) * (above - rate * first.u) + (at.down + rate * first.down) * (
            below + rate * first.u
        )
        aim = mean * min(1.0, max(float(self.weight @ ahead) / total / mean, 0.0)) ** 3
        step = towards(
            aim - at.up * above + first.up * first.u,
            aim - at.down * below - first.down * first.u,
        )
        rate = min(1.0, SHORT * self._longest(at, step))
        there = Inside(*(old + rate * move for old, move in zip(at, step, strict=True)))
        if not all(np.isfinite(part).all() for part in there):
            return None
        self._learn(there, solve, give)
        return there

    def _longest(self, at: Inside, step: _Pull) -> float:
        """Return the rate at which a step meets the first edge, infinite where it meets none."""
        rates = [np.inf]
        ways = ((at.up, step.up), (at.down, step.down), (self.high - at.u, -step.u), (at.u - self.low, step.u))
        for room, move in ways:
            falls = (move < 0) & (self.weight > 0)  # rows without weight are not there
            rates.append(float(np.min(room[falls] / -move[falls], initial=np.inf)))
        return min(rates)

    def _learn(self, at: Inside, solve: Any, give: np.ndarray) -> None:
        """Raise `floor` to the bound that the dual gives, once it leaves no slope to what is free of penalties."""
        u = at.u
        for _ in range(2):
            slope = self._slopes(u) + self.squares * at.x
            u = np.clip(u + give * self._arguments(solve(-slope)), self.low, self.high)
        slope = self._slopes(u) + self.squares * at.x
        noise = 64 * EPS * float(self.weight @ np.abs(u)) * self.unit
        if (np.abs(slope) > noise)[self.free].any():
            return
        away = self._arguments(at.x) - self.place
        with np.errstate(divide="ignore", invalid="ignore"):
            inner = np.where(self.soft > 0, away / self.soft, np.sign(away) * np.inf)
        best = np.where(away == 0, 0.0, np.clip(inner, self.low, self.high))
        cost = float(self.weight @ (best * away - 0.5 * self.soft * best**2)) + 0.5 * float(self.squares @ at.x**2)
        apart = (best - u) * (away - 0.5 * self.soft * (best + u))
        rest = np.divide(slope**2, 2 * self.squares, out=np.zeros_like(slope), where=self.squares > 0)
        gap = float(self.weight @ np.maximum(apart, 0.0)) + float(rest.sum())
        if np.isfinite(gap):
            self.floor = max(self.floor, cost - gap - 8 * EPS * cost)

    def _arguments(self, x: np.ndarray) -> np.ndarray:
        """Return the argument of each part for parameters of centred columns."""
        w, b = self.objective.split(self._plain(x))
        z = np.concatenate(each_block(self.objective.rows, lambda block: block.X @ w.T + b, self.objective.threads))
        return np.concatenate([np.tile(z.ravel(), self.pieces), (self.unit * x)[self.kinked]])

    def _slopes(self, u: np.ndarray) -> np.ndarray:
        """Return the slope of the parts in the parameters of centred columns, for their own slopes `u`."""
        weighed = self.weight * u
        rows, objective = self.objective.rows.count, self.objective
        slopes = weighed[: len(u) - len(self.kinked)].reshape(self.pieces, rows, self.outputs).sum(axis=0)
        rows = Retargeted(objective.rows, slopes)
        total = sum_blocks(rows, lambda block: objective.pull_back(block.X, block.y), objective.threads)
        count = objective.coefficients
        if objective.intercept:
            total[:count] -= np.outer(total[count:], self.centre).ravel()
        total[self.kinked] += self.unit[self.kinked] * weighed[len(u) - len(self.kinked) :]
        return total

    def _solver(self, give: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
        """Return what solves ``(A'·diag(weight·give)·A + squares) x = right`` for parameters of centred columns."""
        objective, outputs = self.objective, self.outputs
        bends = self.weight * give
        tail = len(bends) - len(self.kinked)
        by_row = bends[:tail].reshape(self.pieces, -1, outputs).sum(axis=0)
        multiply = gram if objective.rows.crowded else sparse_gram

        def term(block: Block) -> np.ndarray:
            ones = np.ones((len(block.y), 1))
            return np.stack([multiply(block, ones, block.y[:, k], self.centre) for k in range(outputs)])

        diagonal = self.squares.copy()
        diagonal[self.kinked] += self.unit[self.kinked] ** 2 * bends[tail:]
        matrices = sum_blocks(Retargeted(objective.rows, by_row), term, objective.threads)
        places, factors = self._places(), []
        for matrix, place in zip(matrices, places, strict=True):
            whole = matrix[: len(place), : len(place)] + np.diag(diagonal[place])
            root = np.sqrt(np.maximum(np.diag(whole), 0.0))
            scale = np.divide(1.0, root, out=np.zeros_like(root), where=root > 0)
            whole = whole * scale * scale[:, None]
            whole[root == 0, root == 0] = 1.0
            factors.append(scale[:, None] * inverse_root(whole)[0])

        def solve(right: np.ndarray) -> np.ndarray:
            x = np.empty_like(right)
            for place, factor in zip(places, factors, strict=True):
                x[place] = factor @ (factor.T @ right[place])
            return x

        return solve

    def _places(self) -> list[np.ndarray]:
        """Return for each output where its coefficients, then its intercept, stand in the flat parameters."""
        columns, count = len(self.centre), self.objective.coefficients
        tails = [[count + k] if self.objective.intercept else [] for k in range(self.outputs)]
        return [np.array([*range(k * columns, (k + 1) * columns), *tails[k]]) for k in range(self.outputs)]

    def _centred(self, x: np.ndarray) -> np.ndarray:
        return self._shifted(x, 1.0)

    def _plain(self, x: np.ndarray) -> np.ndarray:
        return self._shifted(x, -1.0)

    def _shifted(self, x: np.ndarray, sign: float) -> np.ndarray:
        moved = x.copy()
        if self.objective.intercept:
            count = self.objective.coefficients
            moved[count:] += sign * (x[:count].reshape(self.outputs, -1) @ self.centre)
        return moved
