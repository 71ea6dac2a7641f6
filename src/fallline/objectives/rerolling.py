"""Python loops found again in what was traced of them, and turned into operations on whole arrays.

A loop over the rows of a table, ``for i in range(n): cost += (t[0] * x[i] + t[1] - y[i]) ** 2``, leaves a program of
the same few operations n times over, which takes minutes to compile. Where a program repeats itself
(`objectives/loops.py`), the numbers that differ from turn to turn are put into arrays here, each operation is made once
on all turns together, running sums become sums, and only what needs the turn before itself stays a loop, a compiled
one.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any, NamedTuple

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.interpreters.partial_eval import dce_jaxpr

from fallline.arrays.lowering import LeavesNumpyError, NeedsValueError
from fallline.objectives.loops import FEWEST, IrregularError, Loop, Slot, Traced, stretches

__all__ = ["LONG", "rerolled", "shortened"]

LONG = 100
"""Operations from which a program is long: a Python loop over single numbers, as a rule."""

LONGEST = 1500
"""Operations up to which a long program is compiled."""

MANY = 100
"""Parameters from which differences of a long function take longer than following it at every point anew."""


def shortened(traced: Any) -> Any:
    """Return a traced program, a long one with its loops on arrays.

    Raises
    ------
    NeedsValueError, LeavesNumpyError
        Where it is still too long to compile: that is left to the next rung, or the one after that.
    """
    count = len(traced.jaxpr.eqns)
    if count < LONG:
        return traced
    traced = rerolled(traced)
    if len(traced.jaxpr.eqns) > LONGEST:
        error = NeedsValueError if sum(aval.size for aval in traced.in_avals) > MANY else LeavesNumpyError
        raise error(f"it takes {count} operations one by one, which would compile for minutes")
    return traced


def rerolled(closed: Any) -> Any:
    """Return a traced program with its loops as operations on arrays; as it is where it has none.

    Parameters
    ----------
    closed : ClosedJaxpr
        As ``jax.make_jaxpr`` makes it.
    """
    program = Traced(closed)
    loops = []
    for stretch in stretches(program.marks, 0, len(program.marks)):
        try:
            loops.append(Loop(program, stretch))
        except IrregularError:
            continue
    if not loops:
        return closed

    def run(*inputs: Any) -> list[Any]:
        return _Run(program, inputs).through(loops)

    shapes = [jax.ShapeDtypeStruct(var.aval.shape, var.aval.dtype) for var in closed.jaxpr.invars]
    made = jax.make_jaxpr(run)(*shapes)
    return made.replace(jaxpr=dce_jaxpr(made.jaxpr, [True] * len(made.out_avals), instantiate=True)[0])


class _Whole(NamedTuple):
    """What an operation made, in all turns along the first axis of `array`, or the same in every one."""

    array: Any
    varies: bool


class _Run:
    """One run through a program: what its values are, singly or as elements of what a loop made."""

    def __init__(self, program: Traced, inputs: tuple[Any, ...]) -> None:
        self.program = program
        self.values: dict[Any, Any] = {**program.fixed, **dict(zip(program.jaxpr.invars, inputs, strict=True))}
        self.elements: dict[Any, tuple[Any, int]] = {}

    def through(self, loops: list[Loop]) -> list[Any]:
        begins = {loop.stretch.start: loop for loop in loops}
        place = 0
        while place < len(self.program.equations):
            if place in begins:
                _Turning(self, begins[place]).run()
                place = begins[place].stretch.end
            else:
                self._single(self.program.equations[place])
                place += 1
        return [self.read(atom) for atom in self.program.jaxpr.outvars]

    def read(self, atom: Any) -> Any:
        if isinstance(atom, jex.Literal):
            return atom.val
        if atom not in self.values:
            array, turn = self.elements[atom]
            self.values[atom] = lax.index_in_dim(array, turn, keepdims=False)
        return self.values[atom]

    def gathered(self, atoms: tuple[Any, ...]) -> Any:
        """Return several values along a new first axis: a slice of what a loop made, where they are that."""
        if all(isinstance(atom, jex.Literal) for atom in atoms):
            return jnp.asarray(np.array([atom.val for atom in atoms], atoms[0].aval.dtype))
        if all(not isinstance(atom, jex.Literal) and atom in self.program.fixed for atom in atoms):
            return jnp.asarray(np.stack([np.asarray(self.program.fixed[atom]) for atom in atoms]))
        found = [(None, 0) if isinstance(atom, jex.Literal) else self.elements.get(atom, (None, 0)) for atom in atoms]
        parts = []
        for array, each in groupby(zip(found, atoms, strict=True), key=lambda pair: id(pair[0][0])):
            pairs = list(each)
            if array == id(None):
                singles = [jnp.asarray(self.read(atom), atom.aval.dtype) for _, atom in pairs]
                parts.append(jnp.stack(singles))
            else:
                parts.append(_taken(pairs[0][0][0], [turn for (_, turn), _ in pairs]))
        return parts[0] if len(parts) == 1 else jnp.concatenate(parts)

    def _single(self, equation: Any) -> None:
        name, atoms = equation.primitive.name, tuple(equation.invars)
        alike = len({atom.aval.shape for atom in atoms}) == 1
        if name in ("stack", "concatenate") and len(atoms) >= FEWEST and alike:
            axis = equation.params["axis" if name == "stack" else "dimension"]
            whole = jnp.moveaxis(self.gathered(atoms), 0, axis)
            self.values[equation.outvars[0]] = whole.reshape(equation.outvars[0].aval.shape)
            return
        for var, value in zip(equation.outvars, _bound(equation, *map(self.read, atoms)), strict=True):
            self.values[var] = value


class _Turning:
    """The turns of one loop, made together."""

    def __init__(self, run: _Run, loop: Loop) -> None:
        self.outer, self.loop = run, loop
        self.made: dict[tuple[int, int], _Whole] = {}

    def run(self) -> None:
        for group in self.loop.groups:
            terms = self.loop.sums.get(id(group))
            if terms is not None:
                self._sum(group, terms)
            elif id(group) in self.loop.sums:
                self._scan(group)
            else:
                self._together(group[0])
        for (place, output), whole in self.made.items():
            for turn in range(self.loop.stretch.count):
                var = self.loop.equation(place, turn).outvars[output]
                if whole.varies:
                    self.outer.elements[var] = whole.array, turn
                else:
                    self.outer.values[var] = whole.array

    def _whole(self, slot: Slot) -> _Whole:
        """Return an operand in all turns."""
        if slot.kind == "same":
            return _Whole(self.outer.read(slot.atoms[0]), False)
        if slot.kind == "each":
            return _Whole(self.outer.gathered(slot.atoms), True)
        whole = self.made[slot.place, slot.output]
        if slot.kind == "own":
            return whole
        aval = self.loop.equation(slot.place).outvars[slot.output].aval
        first = jnp.asarray(self.outer.read(slot.atoms[0]), aval.dtype)[None]
        count = self.loop.stretch.count
        array = whole.array if whole.varies else jnp.broadcast_to(whole.array, (count, *aval.shape))
        return _Whole(jnp.concatenate([first, array[:-1]]), True)

    def _together(self, place: int) -> None:
        equation = self.loop.equation(place)
        wholes = [self._whole(slot) for slot in self.loop.slots[place]]
        if equation.primitive.name == "slice" and equation.params["strides"] is None:
            settings = [self.loop.equation(place, turn).params for turn in range(self.loop.stretch.count)]
            starts = np.array([each["start_indices"] for each in settings])
            if (starts != starts[0]).any():
                self.made[place, 0] = _Whole(_slices(wholes[0].array, starts, equation.outvars[0].aval.shape), True)
                return
        varies = any(whole.varies for whole in wholes)
        arrays = [whole.array for whole in wholes]
        if varies:
            axes = tuple(0 if whole.varies else None for whole in wholes)
            answers = jax.vmap(lambda *given: _bound(equation, *given), in_axes=axes)(*arrays)
        else:
            answers = _bound(equation, *arrays)
        self.made |= {(place, output): _Whole(answer, varies) for output, answer in enumerate(answers)}

    def _sum(self, group: tuple[int, ...], terms: list[tuple[Slot, int]]) -> None:
        """Make a running sum at once; only its end is known then."""
        first = self.loop.begins(group)[0]
        last = self.loop.equation(group[-1], self.loop.stretch.count - 1).outvars[0]
        total = jnp.asarray(self.outer.read(first.atoms[0]), last.aval.dtype)
        for slot, sign in terms:
            whole = self._whole(slot)
            term = jnp.asarray(whole.array, last.aval.dtype)
            total = total + sign * (jnp.sum(term, axis=0) if whole.varies else self.loop.stretch.count * term)
        self.outer.values[last] = total

    def _scan(self, group: tuple[int, ...]) -> None:
        """Turn after turn: a compiled loop."""
        carried: list[Slot] = []
        varying: list[Any] = []
        sources: dict[tuple[int, int], tuple[str, Any]] = {}
        for place in group:
            for k, slot in enumerate(self.loop.slots[place]):
                if slot.place in group:
                    is_before = slot.kind == "before"
                    sources[place, k] = (slot.kind, len(carried) if is_before else (slot.place, slot.output))
                    carried += [slot] if is_before else []
                    continue
                whole = self._whole(slot)
                sources[place, k] = ("varying", len(varying)) if whole.varies else ("same", whole.array)
                varying += [whole.array] if whole.varies else []

        def turn(before: list[Any], each: list[Any]) -> tuple[list[Any], list[Any]]:
            now: dict[tuple[int, int], Any] = {}
            for place in group:
                given = []
                for k in range(len(self.loop.slots[place])):
                    kind, source = sources[place, k]
                    tables = {"before": before, "varying": each, "own": now}
                    given.append(source if kind == "same" else tables[kind][source])
                for output, answer in enumerate(_bound(self.loop.equation(place), *given)):
                    now[place, output] = answer
            return [now[slot.place, slot.output] for slot in carried], [now[key] for key in sorted(now)]

        begun = [
            jnp.asarray(self.outer.read(slot.atoms[0]), self.loop.equation(slot.place).outvars[slot.output].aval.dtype)
            for slot in carried
        ]
        _, made = lax.scan(turn, begun, varying, length=self.loop.stretch.count)
        keys = sorted((place, k) for place in group for k in range(len(self.loop.equation(place).outvars)))
        self.made |= {key: _Whole(array, True) for key, array in zip(keys, made, strict=True)}


def _bound(equation: Any, *given: Any) -> list[Any]:
    """Return what an operation makes of its operands."""
    settings = equation.primitive.get_bind_params(equation.params)
    answer = equation.primitive.bind(*given, **settings)
    return list(answer) if equation.primitive.multiple_results else [answer]


def _taken(array: Any, places: list[int]) -> Any:
    """Return elements along the first axis: by a slice where they stand at equal distances."""
    step = places[1] - places[0] if len(places) > 1 else 1
    if step > 0 and places == list(range(places[0], places[0] + step * len(places), step)):
        return array[places[0] : places[-1] + 1 : step]
    return array[np.array(places)]


def _slices(array: Any, starts: np.ndarray, shape: tuple[int, ...]) -> Any:
    """Return the slices of this shape that begin at these places, along a new first axis."""
    moving = np.flatnonzero((starts != starts[0]).any(axis=0))
    if len(moving) == 1 and shape[moving[0]] == 1:
        axis = int(moving[0])
        rest = [slice(at, at + size) for at, size in zip(starts[0].tolist(), shape, strict=True)]
        rest[axis] = slice(None)
        rows = jnp.moveaxis(array[tuple(rest)], axis, 0)
        return jnp.expand_dims(_taken(rows, starts[:, axis].tolist()), axis + 1)
    return jax.vmap(lambda at: lax.dynamic_slice(array, tuple(at), shape))(jnp.asarray(starts))
