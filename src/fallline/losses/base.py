"""What a loss is: three formulas in the linear predictor `z`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

__all__ = ["Loss"]


class Loss(ABC):
    """The loss of one prediction `z` for one target `y`, written once.

    The three formulas are static, pure and elementwise in NumPy (a loss over several outputs: by rows), so that the
    same text serves arrays and, compiled by Numba, single rows. They must not overflow for ``|z| <= 1e4``.

    Attributes
    ----------
    name : str
        The name in ``loss="…"``.
    task : {"regression", "classification"}
        What the targets are: numbers, or classes numbered from 0.
    steepest : float
        The largest curvature over all `z`.
    quadratic : bool
        Whether the curvature is the same everywhere.
    multiple : bool
        Whether there is one predictor for each class: `z` of shape (n, classes).
    """

    name: ClassVar[str]
    task: ClassVar[Literal["regression", "classification"]]
    steepest: ClassVar[float]
    quadratic: ClassVar[bool] = False
    multiple: ClassVar[bool] = False

    @staticmethod
    @abstractmethod
    def value(y: Any, z: Any) -> Any:
        """Return the loss, shape (n,)."""

    @staticmethod
    @abstractmethod
    def derivative(y: Any, z: Any) -> Any:
        """Return the derivative of the loss in `z`, of the shape of `z`."""

    @staticmethod
    @abstractmethod
    def curvature(y: Any, z: Any) -> Any:
        """Return the second derivative of the loss in `z`: (n,), or (n, classes, classes)."""

    @staticmethod
    @abstractmethod
    def constant(y: Any, weights: Any) -> Any:
        """Return the constant prediction of least cost, one number for each output."""
