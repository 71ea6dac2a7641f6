"""Step rules: learning rates that are measured at every step."""

from fallline.steps.adgd import AdGDStep
from fallline.steps.backtracking import Backtracking
from fallline.steps.barzilai_borwein import BarzilaiBorweinStep
from fallline.steps.base import Evaluate, Point, StepRule
from fallline.steps.polyak import Polyak
from fallline.steps.strong_wolfe import StrongWolfe

__all__ = [
    "AdGDStep",
    "Backtracking",
    "BarzilaiBorweinStep",
    "Evaluate",
    "Point",
    "Polyak",
    "StepRule",
    "StrongWolfe",
]
