"""Schedules: learning rates as functions of the iteration."""

from fallline.schedules.base import MeasuredSchedule, Schedule
from fallline.schedules.constant import Constant
from fallline.schedules.cosine import CosineDecay, CosineRestarts
from fallline.schedules.custom import Custom
from fallline.schedules.cycles import Cyclic, OneCycle
from fallline.schedules.decay import ExponentialDecay, InverseSqrt, InverseTimeDecay, PolynomialDecay, StepDecay
from fallline.schedules.piecewise import Piecewise
from fallline.schedules.plateau import ReduceOnPlateau
from fallline.schedules.warmup import Warmup

__all__ = [
    "Constant",
    "CosineDecay",
    "CosineRestarts",
    "Custom",
    "Cyclic",
    "ExponentialDecay",
    "InverseSqrt",
    "InverseTimeDecay",
    "MeasuredSchedule",
    "OneCycle",
    "Piecewise",
    "PolynomialDecay",
    "ReduceOnPlateau",
    "Schedule",
    "StepDecay",
    "Warmup",
]
