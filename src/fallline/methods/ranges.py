"""Which values a hyperparameter may have; every other is refused by the error template."""

from __future__ import annotations

from math import inf
from numbers import Real

from fallline.errors import InputError, InputTypeError, shown

__all__ = ["check_betas", "check_growth", "check_not_negative", "check_positive", "check_share", "check_whole"]


def check_positive(name: str, value: object, why: str) -> None:
    """Refuse what is not a finite number above 0."""
    if not 0 < _number(name, value) < inf:
        raise InputError(f"{name} must be above 0 and finite; got {value!r}. {why}")


def check_growth(name: str, value: object, why: str) -> None:
    """Refuse what is not a number above 1; infinite is no bound."""
    if not _number(name, value) > 1:
        raise InputError(f"{name} must be above 1; got {value!r}. {why}")


def check_not_negative(name: str, value: object, why: str) -> None:
    """Refuse what is not a finite number of at least 0."""
    if not 0 <= _number(name, value) < inf:
        raise InputError(f"{name} must be at least 0 and finite; got {value!r}. {why}")


def check_share(name: str, value: object, why: str) -> None:
    """Refuse what is not a number in [0, 1)."""
    if not 0 <= _number(name, value) < 1:
        raise InputError(f"{name} must be at least 0 and below 1; got {value!r}. {why}")


def check_whole(name: str, value: object, least: int, why: str) -> None:
    """Refuse what is not a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InputError(f"{name} must be a whole number of at least {least}; got {shown(value)}. {why}")


def check_betas(betas: object) -> None:
    """Refuse what is not a pair of numbers in [0, 1)."""
    pair = betas if isinstance(betas, tuple) and len(betas) == 2 else (inf, inf)
    if not all(0 <= _number("betas", beta) < 1 for beta in pair):
        raise InputError(
            f"betas must be a tuple of two numbers, each at least 0 and below 1; got {shown(betas)}. They are the "
            "shares of two averages that are kept at a step, and an average must fade. Write (0.9, 0.999), say."
        )


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise InputTypeError(
            f"{name} must be a number; got {shown(value)} ({type(value).__name__}). It enters a formula."
        )
    return float(value)
