"""`descend`: the same descent as `minimize`, one step at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from fallline.descent.task import Task, prepare
from fallline.methods import UpdateRule
from fallline.penalties import Penalty
from fallline.stopping import Rule
from fallline.trace import Record, Result, StopReason, Trace

__all__ = ["Descent", "descend"]


class Descent(Iterator[Record]):
    """A descent that takes its next step when asked for the next record; made by `fallline.descend`.

    Examples
    --------
    >>> import fallline as fl
    >>> steps = fl.descend(lambda theta: theta**2, 3.0, learning_rate=0.25)
    >>> [next(steps).x for _ in range(3)]
    [3.0, 1.5, 0.75]
    >>> steps.result.nit
    2
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        with np.errstate(all="ignore"):
            self._objective = task.objective()
        self._loop = task.loop(self._objective)
        self._steps = self._loop.steps(task.most, longest=1)

    def __next__(self) -> Record:
        """Take one step and return it; the first record is the start."""
        with np.errstate(all="ignore"):
            rows = next(self._steps)
        return Trace(rows, self._task.layout)[-1]

    @property
    def result(self) -> Result:
        """What `minimize` would return of the steps taken so far: the best point, verified and diagnosed.

        Raises
        ------
        RuntimeError
            Where not even the start has been asked for.
        """
        if self._loop.before is None:
            raise RuntimeError("a descent has a result once its first record was asked for. Write next(steps), say.")
        with np.errstate(all="ignore"):
            return self._task.result(self._loop.finish(StopReason.CALLBACK), self._objective, self._loop)


def descend(
    fun: Callable[..., Any],
    x0: Any,
    *,
    args: tuple[Any, ...] = (),
    data: tuple[Any, ...] | None = None,
    gradient: Callable[..., Any] | bool | Literal["auto", "finite-differences"] = "auto",
    method: str | UpdateRule = "auto",
    learning_rate: Any = None,
    bounds: Any = None,
    penalty: Penalty | None = None,
    tolerance: float | None = None,
    stopping: Rule | None = None,
    max_iterations: int = 10_000,
    batch_size: int | None = None,
    epochs: int | None = None,
    seed: int = 0,
    record: Literal["all", "thin", "ends"] = "all",
    check_gradient: bool = True,
) -> Descent:
    """Descend step by step: ``for record in descend(fun, x0): …`` goes on until the run stops, or you do.

    The steps are those of `fallline.minimize`, bit for bit, but each is taken only when it is asked for. The first
    record is the start.

    Parameters
    ----------
    fun, x0, args, data, gradient, method, learning_rate, bounds, penalty, tolerance, stopping, max_iterations, \
batch_size, epochs, seed, record, check_gradient
        As in `fallline.minimize`.

    Returns
    -------
    Descent
        An iterator of `Record`; its `result` is that of the steps taken so far, verified and diagnosed. Left before
        the run has stopped by itself, it has the reason ``callback``.

    Raises
    ------
    InputError, InputTypeError, DataError
        Where an argument cannot be used; all before the first step.

    Examples
    --------
    >>> import fallline as fl
    >>> steps = fl.descend(lambda theta: theta**2, 3.0, learning_rate=0.3)
    >>> for record in steps:
    ...     if record.fun < 1e-3:
    ...         break
    >>> record.iteration, steps.result.reason.value
    (5, 'callback')
    """
    task = prepare(
        fun=fun,
        x0=x0,
        args=args,
        data=data,
        gradient=gradient,
        method=method,
        learning_rate=learning_rate,
        bounds=bounds,
        penalty=penalty,
        tolerance=tolerance,
        stopping=stopping,
        max_iterations=max_iterations,
        batch_size=batch_size,
        epochs=epochs,
        seed=seed,
        record=record,
        progress=False,
        check_gradient=check_gradient,
    )
    return Descent(task)
