"""Step rules: learning rates that are measured at every step."""

from fallline.steps.backtracking import Backtracking
from fallline.steps.base import Evaluate, Point, StepRule
from fallline.steps.strong_wolfe import StrongWolfe

__all__ = ["Backtracking", "Evaluate", "Point", "StepRule", "StrongWolfe"]
