"""The compiled engine: what it carries from block to block is all that a run needs to go on."""

import jax
import numpy as np
import pytest
from safetensors.numpy import load, save

from fallline.arrays.layout import flatten
from fallline.descent.compiled import CompiledEngine
from fallline.descent.rates import resolve_rate
from fallline.methods import find, known
from fallline.objectives.ladder import differentiate


def bowl(t):
    return np.sum(np.arange(1.0, 5.0).reshape(2, 2) * (t - 1) ** 2) + t[0, 0] * t[1, 1]


def engine_of(name, rate):
    x, layout, _ = flatten(np.array([[2.0, -1.0], [0.5, 3.0]]))
    method = find(name).laid_out(layout)
    return CompiledEngine(differentiate(bowl, x, layout, ())[0], x, method, resolve_rate(rate, method, layout))


@pytest.mark.parametrize("name", sorted({cls.name for cls in known().values()}))
def test_a_state_survives_a_file(name):
    """Written to a file of plain arrays and read back, a method's state goes on to the same bits."""
    unbroken, resumed = engine_of(name, None), engine_of(name, None)
    unbroken.start()
    unbroken.advance(7)
    leaves, tree = jax.tree_util.tree_flatten(unbroken.carry)
    saved = load(save({f"{place:03}": np.asarray(leaf) for place, leaf in enumerate(leaves)}))
    resumed.start()
    with jax.enable_x64(True):
        resumed.carry = jax.tree_util.tree_unflatten(tree, [saved[key] for key in sorted(saved)])
        one, other = unbroken.advance(7), resumed.advance(7)
    for column, again in zip(one, other, strict=True):
        np.testing.assert_array_equal(column, again)


def test_a_searched_block_ends_below_the_slope_asked_for():
    """The steps are those of a whole block, up to the first whose slope is as low; a new block goes on from there."""
    whole, parts = engine_of("lbfgs", None), engine_of("lbfgs", None)
    whole.start()
    parts.start()
    steps = whole.advance(5)
    low = float(steps.gradient_norm[1:3].max())
    first = parts.advance(5, low)
    count = len(first.fun)
    assert 1 <= count < 5 and first.gradient_norm[-1] <= low and (first.gradient_norm[:-1] > low).all()
    rest = parts.advance(5 - count)
    for column, one, other in zip(steps, first, rest, strict=True):
        np.testing.assert_array_equal(column, np.concatenate([one, other]))


def test_a_searched_block_ends_where_no_step_leads_anywhere():
    """At the minimum two steps tell that there is nothing more to gain; the others are not taken."""
    engine = engine_of("lbfgs", None)
    engine.start()
    found = engine.advance(400)
    assert len(found.fun) < 100 and (found.step_norm[-2:] == 0).all() and found.step_norm[-3] > 0
