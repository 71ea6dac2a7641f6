"""Methods: rules that turn gradients into directions, by class or by name."""

from __future__ import annotations

from typing import Any

from fallline.errors import InputError, InputTypeError, nearest, shown
from fallline.methods.adam import Adam
from fallline.methods.base import Method, RatedMethod, UpdateRule
from fallline.methods.gradient_descent import GradientDescent
from fallline.methods.lbfgs import LBFGS
from fallline.methods.momentum import Momentum
from fallline.methods.nesterov import Nesterov

__all__ = ["LBFGS", "Adam", "GradientDescent", "Method", "Momentum", "Nesterov", "RatedMethod", "UpdateRule", "find", "known"]

CLASSES: tuple[type[Method], ...] = (GradientDescent, Momentum, Nesterov, Adam, LBFGS)


def known() -> dict[str, type[Method]]:
    """Return every method's class by each of its names.

    Examples
    --------
    >>> known()["gd"].__name__
    'GradientDescent'
    """
    return {name: cls for cls in CLASSES for name in (cls.name, *cls.aliases)}


def find(method: Any) -> UpdateRule:
    """Return the method of that name with its defaults, or the instance given.

    Raises
    ------
    InputError
        Where no method has that name; the nearest is suggested.
    InputTypeError
        Where it is neither a name nor a method.

    Examples
    --------
    >>> find("adam")
    Adam(learning_rate=None, betas=(0.9, 0.999), eps=1e-08)
    """
    if isinstance(method, str):
        names = known()
        if method.lower() not in names:
            suggestion = nearest(method, ["auto", *names])
            raise InputError(f"method must be the name of a method; got {method!r}. There is none of that name. {suggestion}")
        return names[method.lower()]()
    if isinstance(method, UpdateRule) and not isinstance(method, type):
        return method
    raise InputTypeError(
        f"method must be a name or an object with init and update; got {shown(method)}. "
        "Write method='adam' or method=fallline.methods.Adam()."
    )
