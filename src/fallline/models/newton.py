"""The method behind ``method="auto"``: descent in the metric of the cost's own curvature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fallline.data.moments import longest_row
from fallline.data.sparse import is_sparse
from fallline.models.sampling import Sample, sample_of
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_metric import Metric, metric_at
from fallline.objectives.rows_reach import largest_change

__all__ = ["Metrics", "Newton", "worth_sampling"]


SAMPLED = 16_384
"""Rows whose Hessian stands for that of a long table, far from the minimum."""

WORTH_SAMPLING = 1e9
"""Operations of a Hessian from which a sample is worth its iterations."""

WORTH_A_BOUND = 1e7
"""Operations of a Hessian from which that of a point nearby, with a bound on the change, is better than its own."""

SHORT = 1.0
"""A change of the predictors up to which a Hessian nearby tells enough: it loses a factor ``exp`` of it."""

NEAR = 0.3
"""A change of a row's predictor by the whole step left from which on a bound suffers."""

WIDE = 320
"""Parameters from which the Hessian of all rows costs more than the steps that it saves."""

FAR = 100.0
"""How many times the wanted gap a point must be above the minimum for a sampled Hessian to do."""

MARKS = 0.1
"""How far the decrement falls before the Hessian is sampled anew."""

RENEWALS = 4

MEMORY = 20

PATIENCE = 40
"""Steps by sampled Hessians after which exact ones are used in any case."""

EPS = float(np.finfo(float).eps)

Pairs = tuple[tuple[np.ndarray, np.ndarray], ...]


