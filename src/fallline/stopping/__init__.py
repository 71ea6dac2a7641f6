"""Stopping rules over the records of a run, combined with ``|`` and ``&``."""

from fallline.stopping.base import Rule
from fallline.stopping.rules import (
    CostBelow,
    CostChangeBelow,
    GradientBelow,
    MaxIterations,
    NoImprovement,
    StepBelow,
    TimeLimit,
)

__all__ = [
    "CostBelow",
    "CostChangeBelow",
    "GradientBelow",
    "MaxIterations",
    "NoImprovement",
    "Rule",
    "StepBelow",
    "TimeLimit",
]
