"""Gradients that stay right where ``np.where`` turns away from a branch that has none.

``np.where(t > 0, np.log(t), 0)`` is flat at ``t = 0``, yet the chain rule run backwards meets 0 · ∞ in the branch that
was not taken, and the gradient is NaN. A traced program is rewritten here so that no derivative enters such a branch:
where an element of an operand serves nothing but branches that are not taken, it counts as a constant. Values stay as
they are, to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.interpreters.partial_eval import dce_jaxpr

__all__ = ["guarded"]

ELEMENTWISE = frozenset(
    "abs acos acosh asin asinh atan atan2 atanh cbrt clamp cos cosh digamma div erf erf_inv erfc exp exp2 expm1 "
    "integer_pow lgamma log log1p logistic max min mul pow rem rsqrt sin sinh sqrt square tan tanh".split()
)
LINEAR = frozenset(
    "add_any broadcast_in_dim concatenate convert_element_type copy expand_dims neg reduce_sum reshape rev slice "
    "squeeze transpose".split()
)
ADDITIVE = frozenset("add sub".split())
SAFE = (
    LINEAR
    | ADDITIVE
    | frozenset(
        "abs and atan clamp cos eq erf ge gt integer_pow is_finite le logistic lt max min mul ne not or select_n sign "
        "sin square stop_gradient tanh".split()
    )
)
"""Operations whose derivatives are finite wherever their operands are."""

INLINE = {"jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr"}

Mask = Any
"""Which elements are used, as a Boolean array; None where all of them are."""


@dataclass(frozen=True)
class Step:
    """One operation: its equation, and the numbers of the values that it takes and makes."""

    equation: Any
    takes: tuple[int, ...]
    makes: tuple[int, ...]

    @property
    def name(self) -> str:
        return self.equation.primitive.name

    @property
    def is_safe(self) -> bool:
        return self.name in SAFE and self.equation.params.get("y", 1) >= 1  # of integer_pow


class Tape:
    """A traced program as one list of steps, whatever was compiled within it taken apart."""

    def __init__(self, closed: Any) -> None:
        self.steps: list[Step] = []
        self.fixed: dict[int, Any] = {}
        self.avals: list[Any] = []
        jaxpr = closed.jaxpr
        inner = dict(zip(jaxpr.constvars, map(self._new, jaxpr.constvars), strict=True))
        self.fixed |= {inner[var]: value for var, value in zip(jaxpr.constvars, closed.consts, strict=True)}
        self.inputs = [self._new(var) for var in jaxpr.invars]
        self.outputs = self._unroll(jaxpr, {**inner, **dict(zip(jaxpr.invars, self.inputs, strict=True))})

    def _new(self, var: Any) -> int:
        self.avals.append(var.aval)
        return len(self.avals) - 1

    def _unroll(self, jaxpr: Any, numbers: dict[Any, int]) -> list[int]:
        def number(atom: Any) -> int:
            if not isinstance(atom, jex.Literal):
                return numbers[atom]
            made = self._new(atom)
            self.fixed[made] = atom.val
            return made

        for equation in jaxpr.eqns:
            takes = tuple(map(number, equation.invars))
            if equation.primitive.name in INLINE:
                inner = equation.params[INLINE[equation.primitive.name]]
                consts = dict(zip(inner.jaxpr.constvars, map(self._new, inner.jaxpr.constvars), strict=True))
                self.fixed |= {
                    consts[var]: value for var, value in zip(inner.jaxpr.constvars, inner.consts, strict=True)
                }
                makes = self._unroll(inner.jaxpr, {**consts, **dict(zip(inner.jaxpr.invars, takes, strict=True))})
                numbers.update(zip(equation.outvars, makes, strict=True))
            else:
                numbers.update((var, self._new(var)) for var in equation.outvars)
                self.steps.append(Step(equation, takes, tuple(numbers[var] for var in equation.outvars)))
        return [number(atom) for atom in jaxpr.outvars]

    @property
    def risky(self) -> set[int]:
        """The values that may have got an infinite derivative, or be infinite, on their way."""
        found: set[int] = set()
        for step in self.steps:
            if not step.is_safe or found.intersection(step.takes):
                found.update(step.makes)
        return found

    def is_real(self, value: int) -> bool:
        return value not in self.fixed and jnp.issubdtype(self.avals[value].dtype, jnp.inexact)

    def run(self, inputs: Any, edge: Callable[[int, int, Any], Any] | None = None) -> dict[int, Any]:
        """Return all values; `edge` may change what a step takes as its operand `k`."""
        values = {**self.fixed, **dict(zip(self.inputs, inputs, strict=True))}
        for place, step in enumerate(self.steps):
            given = [values[number] for number in step.takes]
            if edge is not None:
                given = [edge(place, k, value) for k, value in enumerate(given)]
            settings = step.equation.primitive.get_bind_params(step.equation.params)
            answer = step.equation.primitive.bind(*given, **settings)
            answers = answer if step.equation.primitive.multiple_results else [answer]
            values.update(zip(step.makes, answers, strict=True))
        return values


def guarded(closed: Any) -> Any:
    """Return a traced program whose gradient takes nothing from branches that are not taken.

    Parameters
    ----------
    closed : ClosedJaxpr
        As ``jax.make_jaxpr`` makes it; returned as it is where it has no such branch.
    """
    if not _has_branch(closed.jaxpr):
        return closed
    tape = Tape(closed)
    # without values, the masks tell only which operands have one
    if not _edges(tape, None):
        return closed

    def rewritten(*inputs: Any) -> list[Any]:
        before = tape.run(inputs)
        masks = _edges(tape, {number: lax.stop_gradient(value) for number, value in before.items()})

        def edge(place: int, k: int, value: Any) -> Any:
            mask = masks.get((place, k))
            return value if mask is None else jnp.where(mask, value, lax.stop_gradient(value))

        after = tape.run(inputs, edge)
        return [after[number] for number in tape.outputs]

    shapes = [jax.ShapeDtypeStruct(var.aval.shape, var.aval.dtype) for var in closed.jaxpr.invars]
    program = jax.make_jaxpr(rewritten)(*shapes)
    return program.replace(jaxpr=dce_jaxpr(program.jaxpr, [True] * len(program.out_avals), instantiate=True)[0])


def _has_branch(jaxpr: Any) -> bool:
    return any(
        equation.primitive.name == "select_n"
        or (equation.primitive.name in INLINE and _has_branch(equation.params[INLINE[equation.primitive.name]].jaxpr))
        for equation in jaxpr.eqns
    )


def _edges(tape: Tape, values: dict[int, Any] | None) -> dict[tuple[int, int], Any]:
    """Return, by step and operand, the mask of each operand that a derivative must not always enter by.

    Where `values` is None, masks are not worked out: True stands for each.
    """
    used: dict[int, Mask] = dict.fromkeys(tape.outputs)
    risky = tape.risky
    edges: dict[tuple[int, int], Any] = {}
    for place, step in reversed(list(enumerate(tape.steps))):
        masks = [used[number] for number in step.makes if number in used]
        if not masks:
            continue
        whole = any(mask is None for mask in masks)
        operands = [k for k, number in enumerate(step.takes) if tape.is_real(number)]
        for k, mask in zip(operands, _passed_on(tape, step, operands, None if whole else masks, values), strict=True):
            if mask is not None and step.makes[0] in risky and step.name not in LINEAR | ADDITIVE | {"select_n"}:
                edges[place, k] = mask
            number = step.takes[k]
            used[number] = mask if number not in used else _either(used[number], mask)
    return edges


def _passed_on(
    tape: Tape, step: Step, operands: list[int], masks: list[Any] | None, values: dict[int, Any] | None
) -> list[Mask]:
    """Return the mask of each of a step's operands, from those of what it makes."""
    if step.name == "select_n":
        return [_taken(step, k, None if masks is None else masks[0], values) for k in operands]
    if masks is None:
        return [None] * len(operands)
    if values is None:
        return [True] * len(operands)
    shape = tape.avals[step.makes[0]].shape
    if step.name in ELEMENTWISE | ADDITIVE:
        same = jnp.broadcast_to(masks[0], shape)
        return [same if tape.avals[step.takes[k]].shape == shape else jnp.any(same) for k in operands]
    if step.name in LINEAR and len(operands) == len(step.takes):
        return _transposed(tape, step, jnp.broadcast_to(masks[0], shape))
    return [jnp.any(jnp.stack([jnp.any(mask) for mask in masks]))] * len(operands)


def _taken(step: Step, k: int, mask: Mask, values: dict[int, Any] | None) -> Mask:
    """Return where the k-th operand of a selection is the one taken."""
    if values is None:
        return True
    which = values[step.takes[0]]
    here = (which if k == 2 else ~which) if which.dtype == bool else which == k - 1
    return here if mask is None else here & mask


def _transposed(tape: Tape, step: Step, mask: Any) -> list[Mask]:
    """Return the masks of a linear step's operands: what depends on an element that is used."""
    avals = [jax.ShapeDtypeStruct(tape.avals[number].shape, np.float32) for number in step.takes]
    settings = dict(step.equation.params)
    if step.name == "convert_element_type":
        return [mask]
    transpose = jax.linear_transpose(lambda *given: step.equation.primitive.bind(*given, **settings), *avals)
    return [part != 0 for part in transpose(jnp.abs(mask.astype(np.float32)))]


def _either(first: Mask, second: Mask) -> Mask:
    if first is None or second is None:
        return None
    return True if first is True else first | second
