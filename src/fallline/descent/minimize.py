"""`minimize`: a function, a start, and everything the user may say about the descent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, nullcontext
from os import PathLike
from typing import Any, Literal

import numpy as np

from fallline.descent.checkpoint import Checkpoint
from fallline.descent.problem import belied
from fallline.descent.task import Task, prepare
from fallline.methods import UpdateRule
from fallline.penalties import Penalty
from fallline.stopping import Rule
from fallline.trace import Finding, Record, Result
from fallline.trace.drawing import view

__all__ = ["minimize"]


def minimize(
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
    callback: Callable[[Record], Any] | None = None,
    progress: bool | Literal["auto"] = "auto",
    record: Literal["all", "thin", "ends"] = "all",
    check_gradient: bool = True,
    checkpoint: str | PathLike[str] | None = None,
) -> Result:
    """Minimise a function by gradient descent: a plain NumPy function, or one of JAX, torch or TensorFlow.

    Parameters
    ----------
    fun : callable
        ``fun(x, *data, *args)`` returns one number, the cost; with ``gradient=True`` the pair (cost, gradient).
    x0 : number, list of numbers, array, tensor, variable, or a dict, list or tuple of these
        The start. It picks the library: from arrays of JAX, or tensors of torch or TensorFlow, `fun` is a function of
        that library. Everything about parameters comes back in its kind and shape, tensors on their device, and `x` as
        a new variable where the start was one; the columns of the trace are NumPy's. float32 stays float32, whole
        numbers become float64.
    args : tuple
        Further arguments of `fun` and `gradient`.
    data : tuple of array, optional
        Arrays with a row for each observation, over which `fun` is a mean. They come before `args`.
    gradient : "auto", callable, True or "finite-differences"
        "auto" differentiates the NumPy code exactly and compiles it where it can; where it cannot it goes step by
        step, or by finite differences, and a finding says why. Other libraries differentiate their own functions. A
        callable ``gradient(x, *data, *args)`` is used as it is.
    method : str or method
        A name or an instance from `fallline.methods`; an optax transformation; or, from tensors, a class of
        ``torch.optim``, its settings given by ``functools.partial``. "auto" is plain gradient descent where
        `learning_rate` is given, else limited-memory BFGS with a line search, or on mini-batches Prodigy; neither needs
        tuning.
    learning_rate : float, schedule, step rule, callable, tree of float, or None
        A callable gives the rate of iteration 0, 1, …. A tree in the structure of `x0` gives each parameter a rate of
        its own (a number serves all below it); the trace then shows the largest. None leaves it to the method.
    bounds : sequence of (low, high) pairs, a pair of arrays, or scipy.optimize.Bounds; optional
        Between which each parameter stays, the bounds included, by projection; None is no bound. Two arrays (or
        tensors, trees, or lists of other than two) are the lower and the upper bounds, and one of them may be a number.
        The start must lie within.
    penalty : Penalty, optional
        From `fallline.penalties`: added to the cost, or a set to stay in, by proximal steps. `fun` in results includes
        it, `jac` does not. Optimality is verified by the proximal residual.
    tolerance : float, optional
        Stop when no parameter changes by this much in a step, as the textbooks do; optimality is verified after.
    stopping : Rule, optional
        From `fallline.stopping`, combined with ``|`` and ``&``. With neither, the run stops when the point is
        optimal: no negative curvature, and an estimated gap of at most 1e-8 of what the run has gained.
    max_iterations : int
        Iterations allowed. One iteration is one update, on mini-batches too.
    batch_size : int, optional
        Rows of `data` for an update: 1 is stochastic descent, more are mini-batches. None uses all of them. The rows of
        the trace then have the cost and slope of the batch that the next update steps on; everything said about the
        answer, which is the last point, is over all rows.
    epochs : int, optional
        Passes over `data`, instead of `max_iterations`.
    seed : int
        Settles the order of the rows, another one in each epoch.
    callback : callable, optional
        Sees each kept `Record`; returning True stops the run.
    progress : "auto" or bool
        A live line on the terminal's stderr: "auto" once a run lasts a second.
    record : {"all", "thin", "ends"}
        Keep every step (up to 64 MB, thinned evenly beyond), about a thousand, or first, best and last.
    check_gradient : bool
        Whether to compare a given gradient with the function before the first step.
    checkpoint : str or path, optional
        A file to go on from: written at the start, then about every half second, whole or not at all, and kept. The
        same call with the same file goes on where the last one was written, to the same bits as a run never killed;
        one with more iterations goes on beyond. A file of another problem, or one damaged or in use, is refused.

    Returns
    -------
    Result
        The best point seen and everything known about the run; ``success`` only where optimality was verified.

    Raises
    ------
    InputError, InputTypeError, DataError
        Where an argument cannot be used; all before the first step.
    FileError
        Where the checkpoint cannot be read or written.

    Examples
    --------
    >>> import fallline as fl
    >>> result = fl.minimize(lambda theta: theta**2, 3.0, learning_rate=0.3, tolerance=1e-5, max_iterations=20)
    >>> result.success, result.nit, result.reason.value
    (True, 15, 'small-steps')
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
        progress=progress,
        check_gradient=check_gradient,
    )
    return _made(task, callback, progress, checkpoint)


def _made(
    task: Task,
    callback: Callable[[Record], Any] | None,
    progress: bool | Literal["auto"],
    checkpoint: str | PathLike[str] | None,
) -> Result:
    """Return what became of a descent; where the plain function contradicts it, or is noisy, of one by differences."""
    line = view("live_line")(task.most, delay=0.0 if progress is True else 1.0)
    shown = line.update if progress and line.wanted else None
    file = None if checkpoint is None else Checkpoint(checkpoint)
    # what overflows or leaves a domain is told by the findings, not by NumPy's warnings
    with np.errstate(all="ignore"), closing(line), nullcontext() if file is None else closing(file):
        before = None if file is None else task.marks()
        objective = task.objective()
        saved = None
        if file is not None and before is not None:
            saved, file.problem = file.read(), task.problem(objective, before)
        if file is not None and saved is not None:
            file.check(saved)
            if saved.told:  # it had gone on with the plain function
                task.note([Finding(**each) for each in saved.told])
                objective = task.by_differences()
            if task.batches is None:
                file.check_cost(saved, objective.value)
        result = task.run(objective, callback, shown, file, saved)
        if (told := belied(objective, result)) is not None:
            task.note([told])
            objective = task.by_differences()
            result = task.run(objective, callback, shown, file)
        if noise := task.noise_met(result, objective):
            other_task, evened_out = task.evened_out(noise, result)
            result = other_task.run(evened_out, callback, shown)
        return result
