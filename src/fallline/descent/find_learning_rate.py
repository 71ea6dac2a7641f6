"""`find_learning_rate`: which learning rates a method can use on a function, by short runs and by the curvature."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from fallline.arrays.layout import Layout, flatten
from fallline.arrays.names import argument_name
from fallline.descent.batches import BatchPlan
from fallline.descent.constraints import resolve_penalty
from fallline.descent.data import check_data
from fallline.descent.loop import Run, prepare_loop
from fallline.descent.problem import build_objective
from fallline.descent.rates import resolve_rate
from fallline.descent.rows_check import look_at_rows
from fallline.diagnosis.curvature import curvature_at
from fallline.errors import InputError, InputTypeError, shown
from fallline.methods import Method, UpdateRule, find
from fallline.methods.torch_optimizer import TorchOptimizer
from fallline.objectives.base import Objective
from fallline.objectives.batched import BatchedFunction
from fallline.objectives.penalised import PenalisedFunction
from fallline.penalties import Penalty
from fallline.trace import Finding, RateRange

__all__ = ["find_learning_rate"]

PER_DECADE = 5

BELOW, ABOVE = 1e-4, 1e1
"""Where the grid begins and ends, in units of the rate guessed."""

WIDEST = 12
"""Decades by which a grid that does not hold the whole range may grow, at either end."""

CRAWL = 0.1
"""The usable rates gain at least this share of what the best one gains."""

NEARLY = 0.9

HALVINGS = 7
"""Halvings of the gap between the last usable rate and the next: an end of the range is then good to 0.4 %."""


def find_learning_rate(
    fun: Callable[..., Any],
    x0: Any,
    *,
    args: tuple[Any, ...] = (),
    data: tuple[Any, ...] | None = None,
    gradient: Callable[..., Any] | bool | Literal["auto", "finite-differences"] = "auto",
    method: str | UpdateRule = "gd",
    bounds: Any = None,
    penalty: Penalty | None = None,
    low: float | None = None,
    high: float | None = None,
    steps: int = 30,
    batch_size: int | None = None,
    seed: int = 0,
) -> RateRange:
    """Find the learning rates of use: a short run at each rate of a geometric grid, and the stable limit ``2/L``.

    The limit is that of the method, for the largest curvature met: at the start, midway and at the end of the best of
    the runs. Without `low` and `high` the grid is laid about the limit, five rates a decade, and grows until it holds
    the whole usable range, whose ends are then found by halving.

    Parameters
    ----------
    fun : callable
        ``fun(x, *data, *args)`` returns the cost; with ``gradient=True`` the pair (cost, gradient).
    x0 : number, list of numbers, array, tensor, or a dict, list or tuple of arrays or of tensors
        The start of every run.
    args, data, gradient : optional
        As for `minimize`.
    method : str or method
        Whose learning rate it is: a name or an instance, as for `minimize`.
    bounds, penalty : optional
        As for `minimize`; every run keeps to them, and the limit is that of the smooth part.
    low, high : float, optional
        Where the grid begins and ends.
    steps : int
        Iterations of each run.
    batch_size : int, optional
        Rows of `data` for an update; the cost after a run is over all rows.
    seed : int
        Settles the order of the rows.

    Returns
    -------
    RateRange
        ``low`` and ``high`` of the usable range, the ``limit``, a ``suggestion``, and ``plot()``.

    Raises
    ------
    InputError
        Where the start has no finite cost or no slope, or no rate of the grid lowers the cost.
    InputTypeError, DataError
        Where an argument cannot be used.

    References
    ----------
    L. Smith, "Cyclical learning rates for training neural networks", 2017, section 3.3, for the range test, there in
    one run whose rate climbs; Y. Nesterov, *Introductory Lectures on Convex Optimization*, 2004, section 1.2.3, for
    ``2/L``.

    Examples
    --------
    >>> import numpy as np
    >>> import fallline as fl
    >>> answer = fl.find_learning_rate(lambda t: np.sum(np.array([1.0, 25.0]) * t**2) / 2, np.ones(2))
    >>> round(answer.limit, 6), round(answer.suggestion, 6)
    (0.08, 0.04)
    """
    _check_arguments(fun, args, low, high, steps)
    flat, layout, _ = flatten(x0, label=argument_name(fun))
    rows, batches = check_data(data, batch_size, None, seed)
    rows = tuple(map(layout.rows, rows))
    rule = find("gd" if isinstance(method, str) and method.lower() == "auto" else method)
    proximal = resolve_penalty(penalty, bounds, flat, layout)
    findings: list[Finding] = []
    whole, batched = ((*rows, *args), ()) if batches is None else (args, rows)
    with np.errstate(all="ignore"):
        objective = build_objective(fun, flat, layout, whole, gradient, True, findings, batched)
        findings += look_at_rows(fun, flat, layout, rows, args, gradient is True, batches is not None)
        objective = objective if proximal is None else PenalisedFunction(objective, proximal)
        plan = None
        if batches is not None:
            given = gradient if callable(gradient) else None
            plan = BatchPlan(BatchedFunction(fun, given, objective, layout, rows, args), batches)
        return _RangeTest(objective, flat, layout, rule, steps, plan, findings).result(low, high)


def _check_arguments(fun: Any, args: Any, low: Any, high: Any, steps: Any) -> None:
    if not callable(fun):
        raise InputTypeError(f"fun must be a function; got {shown(fun)}. Write lambda x: … or a function's name.")
    if not isinstance(args, tuple):
        raise InputTypeError(f"args must be a tuple; got {shown(args)}. For one argument write args=(a,).")
    for name, rate in (("low", low), ("high", high)):
        is_number = isinstance(rate, (int, float, np.number)) and not isinstance(rate, bool)
        if rate is not None and not (is_number and 0 < rate < np.inf):
            raise InputError(
                f"{name} must be positive and finite; got {shown(rate)}. The grid of learning rates is geometric. "
                "Leave it out to have the range found."
            )
    if low is not None and high is not None and not low < high:
        raise InputError(
            f"low must be below high; got {low:g} and {high:g}. They are the ends of the grid. Exchange them."
        )
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 1:
        raise InputError(
            f"steps must be a whole number of at least 1; got {shown(steps)}. Each run has so many. Try 30."
        )


class _RangeTest:
    """One range test: the runs made so far, by rate."""

    def __init__(
        self,
        objective: Objective,
        x0: np.ndarray,
        layout: Layout,
        rule: UpdateRule,
        steps: int,
        plan: BatchPlan | None,
        findings: list[Finding],
    ) -> None:
        self.objective, self.x0, self.layout, self.rule = objective, x0, layout, rule
        self.steps, self.plan, self.findings = steps, plan, findings
        self.start, self.slope = objective.value_and_gradient(x0)
        self._check_start()
        self.costs: dict[float, float] = {}
        self.curvature = curvature_at(objective, x0, self.slope).largest

    def result(self, low: float | None, high: float | None) -> RateRange:
        """Run the grid, find the ends of the usable range in it, and measure the curvature along the best run."""
        guess = self._guess()
        bottom = low if low is not None else min(guess * BELOW, np.inf if high is None else high * BELOW / ABOVE)
        top = high if high is not None else max(guess * ABOVE, bottom * ABOVE / BELOW)
        self._grid(bottom, top)
        self._grow(low is None, high is None)
        self._check_gain()
        usable = self._usable()
        limit = self._along_the_best(usable)
        if limit is not None and usable[0] <= limit / 2 <= usable[-1]:
            self._run(limit / 2)
        usable = self._usable()
        ends = self._end(usable[0], -1), self._end(usable[-1], 1)
        rates = np.array(sorted(self.costs))
        return RateRange(
            low=ends[0],
            high=ends[1],
            limit=limit,
            suggestion=self._suggestion(limit, usable),
            curvature=float(self.curvature) if np.isfinite(self.curvature) and self.curvature > 0 else None,
            rates=rates,
            costs=np.array([self.costs[rate] for rate in rates]),
            start=float(self.start),
            steps=int(self.steps),
            method=type(self.rule).__name__,
            findings=self.findings,
        )

    def _check_start(self) -> None:
        if not np.isfinite(self.start) or not np.isfinite(self.slope).all():
            what = "cost" if not np.isfinite(self.start) else "gradient"
            raise InputError(
                f"x0 must be a point at which the function is finite; the {what} there is not. No run can begin. "
                "Start where it is finite."
            )
        if not self.objective.slope(self.x0, self.slope).any():
            raise InputError(
                "x0 must be a point at which the function has a slope; the gradient there is exactly zero. From a "
                "minimum, a saddle or level ground no run moves. Start elsewhere."
            )

    def _guess(self) -> float:
        """Return the stable limit at the start, or the rate at which the first step has the size of the parameters."""
        limit = self._limit()
        if limit is not None:
            return limit
        rule = self._ruled(1.0)
        if isinstance(rule, TorchOptimizer):
            length = float(np.linalg.norm(self.slope))
        else:
            direction, _ = rule.update(self.slope, rule.init(self.x0), self.x0)
            length = float(np.linalg.norm(np.asarray(direction)))
        reach = max(1.0, float(np.linalg.norm(self.x0)))
        return reach / length if 0 < length < np.inf else 1.0

    def _limit(self) -> float | None:
        if not isinstance(self.rule, Method) or not self.curvature > 0 or not np.isfinite(self.curvature):
            return None
        limit = self.rule.stable_rate(float(self.curvature))
        return None if limit is None else float(limit)

    def _ruled(self, rate: float) -> UpdateRule:
        rule = (
            dataclasses.replace(self.rule, learning_rate=rate) if isinstance(self.rule, TorchOptimizer) else self.rule
        )
        return rule.laid_out(self.layout) if isinstance(rule, Method) else rule

    def _descend(self, rate: float, record: Literal["all", "ends"]) -> Run:
        rule = self._ruled(rate)
        return prepare_loop(
            self.objective,
            self.x0,
            method=rule,
            rate=resolve_rate(rate, rule, self.layout),
            record=record,
            layout=self.layout,
            plan=self.plan,
        ).run(self.steps)

    def _run(self, rate: float) -> float:
        """Return the cost after a run at this rate, infinite where it is no number."""
        if rate not in self.costs:
            run = self._descend(rate, "ends")
            cost = float(run.last.fun[0])
            if np.isfinite(cost) and run.iterations == self.steps and (run.answer is not None or self.plan is not None):
                cost = self.objective.value(np.ascontiguousarray(run.last.x[0] if run.answer is None else run.answer))
            self.costs[rate] = cost if np.isfinite(cost) else np.inf
        return self.costs[rate]

    def _grid(self, bottom: float, top: float) -> None:
        count = max(2, 1 + round(PER_DECADE * np.log10(top / bottom)))
        for rate in np.geomspace(bottom, top, count):
            self._run(float(rate))

    def _grow(self, down: bool, up: bool) -> None:
        """Add rates while the range reaches an end of the grid."""
        for _ in range(WIDEST):
            rates, usable = sorted(self.costs), self._usable()
            lower = down and (not usable or usable[0] == rates[0])
            higher = up and bool(usable) and usable[-1] == rates[-1]
            if lower:
                self._grid(rates[0] / 10, rates[0] / 10 ** (1 / PER_DECADE))
            if higher:
                self._grid(rates[-1] * 10 ** (1 / PER_DECADE), rates[-1] * 10)
            if not (lower or higher):
                break

    def _check_gain(self) -> None:
        if self._usable():
            return
        rates = sorted(self.costs)
        told = " ".join(finding.message for finding in self.findings if finding.severity == "error")
        why = told or "All of them overshoot, or the gradient does not point uphill."
        raise InputError(
            f"fun must become lower at some learning rate; in {self.steps} iterations none of {len(rates)} from "
            f"{rates[0]:.3g} to {rates[-1]:.3g} lowers it. {why} Check the gradient by fallline.check_gradient, or let "
            "low and high out."
        )

    def _gain(self, rate: float) -> float:
        return self.start - self.costs[rate]

    def _usable(self) -> list[float]:
        """Return the rates about the best one, ascending, each of which gains enough; none where nothing gains."""
        rates = sorted(self.costs)
        best = min(range(len(rates)), key=lambda place: self.costs[rates[place]])
        most = self._gain(rates[best])
        if not most > 0:
            return []
        first = last = best
        while first > 0 and self._gain(rates[first - 1]) >= CRAWL * most:
            first -= 1
        while last + 1 < len(rates) and self._gain(rates[last + 1]) >= CRAWL * most:
            last += 1
        return rates[first : last + 1]

    def _end(self, inside: float, side: int) -> float:
        """Return the end of the range on one side of its last rate, by halving the gap to the next."""
        most = max(map(self._gain, self.costs))
        beyond = [rate for rate in self.costs if side * (rate - inside) > 0]
        if not beyond:
            return inside
        outside = min(beyond, key=lambda rate: abs(rate - inside))
        for _ in range(HALVINGS):
            middle = float(np.sqrt(inside * outside))
            self._run(middle)
            inside, outside = (middle, outside) if self._gain(middle) >= CRAWL * most else (inside, middle)
        return inside

    def _along_the_best(self, usable: list[float]) -> float | None:
        """Measure the curvature along the best run, keep the largest, and return the limit for it."""
        trace = self._descend(min(usable, key=self.costs.__getitem__), "all").trace
        for row in (len(trace) // 2, len(trace) - 1):
            x = np.ascontiguousarray(trace.flat_x[row])
            found = curvature_at(self.objective, x, self.objective.value_and_gradient(x)[1]).largest
            self.curvature = float(np.nanmax([self.curvature, found]))
        return self._limit()

    def _suggestion(self, limit: float | None, usable: list[float]) -> float:
        most = max(map(self._gain, usable))
        if limit is not None and self.costs.get(limit / 2) is not None and self._gain(limit / 2) >= most / 2:
            return limit / 2
        return next(rate for rate in usable if self._gain(rate) >= NEARLY * most)