class Metrics:
    """The metric of an objective's Hessian wherever it is asked for; the last ones are kept.

    Parameters
    ----------
    objective : RowsObjective
    centre : array, shape (d,)
        The columns' means.
    wanted : float
        The gap at which a fit is to stop.
    constant : Metric, optional
        The metric of every point, where the loss is quadratic.
    spread : array, shape (d,), optional
        The columns' spreads: with them, long tables are sampled.
    """

    def __init__(
        self,
        objective: RowsObjective,
        centre: np.ndarray,
        wanted: float,
        constant: Metric | None = None,
        spread: np.ndarray | None = None,
    ) -> None:
        self.objective, self.centre, self.wanted, self.constant = objective, centre, wanted, constant
        self.sample: Sample | None = None
        if constant is None and spread is not None and worth_sampling(objective):
            self.sample = sample_of(objective.rows, centre, spread, SAMPLED)
        self._exact: tuple[np.ndarray, Metric] | None = None
        self._last: Metric | None = None
        self._longest: float | None = None
        self._drawn: tuple[np.ndarray, Metric] | None = None
        self._shrunk: tuple[Metric, float] | None = None
        self._least: tuple[Metric, float] | None = None
        # whether a Hessian, or how far rows reach in it, costs more than some steps
        self.large = objective.rows.cells * objective.size >= WORTH_A_BOUND

    def at(self, x: np.ndarray) -> Metric:
        """Return the metric at `x`."""
        metric = self.known(x)
        if metric is None:
            metric = self.measured(x, exact=True)
            self._last = metric
            self._exact = x.copy(), metric
        return metric

    def measured(self, x: np.ndarray, *, exact: bool) -> Metric:
        """Return the metric at `x` of all rows, or about it, of those sampled; it is not kept."""
        if exact or self.sample is None:
            return metric_at(self.objective, x, self.centre)
        coarse = self.objective.size > WIDE
        return metric_at(self._over(self.sample.rows), x, self.centre, coarse=coarse)

    def state(self) -> tuple[np.ndarray | None, np.ndarray | None, bool]:
        """Return where the metrics kept were measured, of all rows and of those sampled, and which is the last."""
        exact, drawn = (None if kept is None else kept[0] for kept in (self._exact, self._drawn))
        return exact, drawn, self._exact is not None and self._last is self._exact[1]

    def restore(self, state: Any) -> None:
        """Measure the metrics again that another one had kept."""
        exact, drawn, exact_is_last = state
        self._drawn = None if drawn is None else (drawn, self.measured(drawn, exact=False))
        self._exact = None if exact is None else (exact, self.measured(exact, exact=True))
        kept = self._exact if exact_is_last else self._drawn
        self._last = None if kept is None else kept[1]

    def known(self, x: np.ndarray) -> Metric | None:
        """Return the metric at `x` where it has been measured."""
        if self.constant is not None:
            return self.constant
        return self._exact[1] if self._exact is not None and np.array_equal(self._exact[0], x) else None

    def below(self, x: np.ndarray) -> Metric:
        """Return a metric that is nowhere longer than the one at `x`: that one, or what a known one nearby proves.

        Over a step that changes no predictor by more than `r` the Hessian of a self-concordant loss shrinks by no more
        than ``exp(-r)``.
        """
        objective, known = self.objective, self._exact
        if self.constant is None and known is not None and self.large and objective.loss.concordant:
            change = largest_change(objective, x - known[0])
            if 0 < change <= SHORT:
                self._shrunk = known[1].shrunk(float(np.exp(-change))), float(np.exp(-change))
                return self._shrunk[0]
        return self.at(x)

    def guide(self, x: np.ndarray) -> Metric:
        """Return a metric that tells well enough whether `x` is worth a look: the last one, where one is dear."""
        if self.large and self._last is not None:
            return self._last
        return self.sampled(x)

    def least_reach(self, metric: Metric) -> float:
        """Return a number that the reach of a metric is not below, from the rows far out; 0 where none are known."""
        if self.sample is None or self.wide:
            return 0.0
        if self._least is None or self._least[0] is not metric:
            self._least = metric, metric.furthest(self._over(self.sample.far))
        return self._least[1]

    def finished(self, x: np.ndarray) -> Metric:
        """Return a metric that tells which directions bend at `x`, none being formed for it where that is dear."""
        return self.guide(x) if self.wide else self.below(x)

    def _plain_reach(self, metric: Metric) -> float:
        """Return a bound on the reach of a metric that is nowhere shorter than the ridge."""
        if self._longest is None:
            self._longest = longest_row(self.objective.rows, metric.centre, np.ones(len(self.centre)))
        ridge, count = self.objective.ridge, self.objective.coefficients
        least = float(ridge.strength.min()) if ridge is not None else 0.0
        offset = float(np.sum(metric.root[count:] ** 2))
        return float(np.sqrt(2 * (self._longest**2 / least + offset)))

    def reach(self, metric: Metric, gradient: np.ndarray, *, sparing: bool = False) -> float | None:
        """Return the most that a row's predictor changes over a step of length one; None where it is dear to tell.

        A `sparing` measure may be infinite where some steps more would make it cheap.
        """
        if self.wide and self.objective.outputs == 1:
            return self._plain_reach(metric)
        single = self.objective.outputs == 1 and not is_sparse(self.objective.rows.block(0).X)
        if self._exact is None or not self.large or not single:
            return None
        measured = {id(self._exact[1]): 1.0}
        if self._shrunk is not None:
            measured[id(self._shrunk[0])] = self._shrunk[1]
        if id(metric) not in measured:
            return None
        enough = NEAR / max(metric.decrement(gradient), 1e-300)
        return metric.within(self.objective, self._exact[0], measured[id(metric)], enough, sparing=sparing)

    def sampled(self, x: np.ndarray) -> Metric:
        """Return about the metric at `x`, from a sample where there is one."""
        if self.sample is None:
            return self.at(x)
        if self._drawn is None or not np.array_equal(self._drawn[0], x):
            self._drawn = x.copy(), self.measured(x, exact=False)
        self._last = self._drawn[1]
        return self._last

    def partial(self, x: np.ndarray) -> Metric | None:
        """Return a metric that is nowhere longer than the one at `x`: that of the sampled rows alone."""
        if self.sample is None or not self.wide:
            return None
        part = self._over(self.sample.plain)
        part.total = self.objective.total
        return metric_at(part, x, self.centre)

    @property
    def slack(self) -> float:
        """How many times a gap a bound on it is to be expected."""
        return self.objective.rows.count / self.sample.plain.count if self.sample is not None and self.wide else 1.0

    @property
    def wide(self) -> bool:
        """Whether the Hessian of all rows is best never formed."""
        return self.sample is not None and self.objective.size > WIDE and self.objective.penalised

    def _over(self, rows: Any) -> RowsObjective:
        whole = self.objective
        part = RowsObjective(rows, whole.loss, outputs=whole.outputs, ridge=whole.ridge, intercept=whole.intercept)
        part.bends_often = whole.bends_often
        return part


