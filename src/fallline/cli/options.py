"""Values of options, read and refused in one sentence."""

from __future__ import annotations

import math
import re
from typing import Any

import click

from fallline.errors import InputError, nearest, shown

__all__ = ["Number", "Whole", "refuse_unknown_options"]


class Number(click.ParamType):
    """A finite number, positive where wanted so."""

    name = "number"

    def __init__(self, remedy: str, *, positive: bool = True) -> None:
        self.positive = positive
        self.remedy = remedy

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        option = param.opts[0] if param else "the value"
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not math.isfinite(number) or (self.positive and number <= 0):
            kind = "a positive, finite number" if self.positive else "a finite number"
            raise InputError(f"{option} must be {kind}; got {shown(str(value))}. {self.remedy}")
        return number


class Whole(click.ParamType):
    """A whole number of at least `least`."""

    name = "count"

    def __init__(self, least: int, remedy: str) -> None:
        self.least = least
        self.remedy = remedy

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        option = param.opts[0] if param else "the value"
        if not re.fullmatch(r"[0-9]{1,18}", str(value).strip()) or int(value) < self.least:
            raise InputError(
                f"{option} must be a whole number of at least {self.least}; got {shown(str(value))}. {self.remedy}"
            )
        return int(value)


def refuse_unknown_options(words: tuple[str, ...], command: click.Command) -> None:
    """Refuse words that look like options, where unknown options are read as words.

    A formula may begin with a minus, which click would otherwise take for an option.

    Raises
    ------
    InputError
        Naming the nearest option there is.
    """
    options = [option for parameter in command.params for option in parameter.opts if option.startswith("--")]
    for word in words:
        if re.match(r"--[A-Za-z]", word):
            name = word.partition("=")[0]
            raise InputError(f"Options must be those of --help; got {shown(name)}. {nearest(name, options)}")
