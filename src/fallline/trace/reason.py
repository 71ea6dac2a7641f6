"""The reasons for which a run stops."""

from enum import StrEnum

__all__ = ["StopReason"]


class StopReason(StrEnum):
    """Why a run stopped; whether it also *converged* is a separate fact, ``Result.success``."""

    CONVERGED = "converged"
    SMALL_STEPS = "small-steps"
    SMALL_GRADIENT = "small-gradient"
    SMALL_COST_CHANGE = "small-cost-change"
    TARGET_REACHED = "target-reached"
    MAX_ITERATIONS = "max-iterations"
    TIME_LIMIT = "time-limit"
    CALLBACK = "callback"
    INTERRUPTED = "interrupted"
    DIVERGED = "diverged"
    NOT_FINITE = "not-finite"
    NO_PROGRESS = "no-progress"
    UNBOUNDED = "unbounded"

    @property
    def sentence(self) -> str:
        """The reason in words, to follow "Stopped: "."""
        return SENTENCES[self]


SENTENCES = {
    StopReason.CONVERGED: "the point is optimal, as far as can be measured",
    StopReason.SMALL_STEPS: "the last step was smaller than the tolerance",
    StopReason.SMALL_GRADIENT: "the gradient fell below its threshold",
    StopReason.SMALL_COST_CHANGE: "the cost changed less than its threshold",
    StopReason.TARGET_REACHED: "the cost reached its target",
    StopReason.MAX_ITERATIONS: "the allowed iterations were used up",
    StopReason.TIME_LIMIT: "the time limit was reached",
    StopReason.CALLBACK: "the callback asked to stop",
    StopReason.INTERRUPTED: "the run was interrupted from the keyboard",
    StopReason.DIVERGED: "the cost grew beyond all bounds",
    StopReason.NOT_FINITE: "the cost is no longer a finite number",
    StopReason.NO_PROGRESS: "no further step improved the cost",
    StopReason.UNBOUNDED: "the cost falls without end",
}
