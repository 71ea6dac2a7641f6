"""Methods: rules that turn gradients into directions, by class or by name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fallline.errors import InputError, InputTypeError, nearest, shown
from fallline.methods.base import Method, RatedMethod, UpdateRule
from fallline.methods.foreign import OptaxMethod, is_transformation
from fallline.methods.torch_optimizer import TorchOptimizer, makes_optimizer

if TYPE_CHECKING:
    from fallline.methods.ac_fgm import ACFGM
    from fallline.methods.adabelief import AdaBelief
    from fallline.methods.adadelta import AdaDelta
    from fallline.methods.adagrad import AdaGrad
    from fallline.methods.adam import Adam
    from fallline.methods.adamax import AdaMax
    from fallline.methods.adamw import AdamW
    from fallline.methods.adgd import AdGD
    from fallline.methods.amsgrad import AMSGrad
    from fallline.methods.barzilai_borwein import BarzilaiBorwein
    from fallline.methods.dadapt_adam import DAdaptAdam
    from fallline.methods.dadapt_sgd import DAdaptSGD
    from fallline.methods.dog import DoG
    from fallline.methods.dowg import DoWG
    from fallline.methods.gradient_descent import GradientDescent
    from fallline.methods.lbfgs import LBFGS
    from fallline.methods.lion import Lion
    from fallline.methods.momentum import Momentum
    from fallline.methods.muon import Muon
    from fallline.methods.nadam import NAdam
    from fallline.methods.nesterov import Nesterov
    from fallline.methods.prodigy import Prodigy
    from fallline.methods.proximal_gradient import ProximalGradient
    from fallline.methods.radam import RAdam
    from fallline.methods.rmsprop import RMSProp
    from fallline.methods.schedule_free_adamw import ScheduleFreeAdamW
    from fallline.methods.schedule_free_sgd import ScheduleFreeSGD

    CLASSES: tuple[type[Method], ...]

__all__ = [
    "ACFGM",
    "LBFGS",
    "AMSGrad",
    "AdGD",
    "AdaBelief",
    "AdaDelta",
    "AdaGrad",
    "AdaMax",
    "Adam",
    "AdamW",
    "BarzilaiBorwein",
    "DAdaptAdam",
    "DAdaptSGD",
    "DoG",
    "DoWG",
    "GradientDescent",
    "Lion",
    "Method",
    "Momentum",
    "Muon",
    "NAdam",
    "Nesterov",
    "Prodigy",
    "ProximalGradient",
    "RAdam",
    "RMSProp",
    "RatedMethod",
    "ScheduleFreeAdamW",
    "ScheduleFreeSGD",
    "UpdateRule",
    "find",
    "known",
]

# thirty dataclasses take a while to make: each file is opened when its method is first asked for
FILES = {
    "GradientDescent": "gradient_descent",
    "Momentum": "momentum",
    "Nesterov": "nesterov",
    "AdaGrad": "adagrad",
    "AdaDelta": "adadelta",
    "RMSProp": "rmsprop",
    "Adam": "adam",
    "AMSGrad": "amsgrad",
    "AdaMax": "adamax",
    "AdamW": "adamw",
    "NAdam": "nadam",
    "RAdam": "radam",
    "AdaBelief": "adabelief",
    "Lion": "lion",
    "Muon": "muon",
    "ScheduleFreeSGD": "schedule_free_sgd",
    "ScheduleFreeAdamW": "schedule_free_adamw",
    "Prodigy": "prodigy",
    "DAdaptSGD": "dadapt_sgd",
    "DAdaptAdam": "dadapt_adam",
    "DoG": "dog",
    "DoWG": "dowg",
    "AdGD": "adgd",
    "ACFGM": "ac_fgm",
    "BarzilaiBorwein": "barzilai_borwein",
    "LBFGS": "lbfgs",
    "ProximalGradient": "proximal_gradient",
}


def __getattr__(name: str) -> Any:
    if name in FILES:
        return getattr(import_module(f"fallline.methods.{FILES[name]}"), name)
    if name == "CLASSES":
        return tuple(map(__getattr__, FILES))
    raise AttributeError(f"module 'fallline.methods' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *FILES])


def known() -> dict[str, type[Method]]:
    """Return every method's class by each of its names.

    Examples
    --------
    >>> known()["gd"].__name__
    'GradientDescent'
    """
    return {name: cls for cls in map(__getattr__, FILES) for name in (cls.name, *cls.aliases)}


def find(method: Any) -> UpdateRule:
    """Return the method of that name with its defaults, or the instance given.

    An optax transformation becomes a method, and so does a class of torch's optimizers.

    Raises
    ------
    InputError
        Where no method has that name; the nearest is suggested.
    InputTypeError
        Where it is neither a name nor a method.

    Examples
    --------
    >>> find("adam").betas
    (0.9, 0.999)
    """
    if isinstance(method, str):
        names = known()
        if method.lower() not in names:
            suggestion = nearest(method, ["auto", *names])
            raise InputError(
                f"method must be the name of a method; got {method!r}. There is none of that name. {suggestion}"
            )
        return names[method.lower()]()
    if is_transformation(method):
        return OptaxMethod(transformation=method)
    if makes_optimizer(method):
        return TorchOptimizer(make=method)
    if isinstance(method, UpdateRule) and not isinstance(method, type):
        return method
    raise InputTypeError(
        f"method must be a name or an object with init and update; got {shown(method)}. "
        "Write method='adam' or method=fallline.methods.Adam()."
    )
