"""Learning from blocks of rows as they come: each is gone through once, from where the block before has led."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.arrays.layout import Layout, Leaf
from fallline.data.blocks import Rows
from fallline.descent.batches import Batches, EagerBatches
from fallline.descent.engine import EagerEngine
from fallline.descent.row_epochs import RowEpochs, RowPlan
from fallline.errors import InputError
from fallline.losses import Loss
from fallline.methods import GradientDescent, Method
from fallline.models.settings import Settings
from fallline.models.stochastic import FEW, kernel_of, own_rate
from fallline.objectives.penalised import PenalisedFunction
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_some import SomeRows
from fallline.penalties import L1, Ridge
from fallline.schedules import Schedule

__all__ = ["Stream", "can_stream"]


def can_stream(model: Any) -> bool:
    """Tell whether a model's method needs no more than some rows at a time.

    SAGA and SVRG remember all rows, and "auto" certifies the minimum over all.

    Examples
    --------
    >>> import fallline as fl
    >>> can_stream(fl.Ridge(method="sgd")), can_stream(fl.Ridge(method="adam")), can_stream(fl.Ridge())
    (True, False, False)
    """
    name = model.method.lower() if isinstance(model.method, str) else ""
    return name == "sgd" or (model.batch_size is not None and name not in ("saga", "svrg"))


class Stream:
    """Where a model stands between two blocks: plain data, which goes into its file.

    Attributes
    ----------
    state : dict
        The point `x`; the updates and blocks so far; what the method carries on; the mean of the points; and the cost
        over each block before it was learnt from.
    """

    def __init__(self, state: dict[str, Any] | None) -> None:
        self.state = {"updates": 0, "blocks": 0, "carry": [], "mean": np.zeros(0), "costs": []} | (state or {})

    def learn(
        self, rows: Rows, weights: np.ndarray, loss: Loss, outputs: int, settings: Settings, seed: int
    ) -> np.ndarray:
        """Go through a block of rows once, and return the model's point.

        Parameters
        ----------
        rows : Rows
            Of weight one each.
        weights : array, shape (n,)
            Theirs: each scales the row's gradient.
        loss, outputs, settings
            As for a fit.
        seed : int
            Settles the orders.
        """
        _check(settings)
        ridge, l1 = (1 - settings.l1_ratio) * settings.alpha, settings.l1_ratio * settings.alpha
        count = outputs * rows.columns
        smooth = RowsObjective(
            rows,
            loss,
            outputs=outputs,
            ridge=Ridge(np.full(count, ridge)) if ridge > 0 else None,
            intercept=settings.fit_intercept,
        )
        strength = np.append(np.full(count, l1), np.zeros(smooth.size - count))
        whole = smooth if l1 == 0 else PenalisedFunction(smooth, L1(strength))
        state, x = self.state, self.state["x"]
        state["costs"] = [*state["costs"], whole.value(x)]
        method, rate = settings.named()
        if rate is None:
            rate = state.setdefault("rate", own_rate(smooth, ridge, "sgd"))
        size = 1 if settings.batch_size is None else min(int(settings.batch_size), rows.count)
        batches = Batches(rows.count, size, seed + state["blocks"])
        compiled = type(method) is GradientDescent and isinstance(rate, Schedule)
        if compiled and state["updates"] + batches.steps > FEW:
            plan = RowPlan(smooth, whole, kernel_of(loss), batches, "sgd", ridge, l1, settings.average)
            x = self._by_kernel(plan, weights, x, rate)
        else:
            x = self._in_numpy(smooth, whole, batches, weights, x, method, rate, settings.average)
        state["x"] = x
        state["updates"] += batches.steps
        state["blocks"] += 1
        return state["mean"][:-1].copy() if settings.average else x

    def _by_kernel(self, plan: RowPlan, weights: np.ndarray, x: np.ndarray, rate: Schedule) -> np.ndarray:
        engine = RowEpochs(plan, x, rate, plan.batches.steps)
        engine.weights, engine.done = weights, self.state["updates"]
        if plan.average and self.state["mean"].size:
            engine.mean = self.state["mean"].copy()
        while engine.k < plan.batches.steps:
            engine.advance(plan.batches.steps)
        self.state["mean"] = engine.mean
        return engine.x

    def _in_numpy(
        self,
        smooth: RowsObjective,
        whole: Any,
        batches: Batches,
        weights: np.ndarray,
        x: np.ndarray,
        method: Any,
        rate: Any,
        average: bool,
    ) -> np.ndarray:
        if isinstance(method, Method):
            method = method.laid_out(Layout(Leaf("array", (x.size,), 0), x.size, x.dtype))
        some = SomeRows(smooth, whole)
        some.weights = weights
        done = self.state["updates"]
        at = EagerBatches(some, batches, x.dtype)
        engine = EagerEngine(whole, x, method, rate, lambda k: at(max(0, int(k) - done) % batches.steps))
        engine.start()
        started = engine.carry
        if self.state["carry"] and started is not None:
            engine.restore(self.state["carry"])
            engine.carry = engine.carry._replace(point=started.point) if engine.carry is not None else None
        points = engine.advance(batches.steps).x
        while len(points) < batches.steps:
            points = np.concatenate([points, engine.advance(batches.steps - len(points)).x])
        self.state["carry"] = engine.state()
        if average:
            self._average(points, done)
        return points[-1]

    def _average(self, points: np.ndarray, done: int) -> None:
        """Take points into the mean: the t-th of all counts t times."""
        before = self.state["mean"] if self.state["mean"].size else np.zeros(points.shape[1] + 1)
        places = np.arange(done + 1.0, done + len(points) + 1)
        last = done + len(points)
        mean = (before[:-1] * (done * (done + 1) / 2) + places @ points) / (last * (last + 1) / 2)
        self.state["mean"] = np.append(mean, last)


def _check(settings: Settings) -> None:
    for name, given in (
        ("standardize", settings.standardize),
        ("validation_fraction", settings.validation_fraction is not None),
    ):
        if given:
            raise InputError(
                f"{name} must be left out for partial_fit; got {getattr(settings, name)}. The rows to come are not "
                "known. Use fit, or prepare the blocks yourself."
            )
