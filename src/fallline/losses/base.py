"""What a loss is: three formulas in the linear predictor `z`, and their convex conjugate."""

from __future__ import annotations

import inspect
import numbers
from abc import ABC, abstractmethod
from collections import namedtuple
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NoReturn

import numpy as np

from fallline.errors import DataError, InputError, shown

__all__ = ["Loss"]


@dataclass(frozen=True)
class Loss(ABC):
    """The loss of one prediction `z` for one target `y`, convex in `z`, written once.

    A loss is a frozen dataclass whose fields are its parameters, all numbers. The formulas `value`, `derivative` and
    `curvature` are pure and elementwise in NumPy (a loss over several outputs: by rows) and read nothing of `self` but
    the parameters, so that the same text serves arrays and, compiled by Numba with `parameters` for `self`, single
    rows: once, whatever the parameters' values. They must not overflow for ``|z| <= 1e4``.

    Attributes
    ----------
    name : str
        The name in ``loss="…"``.
    task : {"regression", "classification"}
        What the targets are: numbers, or classes numbered from 0.
    steepest : float
        The largest curvature over all `z`; infinite where there is none.
    smooth : bool
        Whether the derivative is continuous. Where it jumps, `derivative` is one of the slopes between, 0 if that is.
    concordant : bool
        Whether the loss is generalised self-concordant: ``|loss'''| <= loss''``.
    quadratic : bool
        Whether the curvature is the same everywhere.
    multiple : bool
        Whether there is one predictor for each class: `z` of shape (n, classes).
    invariant : bool
        Whether a shift of all predictors of a row alike changes nothing.
    separate : bool
        Whether it is a sum over the predictors of a row, each by itself: the curvature has no parts between them.
    demand : tuple of str
        What the targets must do, and why, for the error that refuses others.
    """

    name: ClassVar[str]
    task: ClassVar[Literal["regression", "classification"]]
    steepest: ClassVar[float]
    smooth: ClassVar[bool] = True
    concordant: ClassVar[bool] = False
    quadratic: ClassVar[bool] = False
    multiple: ClassVar[bool] = False
    invariant: ClassVar[bool] = False
    separate: ClassVar[bool] = False
    demand: ClassVar[tuple[str, str]] = "hold finite numbers", "Rows are counted from 0. Fill it or leave the row out."
    Parameters: ClassVar[Any]

    def __init_subclass__(cls) -> None:
        # a class of its own, found by its place: Numba's cache knows it again in another process. Its name is its own
        # as well: two of one name and the same fields Numba mistakes for each other, at 26 µs a call until it sees that
        cls.Parameters = namedtuple(f"{cls.__name__}Parameters", list(inspect.get_annotations(cls)))
        cls.Parameters.__module__, cls.Parameters.__qualname__ = cls.__module__, f"{cls.__qualname__}.Parameters"

    @property
    def parameters(self) -> Any:
        """The parameters as a named tuple of floats, which stands for `self` in compiled formulas."""
        return self.Parameters(*map(float, vars(self).values()))

    @abstractmethod
    def value(self, y: Any, z: Any) -> Any:
        """Return the loss, shape (n,)."""

    @abstractmethod
    def derivative(self, y: Any, z: Any) -> Any:
        """Return the derivative of the loss in `z`, of the shape of `z`."""

    def value_and_derivative(self, y: Any, z: Any) -> tuple[Any, Any]:
        """Return both, which may cost less than one after the other."""
        return self.value(y, z), self.derivative(y, z)

    @abstractmethod
    def curvature(self, y: Any, z: Any) -> Any:
        """Return the second derivative of the loss in `z`: (n,), or (n, classes, classes)."""

    def turn(self, y: Any, z: Any, change: Any) -> Any:
        """Return the curvature times a change of the predictors, both of the shape of `z`."""
        return self.curvature(y, z) * change

    @abstractmethod
    def constant(self, y: Any, weights: Any) -> Any:
        """Return the constant prediction of least cost, one number for each output."""

    @abstractmethod
    def conjugate(self, y: Any, u: Any) -> Any:
        """Return the convex conjugate ``sup_z (u·z - loss(y, z))``, shape (n,), for slopes `u` of its domain.

        At ``u = derivative(y, z)`` it is ``u·z - value(y, z)``, and nowhere less: with it any dual point bounds the
        cost from below (R. Rockafellar, *Convex Analysis*, 1970, section 12 and theorem 31.1).
        """

    @abstractmethod
    def project(self, y: Any, u: Any) -> Any:
        """Return the slopes nearest to `u` in the domain of the conjugate, of the shape of `u`."""

    def mean(self, z: Any) -> Any:
        """Return what a predictor stands for in the target's units, of the shape of `z`: itself, but for a link."""
        return z

    def steepness(self, cost: float, target: float) -> float:
        """Return a number that the mean of ``|derivative|`` does not exceed, infinite where none is known.

        `cost` is the mean of the loss, and `target` that of the targets: ``derivative² <= 2·steepest·value`` for any
        loss that is nowhere below zero.
        """
        return float(np.sqrt(2 * self.steepest * cost)) if cost > 0 else 0.0

    def parts(self, y: Any) -> tuple[tuple[Any, Any, Any, Any], ...]:
        """Return what a loss of straight pieces is the sum of, none where it has no such form.

        Each part is the largest ``u·(z - place) - softness/2·u²`` over `u` between `low` and `high`, with 0 between
        them, and is told as ``low, high, place, softness``, each of shape (n,).
        """
        return ()

    def accepts(self, y: Any) -> Any:
        """Tell of each target whether the loss has a value for it, shape (n,)."""
        return np.isfinite(y)

    def check(self, y: np.ndarray) -> None:
        """Refuse targets, shape (n,), that the loss has no value for.

        Raises
        ------
        DataError
            It names the first.
        """
        bad = np.flatnonzero(~self.accepts(y))
        if bad.size:
            rule, why = self.demand
            raise DataError(f"y must {rule} for the {self.name} loss; got {y[bad[0]]:.6g} at row {bad[0]}. {why}")

    @staticmethod
    def _is_number(value: Any) -> bool:
        return isinstance(value, numbers.Real) and not isinstance(value, bool)

    def _refuse_parameter(self, name: str, rule: str, value: Any, why: str) -> NoReturn:
        raise InputError(f"{name} must be {rule}; got {shown(value)}. {why}")
