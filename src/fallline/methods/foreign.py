"""Methods from elsewhere: optax's gradient transformations."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.namespace import namespace
from fallline.errors import InputError
from fallline.methods.base import RatedMethod
from fallline.steps.base import Evaluate, Point

__all__ = ["OptaxMethod", "is_transformation"]


def is_transformation(thing: Any) -> bool:
    """Tell whether a thing is one of optax's transformations; nobody has one who has not imported optax."""
    optax = sys.modules.get("optax")
    return optax is not None and isinstance(thing, optax.GradientTransformation)


@dataclass(frozen=True, kw_only=True)
class OptaxMethod(RatedMethod):
    """An optax transformation with exactly its iterates: ``x = x + updates``.

    It sees the parameters in the structure that the user gave them, so that rules for one array of many hold; and the
    cost, the gradient and the function, so that optax's line searches work where the function is compiled.

    Parameters
    ----------
    transformation : optax.GradientTransformation
        What makes updates of gradients, its learning rate included.
    layout : Layout or None
        How the parameters lie in the flat vector; filled in at the start of a run.
    learning_rate : float, schedule or None
        Multiplies the updates; None for 1.

    Examples
    --------
    >>> import optax
    >>> import fallline as fl
    >>> method = optax.chain(optax.clip(1.0), optax.sgd(0.25))
    >>> fl.minimize(lambda theta: theta**2, 3.0, method=method, max_iterations=2).trace.x
    array([3.  , 2.75, 2.5 ])
    """

    name: ClassVar[str] = "optax"
    default_rate: ClassVar[Any] = 1.0

    transformation: Any = field(repr=False)
    layout: Layout | None = field(default=None, repr=False)

    def laid_out(self, layout: Layout) -> OptaxMethod:
        return replace(self, layout=layout.of_arrays)

    def init(self, x: Any) -> Any:
        import jax

        with jax.enable_x64(True):
            return _to_numpy(self.transformation.init(_tree(jax.numpy.asarray(x), self.layout)))

    def move(self, here: Point, state: Any, rate: Any, evaluate: Evaluate) -> tuple[Any, Any]:
        if namespace(here.x) is not np:
            updates, state = _updates(self.transformation, self.layout, here, state, evaluate.cost)
            return -rate * updates, state
        import jax

        with jax.enable_x64(True):
            updates, state = _to_numpy(_compiled(self.transformation, self.layout)(here, state))
        return -rate * updates, state


def _updates(transformation: Any, layout: Layout | None, here: Point, state: Any, cost: Any) -> tuple[Any, Any]:
    """Return the flat updates and the next state."""
    import optax

    x, gradient = _tree(here.x, layout), _tree(here.gradient, layout)
    updates, state = optax.with_extra_args_support(transformation).update(
        gradient, state, x, value=here.fun, grad=gradient, value_fn=lambda tree: cost(_vector(tree, layout))
    )
    return _vector(updates, layout), state


@lru_cache(maxsize=16)
def _compiled(transformation: Any, layout: Layout | None) -> Any:
    """Return the compiled update for a run whose function is not compiled."""
    import jax

    def cost(_: Any) -> Any:
        raise InputError(
            "method must not evaluate the function where that is not compiled; got an optax transformation that does. "
            "optax follows compiled functions only. Use method='lbfgs', or see the finding lower-gradient-rung."
        )

    return jax.jit(lambda here, state: _updates(transformation, layout, here, state, cost))


def _tree(vector: Any, layout: Layout | None) -> Any:
    return vector if layout is None else layout.arguments(vector)


def _vector(tree: Any, layout: Layout | None) -> Any:
    return tree if layout is None else layout.vector(tree)


def _to_numpy(tree: Any) -> Any:
    """Return the tree with NumPy's arrays, but for keys of random numbers, which have no NumPy form."""
    import jax

    def convert(leaf: Any) -> Any:
        return leaf if jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key) else np.asarray(leaf)

    return jax.tree_util.tree_map(convert, tree)
