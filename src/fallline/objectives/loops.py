"""Where a traced program repeats itself, and how a turn of it hangs together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np

from fallline.objectives.branches import SAFE

__all__ = ["FEWEST", "IrregularError", "Loop", "Slot", "Traced", "stretches"]

FEWEST = 8
"""Turns that make a loop worth finding."""

LONGEST = 512
"""Operations in a turn, at most."""

SUMS = frozenset("add add_any sub".split())
PLACING = frozenset("broadcast_in_dim concatenate convert_element_type expand_dims reshape slice squeeze stack".split())


class _Only(NamedTuple):
    """Some operations of a program."""

    eqns: list[Any]


class IrregularError(Exception):
    """What repeats itself takes its operands from where no loop would."""


class Slot(NamedTuple):
    """Where one operand of an operation comes from, in each turn.

    `kind` is "same" for one value in all turns (`atoms` holds it), "each" for a value of its own (`atoms` has them),
    "own" for what the operation at `place` made in the same turn, and "before" for what it made in the turn before
    (`atoms` holds what stands for that in the first).
    """

    kind: str
    atoms: tuple[Any, ...] = ()
    place: int = -1
    output: int = 0


@dataclass(frozen=True)
class Stretch:
    """A part of a program that repeats itself: `count` turns of `period` operations from `start` on."""

    start: int
    period: int
    count: int

    @property
    def end(self) -> int:
        return self.start + self.period * self.count


class Traced:
    """A traced program, with who makes and who takes each of its values."""

    def __init__(self, closed: Any) -> None:
        self.jaxpr = closed.jaxpr
        self.fixed = dict(zip(self.jaxpr.constvars, closed.consts, strict=True))
        self.equations = self.jaxpr.eqns
        self.makers: dict[Any, tuple[int, int]] = {}
        self.takers: dict[Any, list[int]] = {}
        known: dict[Any, int] = {}
        texts: dict[int, tuple[Any, str]] = {}
        marks = []
        for place, equation in enumerate(self.equations):
            marks.append(known.setdefault(_mark(equation, texts), len(known)))
            for output, var in enumerate(equation.outvars):
                self.makers[var] = place, output
            for atom in equation.invars:
                if not isinstance(atom, jex.Literal):
                    self.takers.setdefault(atom, []).append(place)
        for atom in self.jaxpr.outvars:
            if not isinstance(atom, jex.Literal):
                self.takers.setdefault(atom, []).append(len(self.equations))
        self.marks = np.array(marks, dtype=np.int64)
        # a branch that is not taken must not spoil the gradient: it is kept out of the loop only where none is inside
        self.may_turn_away = bool(_names(closed.jaxpr) - SAFE - PLACING)


def _names(jaxpr: Any) -> set[str]:
    """Return the names of all operations, also of those within others."""
    found = set()
    for equation in jaxpr.eqns:
        inner = [getattr(value, "jaxpr", value) for value in equation.params.values()]
        inner = [value for value in inner if isinstance(value, jex.Jaxpr)]
        found |= set().union(*map(_names, inner)) if inner else {equation.primitive.name}
    return found


def _mark(equation: Any, texts: dict[int, tuple[Any, str]]) -> Any:
    """Return what makes two operations the same but for their operands, and for where a slice begins."""
    name, settings = equation.primitive.name, equation.params
    types = tuple((atom.aval.shape, atom.aval.dtype) for atom in (*equation.invars, *equation.outvars))
    if name == "slice" and settings["strides"] is None:
        return name, types

    def text(value: Any) -> str:
        if isinstance(value, (jex.Jaxpr, jex.ClosedJaxpr)):
            # the program is kept, so that its id stays its own
            return texts.setdefault(id(value), (value, str(value)))[1]
        return str(value)

    # a derivative rule is a new object at each call; it belongs to the name and the program
    kept = tuple((key, text(value)) for key, value in settings.items() if not callable(value))
    return name, types, kept


def stretches(marks: np.ndarray, low: int, high: int) -> list[Stretch]:
    """Return the repeated parts of a program between two places, the longest first found, in order."""
    best = Stretch(low, 1, 0)
    part = marks[low:high]
    for period in range(1, min(LONGEST, len(part) // FEWEST) + 1):
        differs = np.flatnonzero(part[period:] != part[:-period])
        ends = np.concatenate([[-1], differs, [len(part) - period]])
        runs = np.diff(ends) - 1
        longest = int(runs.argmax())
        count = (int(runs[longest]) + period) // period
        if count >= FEWEST and count * period > best.count * best.period:
            best = Stretch(low + int(ends[longest]) + 1, period, count)
    if not best.count:
        return []
    return [*stretches(marks, low, best.start), best, *stretches(marks, best.end, high)]


class Loop:
    """A stretch of which is known where each operand comes from, in the order in which it can be worked out.

    `groups` are places in a turn, those together that need each other's values of the turn before.
    """

    def __init__(self, program: Traced, stretch: Stretch) -> None:
        self.program = program
        for later in range(stretch.period + 1):
            # the first turn may make what the others find made: then the loop begins a little later
            moved = Stretch(stretch.start + later, stretch.period, stretch.count - (later > 0))
            try:
                self.slots = [self._slots_at(moved, place) for place in range(moved.period)]
            except IrregularError:
                if later == stretch.period or moved.count < FEWEST:
                    raise
            else:
                self.stretch = moved
                break
        self.groups = self._ordered()
        self.sums = {id(group): self._sum_of(group) for group in self.groups if self._turns(group)}
        if not all(map(self._may_be_made, self.groups)):
            raise IrregularError

    def equation(self, place: int, turn: int = 0) -> Any:
        return self.program.equations[self.stretch.start + turn * self.stretch.period + place]

    def _slots_at(self, stretch: Stretch, place: int) -> list[Slot]:
        turns = self.program.equations[stretch.start + place : stretch.end : stretch.period]
        return [self._slot(stretch, place, atoms) for atoms in zip(*(turn.invars for turn in turns), strict=True)]

    def _slot(self, stretch: Stretch, place: int, atoms: tuple[Any, ...]) -> Slot:
        makers = [self._maker(atom) for atom in atoms]
        inside = [maker is not None and stretch.start <= maker[0] < stretch.end for maker in makers]
        if not any(inside):
            return Slot("same", atoms[:1]) if self._are_same(atoms) else Slot("each", atoms)
        if not all(inside[1:]):
            raise IrregularError
        first = makers[1][0] - stretch.start  # type: ignore[index]
        turn, made = divmod(first, stretch.period)
        output = makers[1][1]  # type: ignore[index]
        begins = 0 if turn == 1 else 1
        if turn not in (0, 1):
            raise IrregularError
        expected = [(stretch.start + made + (k - begins) * stretch.period, output) for k in range(stretch.count)]
        if makers[1:] != expected[1:] or (begins == 0 and makers[0] != expected[0]):
            raise IrregularError
        if begins == 0:
            return Slot("own", (), made, output)
        if inside[0]:
            raise IrregularError
        return Slot("before", atoms[:1], made, output)

    def _maker(self, atom: Any) -> tuple[int, int] | None:
        return None if isinstance(atom, jex.Literal) else self.program.makers.get(atom)

    def _are_same(self, atoms: tuple[Any, ...]) -> bool:
        first = atoms[0]
        if isinstance(first, jex.Literal):
            here = np.asarray(first.val).tobytes()
            return all(isinstance(atom, jex.Literal) and np.asarray(atom.val).tobytes() == here for atom in atoms)
        return all(atom is first for atom in atoms)

    def _ordered(self) -> list[tuple[int, ...]]:
        """Return the places of a turn in groups that need each other, each after those that it needs."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        needs = [(slot.place, place) for place, slots in enumerate(self.slots) for slot in slots if slot.place >= 0]
        size = len(self.slots)
        rows, columns = zip(*needs, strict=True) if needs else ((), ())
        graph = coo_array((np.ones(len(needs)), (rows, columns)), shape=(size, size))
        _, labels = connected_components(graph, connection="strong")
        members: dict[int, list[int]] = {}
        for place, label in enumerate(labels.tolist()):
            members.setdefault(label, []).append(place)
        waits = {label: {int(labels[row]) for row, column in needs if labels[column] == label} for label in members}
        order: list[int] = []
        while len(order) < len(members):
            done = set(order)
            order += [label for label in members if label not in done and waits[label] <= done | {label}]
        return [tuple(members[label]) for label in order]

    def _may_be_made(self, group: tuple[int, ...]) -> bool:
        """Tell whether a group is one of those that can be made: not slices of what varies, nor risky branches."""
        names = _names(_Only([self.equation(place) for place in group]))
        if self.program.may_turn_away and "select_n" in names and self.sums.get(id(group), ()) is None:
            return False
        return all(map(self._is_even, group))

    def _is_even(self, place: int) -> bool:
        """Tell whether an operation cuts the same slice in every turn, or any slices of what is the same."""
        if self.equation(place).primitive.name != "slice" or self.slots[place][0].kind == "same":
            return True
        starts = {self.equation(place, turn).params["start_indices"] for turn in range(self.stretch.count)}
        return len(starts) == 1

    def _turns(self, group: tuple[int, ...]) -> bool:
        """Tell whether a group needs its own values of the turn before."""
        return any(slot.place in group for place in group for slot in self.slots[place])

    def begins(self, group: tuple[int, ...]) -> list[Slot]:
        """Return the operands that a group takes from its own turn before."""
        slots = (slot for place in group for slot in self.slots[place])
        return [slot for slot in slots if slot.kind == "before" and slot.place in group]

    def _sum_of(self, group: tuple[int, ...]) -> list[tuple[Slot, int]] | None:
        """Return the terms of a running sum, each with its sign, or None where the group is anything else.

        Nobody but the sum itself may look at it before its end.
        """
        terms = []
        for place in group:
            equation, slots = self.equation(place), self.slots[place]
            mine = [k for k, slot in enumerate(slots) if slot.place in group]
            name = equation.primitive.name
            is_real = jnp.issubdtype(equation.outvars[0].aval.dtype, jnp.inexact)
            if name not in SUMS or not is_real or len(mine) != 1 or (name == "sub" and mine[0] == 1):
                return None
            terms.append((slots[1 - mine[0]], -1 if name == "sub" else 1))
            for turn in range(self.stretch.count):
                is_last = turn + 1 == self.stretch.count and place == group[-1]
                takers = self.program.takers.get(self.equation(place, turn).outvars[0], [])
                if not is_last and len(takers) > 1:
                    return None
        starts = self.begins(group)
        return terms if len(starts) == 1 and starts[0].place == group[-1] else None
