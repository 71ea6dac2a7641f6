"""The program that steps many runs at once: the step of a single run, in lanes side by side or one after another."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fallline.descent.compiled import evaluation, recorded_step
from fallline.descent.step import Carry, Rate
from fallline.methods import UpdateRule
from fallline.objectives.base import Code
from fallline.steps import StepRule

__all__ = ["program_of"]


@functools.lru_cache(maxsize=64)
def program_of(code: Code, method: UpdateRule, rate: Rate | None, fixed: bool) -> Any:
    """Return the compiled function that takes `count` more steps in all lanes of a tile and writes them down."""
    import jax
    import jax.numpy as jnp

    def step(carry: Carry, scheduled: Any, constants: Any) -> tuple[Carry, Any]:
        evaluate = evaluation(code, *constants)
        after, (x, fun, _, _, *varying) = recorded_step(carry, method, rate, scheduled, evaluate)
        # roots take longer than all else that is recorded, and are drawn only of what is looked at
        squares = (jnp.sum(vector**2) for vector in (evaluate.slope(after.point), x - carry.point.x))
        return after, jnp.concatenate([x, jnp.stack([fun, *squares, *varying])])

    # the buffer is given away and comes back written: it stays the same memory
    @functools.partial(jax.jit, donate_argnums=1)
    def advance(carry: Carry, buffer: Any, count: int, lanes: int, scheduled: Any, constants: Any) -> tuple[Carry, Any]:
        def scheduled_at(place: Any) -> Any:
            return scheduled if fixed else scheduled[place]

        def together(place: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
            before, written = state
            after, row = steps.take(before, scheduled_at(place))
            return after, jax.lax.dynamic_update_index_in_dim(written, row, place, 0)

        def apart(lane: Any, state: tuple[Carry, Any]) -> tuple[Carry, Any]:
            def take(place: Any, state: tuple[Carry, Any]) -> tuple[Carry, Any]:
                after, row = step(state[0], scheduled_at(place)[lane], constants)
                return after, state[1].at[place, :, lane].set(row)

            one = jax.tree_util.tree_map(lambda leaf: leaf[lane], state[0])
            one, written = jax.lax.fori_loop(0, count, take, (one, state[1]))
            return jax.tree_util.tree_map(lambda leaf, new: leaf.at[lane].set(new), state[0], one), written

        # products of many lanes are summed in another order, and a search that decides by them soon goes another way
        if isinstance(rate, StepRule) and _multiplies(jax.make_jaxpr(step)(*_first(carry, scheduled_at(0)), constants)):
            return jax.lax.fori_loop(0, lanes, apart, (carry, buffer))
        steps = _in_lanes(step, carry, scheduled_at(0), constants)
        leaves, buffer = jax.lax.fori_loop(0, count, together, (steps.split(carry), buffer))
        return steps.join(leaves), buffer

    return advance


def _first(carry: Carry, scheduled: Any) -> tuple[Carry, Any]:
    """Return what the first lane carries, and its rate."""
    import jax

    return jax.tree_util.tree_map(lambda leaf: leaf[0], (carry, scheduled))


def _multiplies(traced: Any) -> bool:
    """Tell whether a traced program multiplies matrices or vectors."""
    import jax.extend.core as jex

    for equation in traced.eqns:
        if equation.primitive.name == "dot_general":
            return True
        inner = [part for each in equation.params.values() for part in (each if isinstance(each, tuple) else (each,))]
        if any(_multiplies(part) for part in inner if isinstance(part, (jex.Jaxpr, jex.ClosedJaxpr))):
            return True
    return False


@dataclass(frozen=True)
class _Lanes:
    """A step in all lanes of a tile: `take` works on what `split` makes of a carry, and `join` undoes that."""

    take: Callable[[Any, Any], tuple[Any, Any]]
    split: Callable[[Carry], Any]
    join: Callable[[Any], Carry]


def _in_lanes(step: Callable[..., tuple[Carry, Any]], carry: Carry, scheduled: Any, constants: Any) -> _Lanes:
    """Return a step of one run as a step of all lanes: in scalars, each a vector over the lanes, or in arrays."""
    import jax
    import jax.numpy as jnp

    from fallline.arrays.scalars import in_scalars

    rewritten = in_scalars(step, *_first(carry, scheduled), constants)
    if rewritten is None:
        many: Any = jax.vmap(lambda carry, scheduled: step(carry, scheduled, constants), out_axes=(0, 1))
        return _Lanes(many, lambda carry: carry, lambda carry: carry)
    leaves, tree = jax.tree_util.tree_flatten(carry)
    fixed = [leaf.ravel()[i] for leaf in jax.tree_util.tree_leaves(constants) for i in range(leaf.size)]

    def split(carry: Carry) -> list[Any]:
        flat = [leaf.reshape(len(leaf), -1) for leaf in jax.tree_util.tree_leaves(carry)]
        return [leaf[:, i] for leaf in flat for i in range(leaf.shape[1])]

    def join(scalars: list[Any]) -> Carry:
        given = iter(scalars)
        whole = [jnp.stack([next(given) for _ in range(leaf[0].size)], axis=1).reshape(leaf.shape) for leaf in leaves]
        return jax.tree_util.tree_unflatten(tree, whole)

    def take(scalars: list[Any], scheduled: Any) -> tuple[list[Any], Any]:
        rates = [scheduled] if scheduled.ndim == 1 else [scheduled[:, i] for i in range(scheduled.shape[1])]
        answers = jax.vmap(lambda scalars, rates: rewritten([*scalars, *rates, *fixed]))(scalars, rates)
        return answers[: len(scalars)], jnp.stack(answers[len(scalars) :])

    return _Lanes(take, split, join)
