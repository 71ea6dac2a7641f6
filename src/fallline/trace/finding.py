"""A finding: one thing noticed about a run, with its numbers and its remedy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Finding", "Severity"]

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Finding:
    """One thing noticed about a run.

    Attributes
    ----------
    code : str
        A stable name, such as ``"learning-rate-too-high"``.
    severity : {"info", "warning", "error"}
        Error: the answer is wrong or absent. Warning: it may not be what was wanted.
        Info: something was done on the user's behalf.
    message : str
        What was seen, with the measured numbers.
    remedy : str
        What to change.
    values : mapping
        The measured numbers by name (``limit``, ``learning_rate``, ``better_rate``, …).

    Examples
    --------
    >>> import fallline as fl
    >>> finding = fl.minimize(lambda t: t**2, 3.0, learning_rate=1.5, max_iterations=9).diagnosis[0]
    >>> finding.code, finding.severity, finding.values["limit"]
    ('learning-rate-too-high', 'error', 1.0)
    """

    code: str
    severity: Severity
    message: str
    remedy: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.severity}: {self.message} {self.remedy}".rstrip()
