"""Methods inside SciPy: what ``scipy.optimize.minimize(fun, x0, method=fallline.methods.Adam())`` calls."""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fallline.descent.minimize import minimize
from fallline.descent.rates import resolve_rate
from fallline.descent.task import PATIENCE
from fallline.errors import InputError, shown
from fallline.methods import Method
from fallline.steps import StepRule
from fallline.stopping import GradientBelow, NoImprovement, Rule
from fallline.trace import Record, Result, StopReason

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

__all__ = ["minimize_in_scipy"]

OPTIONS = ("tol", "gtol", "maxiter", "disp", "return_all")
OWN_OPTIONS = ("learning_rate", "tolerance", "stopping", "max_iterations", "check_gradient")

STOPPED = 99
STATUS = {
    StopReason.MAX_ITERATIONS: 1,
    StopReason.TIME_LIMIT: 1,
    StopReason.NO_PROGRESS: 2,
    StopReason.DIVERGED: 3,
    StopReason.NOT_FINITE: 3,
    StopReason.UNBOUNDED: 3,
}
"""SciPy's numbers for a run that is no success, as its BFGS gives them; 4 stands for a rule that stopped too early."""


def minimize_in_scipy(
    method: Method,
    fun: Callable[..., Any],
    x0: Any,
    *,
    args: Any,
    jac: Any,
    hess: Any,
    hessp: Any,
    bounds: Any,
    constraints: Any,
    callback: Callable[..., Any] | None,
    options: Mapping[str, Any],
) -> OptimizeResult:
    """Minimise as SciPy asks for it, and answer as SciPy does; the arguments are those of `Method.__call__`.

    Raises
    ------
    InputError
        Where there are constraints.
    """
    _refuse_constraints(constraints)
    _warn_of_what_is_not_used(method, hess, hessp, options)
    start = _start(x0)
    pairs = None if bounds is None else _pairs(bounds, start.size)
    if pairs is not None:
        # like SciPy's own: a start outside, as basinhopping makes them, is moved to the bounds
        start = np.clip(start, *np.array(pairs).T)
    watcher = None if callback is None else _Watcher(callback)
    result = minimize(
        fun,
        start,
        args=args if isinstance(args, tuple) else (args,),
        gradient=jac if callable(jac) or jac is True else "auto",
        method=method,
        learning_rate=options.get("learning_rate"),
        bounds=pairs,
        tolerance=options.get("tolerance"),
        stopping=_stopping(method, options),
        max_iterations=_most(options),
        callback=watcher,
        progress=False,
        record="all" if options.get("return_all") or watcher is not None else "thin",
        check_gradient=options.get("check_gradient", True),
    )
    answer = _answer(result, watcher is not None and watcher.stopped)
    if options.get("return_all"):
        answer.allvecs = list(result.trace.flat_x)
    if options.get("disp"):
        sys.stdout.write(f"{result}\n")
    return answer


def _most(options: Mapping[str, Any]) -> int:
    """Return how many iterations are allowed; None is SciPy's way to say as many as usual."""
    given = options.get("max_iterations", options.get("maxiter"))
    return 10_000 if given is None else given


class _Watcher:
    """Shows SciPy's callback each new point, in the form that its signature asks for."""

    def __init__(self, callback: Callable[..., Any]) -> None:
        self.callback, self.stopped = callback, False
        try:
            self.takes_result = set(inspect.signature(callback).parameters) == {"intermediate_result"}
        except (TypeError, ValueError):  # some built-in functions have no signature
            self.takes_result = False

    def __call__(self, record: Record) -> bool:
        from scipy.optimize import OptimizeResult

        if record.iteration == 0:
            return False
        try:
            if self.takes_result:
                self.callback(intermediate_result=OptimizeResult(x=record.x, fun=record.fun))
            else:
                self.callback(record.x)
        except StopIteration:
            self.stopped = True
        return self.stopped


def _refuse_constraints(constraints: Any) -> None:
    if constraints is None or (isinstance(constraints, (tuple, list)) and not constraints):
        return
    raise InputError(
        f"constraints must be left out with fallline's methods; got {shown(constraints)}. They know bounds only. "
        "Use bounds, or SciPy's own method='SLSQP'."
    )


def _warn_of_what_is_not_used(method: Method, hess: Any, hessp: Any, options: Mapping[str, Any]) -> None:
    from scipy.optimize import OptimizeWarning

    # the caller of scipy.optimize.minimize, above this, the caller of it, the method and SciPy
    level = 5
    unknown = [name for name in options if name not in (*OPTIONS, *OWN_OPTIONS)]
    if unknown:
        warnings.warn(f"Unknown solver options: {', '.join(unknown)}", OptimizeWarning, stacklevel=level)
    for name, given in (("Hessian", hess), ("Hessian-vector product", hessp)):
        if given is not None:
            warnings.warn(
                f"Method {type(method).__name__} does not use {name} information.", RuntimeWarning, stacklevel=level
            )


def _start(x0: Any) -> np.ndarray:
    """Return the start as SciPy's own methods take it: one axis, and real."""
    start = np.atleast_1d(np.asarray(x0)).ravel()
    return start.astype(np.float64) if start.dtype.kind in "iub" else start


def _pairs(bounds: Any, size: int) -> list[tuple[float, float]]:
    """Return SciPy's bounds, a `Bounds` or pairs in which None stands for none, as pairs of numbers."""
    from scipy.optimize import Bounds

    if isinstance(bounds, Bounds):
        low, high = (np.broadcast_to(np.asarray(side, dtype=float), size) for side in (bounds.lb, bounds.ub))
        return list(zip(low.tolist(), high.tolist(), strict=True))
    pairs = [(-np.inf if low is None else float(low), np.inf if high is None else float(high)) for low, high in bounds]
    if len(pairs) != size:
        raise InputError(
            f"bounds must be one pair for each parameter; got {len(pairs)} for {size}. Each has its own. "
            "Write (None, None) where there are none."
        )
    return pairs


def _stopping(method: Method, options: Mapping[str, Any]) -> Rule | None:
    """Return the rule that SciPy's ``tol`` or ``gtol`` asks for, where no other is given."""
    threshold = options.get("gtol", options.get("tol"))
    if options.get("stopping") is not None or options.get("tolerance") is not None or threshold is None:
        return options.get("stopping")
    rule = GradientBelow(float(threshold))
    # below rounding no gradient becomes smaller, and a line search would try in vain for ever
    measures = isinstance(resolve_rate(options.get("learning_rate"), method), StepRule)
    return rule | NoImprovement(PATIENCE) if measures else rule


def _answer(result: Result, stopped: bool) -> OptimizeResult:
    from scipy.optimize import OptimizeResult

    error = next((finding for finding in result.diagnosis if finding.severity == "error"), None)
    why = result.message if error is None else f"{error.message} {error.remedy}"
    status = STOPPED if stopped else 0 if result.success else STATUS.get(result.reason, 4)
    return OptimizeResult(
        x=np.asarray(result.x),
        fun=result.fun,
        jac=np.asarray(result.jac),
        nit=result.nit,
        nfev=result.nfev,
        njev=result.njev,
        status=status,
        success=status == 0,
        message="`callback` raised `StopIteration`." if stopped else why,
        fallline=result,
    )
