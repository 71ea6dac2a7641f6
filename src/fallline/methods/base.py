"""What a method is: hyperparameters in a frozen dataclass, a first state, and a pure update."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

from fallline.errors import InputError

__all__ = ["Method", "UpdateRule", "require"]


@runtime_checkable
class UpdateRule(Protocol):
    """The two functions that make a method of the user's own; the step taken is ``x - rate * direction``."""

    def init(self, x: Any) -> Any:
        """Return the first state for parameters like `x`, shape (d,)."""
        ...

    def update(self, gradient: Any, state: Any, x: Any) -> tuple[Any, Any]:
        """Return the direction, shape (d,), and the next state; nothing given is changed."""
        ...


@dataclass(frozen=True, kw_only=True)
class Method(ABC):
    """A method of fallline's own.

    Attributes
    ----------
    learning_rate : float, schedule, step rule or None
        The rate to use; None for the method's default, `default_rate`.
    """

    name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    default_rate: ClassVar[Any] = None

    learning_rate: Any = None

    @abstractmethod
    def init(self, x: Any) -> Any:
        """Return the first state for parameters like `x`, shape (d,)."""

    @abstractmethod
    def update(self, gradient: Any, state: Any, x: Any) -> tuple[Any, Any]:
        """Return the direction, shape (d,), and the next state; the step taken is ``x - rate * direction``."""

    def stable_rate(self, curvature: float) -> float | None:
        """Return the largest fixed rate that is stable at this curvature (the Hessian's largest eigenvalue).

        None where the method has no such limit.
        """
        return None


def require(holds: bool, name: str, rule: str, got: object, why: str) -> None:
    """Refuse a hyperparameter by the error template unless `holds`."""
    if not holds:
        raise InputError(f"{name} must be {rule}; got {got!r}. {why}")
