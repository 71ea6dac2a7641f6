"""How a fit is to be run, each parameter checked."""

from __future__ import annotations

import numbers
from dataclasses import dataclass
from typing import Any

import numpy as np

from fallline.descent.rates import resolve_rate
from fallline.errors import InputError, shown
from fallline.methods import GradientDescent, find

__all__ = ["Settings"]

BY_ROWS = ("sgd", "saga", "svrg")
"""Methods that go by single rows, or few."""


@dataclass(frozen=True)
class Settings:
    """How a fit is to be run: the estimators' parameters of the same names."""

    alpha: float
    fit_intercept: bool
    method: Any
    learning_rate: Any
    max_iter: int
    tol: float
    standardize: bool
    l1_ratio: float = 0.0
    batch_size: int | None = None
    validation_fraction: float | None = None
    patience: int = 5
    average: bool = False
    verbose: bool = False

    @property
    def automatic(self) -> bool:
        """Whether method and rate are left to the model."""
        return self._unnamed and self.learning_rate is None and self.batch_size is None

    def named(self) -> tuple[Any, Any]:
        """Return the method and the rate that are asked for, where they are.

        Raises
        ------
        InputError, InputTypeError
            Where there are no such.
        """
        method = GradientDescent() if self._unnamed or self.by_rows else find(self.method)
        if self.by_rows and self.learning_rate is None:
            return method, None
        return method, resolve_rate(self.learning_rate, method)

    @property
    def by_rows(self) -> str | None:
        """The method's name where it is one for rows alone, with a rate of its own; none has a class."""
        name = self.method.lower() if isinstance(self.method, str) else ""
        if self._unnamed and self.batch_size is not None and self.learning_rate is None:
            return "sgd"
        return name if name in BY_ROWS else None

    @property
    def stochastic(self) -> bool:
        """Whether an update sees some rows only."""
        return self.batch_size is not None or self.by_rows is not None

    @property
    def _unnamed(self) -> bool:
        return isinstance(self.method, str) and self.method.lower() == "auto"

    def check(self) -> None:
        """Refuse what cannot be used.

        Raises
        ------
        InputError, InputTypeError
            It names the parameter.
        """
        _require_number("alpha", self.alpha, 0, "It is the strength of a penalty. Use 0 for none.")
        _require_number("l1_ratio", self.l1_ratio, 0, "It is the share of absolute values in the penalty. Use 0.5.", 1)
        _require_number("tol", self.tol, 0, "It is a share of the constant model's cost. Use 1e-6.")
        _require_count("max_iter", self.max_iter, "It counts updates, on mini-batches epochs. The default is 1000.")
        _require_count("patience", self.patience, "It counts epochs without a lower cost on held-out rows. Use 5.")
        if self.batch_size is not None:
            _require_count("batch_size", self.batch_size, "It counts the rows of an update. Leave it out for all rows.")
        for name in ("fit_intercept", "standardize", "average"):
            if not isinstance(getattr(self, name), (bool, np.bool_)):
                raise InputError(
                    f"{name} must be True or False; got {shown(getattr(self, name))}. Words and numbers are not "
                    "guessed at. Write True or False."
                )
        if not isinstance(self.verbose, (numbers.Integral, np.bool_)) or self.verbose < 0:
            raise InputError(
                f"verbose must be True, False or a whole number of at least 0; got {shown(self.verbose)}. Anything "
                "but 0 shows how far the fit is. Write True."
            )
        if not self.automatic:
            self.named()
        if self.average and not self.stochastic:
            raise InputError(
                "average must be False without mini-batches; got True. On all rows the steps are not noisy, and their "
                "mean lags behind the last. Give a batch_size, or leave it out."
            )
        if self.average and self.validation_fraction is not None:
            raise InputError(
                f"average must be False with validation_fraction; got True and {shown(self.validation_fraction)}. The "
                "held-out rows choose one of the points, not a mean of them. Leave one of the two out."
            )
        self._check_held_out()

    def _check_held_out(self) -> None:
        share = self.validation_fraction
        if share is None:
            return
        number = isinstance(share, numbers.Real) and not isinstance(share, bool)
        if not number or not 0 < float(share) < 1:
            raise InputError(
                f"validation_fraction must be above 0 and below 1, or None; got {shown(share)}. It is the share of the "
                "rows held out. Try 0.1."
            )
        if self.automatic:
            raise InputError(
                f'validation_fraction must be None with method="auto"; got {shown(share)}. That goes to the minimum, '
                'while held-out rows stop a descent on its way. Name a method, such as "adam", or set alpha instead.'
            )


def _require_number(name: str, value: Any, low: float, why: str, high: float = np.inf) -> None:
    number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not number or not low <= float(value) <= high or np.isinf(float(value)):
        rule = f"a finite number of at least {low}" if np.isinf(high) else f"a number from {low} to {high}"
        raise InputError(f"{name} must be {rule}; got {shown(value)}. {why}")


def _require_count(name: str, value: Any, why: str) -> None:
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise InputError(f"{name} must be a whole number of at least 1; got {shown(value)}. {why}")
