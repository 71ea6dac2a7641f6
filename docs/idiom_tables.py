"""The table of NumPy idioms, each with the rung that it is found on at this build of the manual."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from idiom_table import IDIOMS, Idiom
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from fallline.arrays.layout import flatten
from fallline.objectives.ladder import differentiate

__all__ = ["rung_of", "setup"]


class Idioms(SphinxDirective):
    """``.. idioms::``: a table for each group of idioms, one row for each."""

    def run(self) -> list[nodes.Node]:
        lines: list[str] = []
        for group in dict.fromkeys(idiom.group for idiom in IDIOMS):
            lines += [f".. rubric:: {group}", "", ".. list-table::", "   :header-rows: 1", "   :widths: 75 25", ""]
            lines += ["   * - You write", "     - Gradient"]
            for idiom in IDIOMS:
                if idiom.group == group:
                    lines += [f"   * - {idiom.name.replace('`', '``')}", f"     - {rung_of(idiom)}"]
            lines.append("")
        holder = nodes.container()
        self.state.nested_parse(StringList(lines, source="the table of idioms"), self.content_offset, holder)
        return holder.children


def rung_of(idiom: Idiom) -> str:
    """Return the rung that an idiom stands on now.

    Raises
    ------
    ValueError
        Where the table says another.
    """
    x, layout, _ = flatten(idiom.at)
    found = differentiate(idiom.function, x, layout, ())[0].source
    if found != idiom.rung:
        raise ValueError(f"{idiom.name} must be {idiom.rung}; got {found}. Mend the lifting, or the table.")
    return found


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive to Sphinx."""
    app.add_directive("idioms", Idioms)
    return {"parallel_read_safe": True}