class _Memory(NamedTuple):
    """What the next step depends on.

    The number of steps taken; the last point and its gradient; the steps and changes of the gradient remembered; the
    metric in use, whether it is that of all rows, how often it was renewed, and the decrement at which it will be; and
    where the metric was measured.
    """

    steps: int
    x: np.ndarray | None = None
    gradient: np.ndarray | None = None
    pairs: Pairs = ()
    metric: Metric | None = None
    exact: bool = False
    renewed: int = 0
    mark: float = 0.0
    measured: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Newton:
    """Newton's method: ``direction = H⁺ gradient``, the Hessian H being that of the rows at `x`.

    With a rate of 1 a squared loss is minimised in one step, whatever the scales of the columns. On a long table H is
    that of a sample at first, which limited-memory updates correct by what the steps tell of all rows; it is sampled
    anew as the decrement falls, and replaced by that of all rows near the minimum, where that pays.

    Parameters
    ----------
    metrics : Metrics
    minimiser : array, shape (size,), optional
        Of a quadratic cost, where it is known better than the Hessian: the step leads there.

    References
    ----------
    S. Boyd and L. Vandenberghe, *Convex Optimization*, 2004, section 9.5; R. Byrd, G. Chin, W. Neveitt and J. Nocedal,
    "On the use of stochastic Hessian information in optimization methods for machine learning", 2011; J. Nocedal and
    S. Wright, *Numerical Optimization*, 2006, algorithm 7.4, its first matrix being the sampled one's inverse.
    """

    metrics: Metrics
    minimiser: np.ndarray | None = None

    def init(self, x: Any) -> _Memory:
        return _Memory(0)

    def update(self, gradient: Any, state: _Memory, x: Any) -> tuple[Any, _Memory]:
        if self.minimiser is not None:
            return x - self.minimiser, _Memory(state.steps + 1)
        metrics, next_state = self.metrics, _Memory(state.steps + 1)
        if state.steps == 0 and not x.any() and np.isinf(metrics.objective.loss.steepest):
            # from zero a link with no steepest curvature would be far beyond its quadratic
            return x - _constant(metrics.objective), next_state
        if metrics.sample is None:
            return metrics.at(x).solve(gradient), next_state
        metric, state = self._renewed(_remembering(state, gradient, x), gradient, x)
        return _direction(metric, state.pairs, gradient), state._replace(steps=state.steps + 1, x=x, gradient=gradient)

    def saved(self, state: _Memory) -> list[np.ndarray]:
        """Return the arrays from which `restored` makes a state."""
        numbers = [np.array(part) for part in (state.steps, state.exact, state.renewed, state.mark)]
        points = [np.zeros(0) if part is None else part for part in (state.x, state.gradient, state.measured)]
        return [*numbers, *points, np.array(state.pairs)]

    def restored(self, state: _Memory, saved: list[np.ndarray], x: np.ndarray) -> _Memory:
        """Return the state that was `saved`; the metric is measured again where it was."""
        steps, exact, renewed, mark, last, gradient, measured, pairs = saved
        metric = self.metrics.measured(measured, exact=bool(exact)) if measured.size else None
        return _Memory(
            int(steps),
            last if last.size else None,
            gradient if gradient.size else None,
            tuple((step, change) for step, change in pairs),
            metric,
            bool(exact),
            int(renewed),
            float(mark),
            measured if measured.size else None,
        )

    def _renewed(self, state: _Memory, gradient: np.ndarray, x: np.ndarray) -> tuple[Metric, _Memory]:
        """Return the metric that suits the point, and the state with it."""
        metrics, metric = self.metrics, state.metric
        decrement = np.inf if metric is None else metric.decrement(gradient)
        if metric is None or (not state.exact and decrement <= state.mark and state.renewed < RENEWALS):
            metric = metrics.sampled(x)
            decrement = metric.decrement(gradient)
            # a wide one is dear: it is renewed less often
            mark = MARKS ** (1 + (metrics.wide and state.renewed > 0))
            state = state._replace(metric=metric, renewed=state.renewed + 1, mark=mark * decrement, measured=x)
        near = 0.5 * decrement**2 <= FAR * metrics.wanted and not metrics.wide
        # a Hessian whose bound would not reach to the minimum is not worth its price
        near = near and decrement * metrics.least_reach(metric) <= SHORT
        if near or state.exact or state.steps >= PATIENCE:
            if not (state.exact and decrement <= state.mark):
                metric = metrics.at(x)
                decrement = metric.decrement(gradient)
                state = state._replace(metric=metric, exact=True, pairs=(), measured=x)
            state = state._replace(mark=MARKS * decrement)
        return metric, state


def _remembering(state: _Memory, gradient: np.ndarray, x: np.ndarray) -> _Memory:
    """Return the state with the last step among its pairs."""
    if state.x is None or state.gradient is None:
        return state
    step, change = x - state.x, gradient - state.gradient
    if not step @ change > EPS * np.linalg.norm(step) * np.linalg.norm(change):
        return state
    return state._replace(pairs=(*state.pairs, (step, change))[-MEMORY:])


def _direction(metric: Metric, pairs: Pairs, gradient: np.ndarray) -> np.ndarray:
    """Return the metric's inverse, corrected by the pairs, times the gradient."""
    turned, shares = gradient.copy(), []
    for step, change in reversed(pairs):
        share = float(step @ turned) / float(step @ change)
        turned -= share * change
        shares.append(share)
    direction = metric.solve(turned)
    for (step, change), share in zip(pairs, reversed(shares), strict=True):
        direction += (share - float(change @ direction) / float(step @ change)) * step
    return direction


def _constant(objective: RowsObjective) -> np.ndarray:
    """Return the parameters of the best constant predictions, shape (size,); zeros without an intercept."""
    x = np.zeros(objective.size)
    if objective.intercept:
        x[objective.coefficients :] = objective.best_constant()
    return x


def worth_sampling(objective: RowsObjective) -> bool:
    """Tell whether a sample of the rows pays and leaves many of them for each parameter."""
    rows, size = objective.rows, objective.size
    dense = rows.crowded and not is_sparse(rows.block(0).X)
    return dense and rows.count * size**2 >= WORTH_SAMPLING and rows.count >= 3 * SAMPLED >= 60 * rows.columns
