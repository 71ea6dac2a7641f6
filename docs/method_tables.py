"""The tables of methods, schedules and step rules, made from the code at every build of the manual."""

from __future__ import annotations

import dataclasses
import inspect
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from fallline import methods, schedules, steps

__all__ = ["FAMILIES", "setup"]

FAMILIES = {
    "plain": "GradientDescent Momentum Nesterov",
    "adaptive": "AdaGrad AdaDelta RMSProp Adam AMSGrad AdaMax AdamW NAdam RAdam AdaBelief Lion Muon",
    "without-a-rate": "ScheduleFreeSGD ScheduleFreeAdamW Prodigy DAdaptSGD DAdaptAdam DoG DoWG AdGD ACFGM",
    "curvature": "BarzilaiBorwein LBFGS ProximalGradient",
}
"""Which page tells of which methods."""


class Tabulate(SphinxDirective):
    """``.. tabulate:: methods`` (or a family of them, ``schedules``, ``steps``): one row for each class."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        what = self.arguments[0]
        lines = [".. list-table::", "   :header-rows: 1", "   :widths: 24 46 30", ""]
        lines += row(["Name", "Parameters and defaults", "Source"])
        for cls in classes(what):
            lines += row([name_of(cls), parameters_of(cls), source_of(cls)])
        lines.append("")
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, source=f"{what} of the code"), self.content_offset, holder)
        return holder.children


def classes(what: str) -> list[type]:
    """Return the classes of a table, in the order of the code."""
    if what in ("schedules", "steps"):
        room = {"schedules": schedules, "steps": steps}[what]
        found = [getattr(room, name) for name in room.__all__]
        return [cls for cls in found if dataclasses.is_dataclass(cls) and not inspect.isabstract(cls)]
    chosen = " ".join(FAMILIES.values()) if what == "methods" else FAMILIES[what]
    missing = {cls.__name__ for cls in methods.CLASSES} - set(" ".join(FAMILIES.values()).split())
    if missing:
        raise ValueError(f"FAMILIES must name every method; it misses {sorted(missing)}. Add them to a family.")
    return [cls for cls in methods.CLASSES if cls.__name__ in chosen.split()]


def row(cells: list[str]) -> list[str]:
    return [f"   {'*' if place == 0 else ' '} - {cell}" for place, cell in enumerate(cells)]


def name_of(cls: type) -> str:
    room = cls.__module__.split(".")[1]
    link = f":class:`~fallline.{room}.{cls.__name__}`"
    if not issubclass(cls, methods.Method):
        return link
    return f"{link} " + ", ".join(f"``{name}``" for name in (cls.name, *cls.aliases))


def parameters_of(cls: type) -> str:
    shown = []
    for parameter in inspect.signature(cls).parameters.values():
        default: Any = parameter.default
        if parameter.name == "learning_rate" and issubclass(cls, methods.Method) and default is None:
            default = cls.default_rate
        text = parameter.name if default is inspect.Parameter.empty else f"{parameter.name}={brief(default)}"
        shown.append(f"``{text}``")
    return ", ".join(shown) or "none"


def brief(default: Any) -> str:
    """Return a default as one would write it, a step rule without the defaults of its own."""
    if not isinstance(default, steps.StepRule):
        return repr(default)
    changed = [
        f"{field.name}={getattr(default, field.name)!r}"
        for field in dataclasses.fields(default)
        if getattr(default, field.name) != field.default
    ]
    return f"{type(default).__name__}({', '.join(changed)})"


def source_of(cls: type) -> str:
    """Return the References section of a class as one paragraph."""
    text = inspect.getdoc(cls) or ""
    if "References\n" not in text:
        return "fallline"
    section = text.split("References\n")[1].partition("\n\nExamples")[0]
    # escaped, lest the initial of a first author begin a list
    return "\\" + " ".join(section.split("\n", 1)[1].split())


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive to Sphinx."""
    app.add_directive("tabulate", Tabulate)
    return {"parallel_read_safe": True}
