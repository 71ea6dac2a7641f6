"""Schedules: learning rates as functions of the iteration."""

from fallline.schedules.base import Schedule
from fallline.schedules.constant import Constant
from fallline.schedules.decay import ExponentialDecay, InverseTimeDecay, StepDecay

__all__ = ["Constant", "ExponentialDecay", "InverseTimeDecay", "Schedule", "StepDecay"]
