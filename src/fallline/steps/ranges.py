"""One refusal for every parameter of a step rule that is out of its range."""

from __future__ import annotations

from fallline.errors import InputError

__all__ = ["require"]


def require(holds: bool, name: str, rule: str, got: object, why: str) -> None:
    """Refuse a parameter by the error template unless `holds`; `why` ends with what to do."""
    if not holds:
        raise InputError(f"{name} must be {rule}; got {got!r}. {why}")
