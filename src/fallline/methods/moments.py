"""What the methods of Adam's family share: moving averages of the gradient and of its square."""

from __future__ import annotations

from typing import Any, NamedTuple

from fallline.arrays.namespace import namespace
from fallline.methods.ranges import check_betas, check_not_negative, check_positive

__all__ = ["Moments", "check_adam", "decayed", "first_moments", "next_moments", "zero"]


class Moments(NamedTuple):
    """Moving averages of the gradient and of its square, shape (d,), and the powers of the two betas."""

    mean: Any
    square: Any
    power1: Any
    power2: Any


def first_moments(x: Any) -> Moments:
    """Return the averages before the first gradient."""
    zeros = namespace(x).zeros_like(x)
    return Moments(zeros, zeros, zero(x) + 1, zero(x) + 1)


def next_moments(gradient: Any, before: Moments, betas: tuple[float, float]) -> Moments:
    """Return the averages with one more gradient; divided by ``1 - power`` they are free of the zeros they began at."""
    beta1, beta2 = betas
    return Moments(
        beta1 * before.mean + (1 - beta1) * gradient,
        beta2 * before.square + (1 - beta2) * gradient * gradient,
        beta1 * before.power1,
        beta2 * before.power2,
    )


def decayed(gradient: Any, x: Any, weight_decay: float) -> Any:
    """Return the gradient of the cost with the penalty ``weight_decay/2 * ||x||²``."""
    return gradient + weight_decay * x if weight_decay else gradient


def zero(x: Any) -> Any:
    """Return a scalar zero of the library and type of `x`."""
    return 0 * x[0]


def check_adam(betas: tuple[float, float], eps: float, weight_decay: float) -> None:
    """Refuse hyperparameters of Adam's family that are out of range."""
    check_betas(betas)
    check_positive("eps", eps, "It keeps the step finite where the gradient is zero. The usual one is 1e-8.")
    check_not_negative("weight_decay", weight_decay, "It pulls the parameters towards 0. With 0 there is none.")
