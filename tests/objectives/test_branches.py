"""Gradients take nothing from branches that are not taken, whatever stands there."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.core import eval_jaxpr

from fallline.objectives.branches import guarded

where = jnp.where
CASES = {
    "a logarithm": (lambda t: where(t > 0, jnp.log(t), 0.0).sum(), [-1.0, 0.0, 2.0], [0, 0, 0.5]),
    "a root": (lambda t: where(t > 0, jnp.sqrt(t) * 2, t).sum(), [0.0, 1.0, 4.0], [1, 1, 0.5]),
    "a quotient": (
        lambda t: where(t != 0, jnp.sin(t) / t, 1.0).sum(),
        [0.0, np.pi, np.pi],
        [0, -1 / np.pi, -1 / np.pi],
    ),
    "a norm": (lambda t: (lambda r: where(r > 0, t / r, 0.0))(jnp.linalg.norm(t)).sum(), [0.0, 0.0], [0, 0]),
    "overflow": (lambda t: where(t > 100, t, jnp.exp(t)).sum(), [1000.0, 0.0], [1, 1]),
    "nested": (
        lambda t: where(t > 1, jnp.log(t - 1), where(t > 0, jnp.sqrt(t), 0.0)).sum(),
        [1.0, 0.0, 2.0],
        [0.5, 0, 1],
    ),
    "a scalar": (lambda t: where(t.sum() > 0, jnp.log(t.sum()), 0.0), [1.0, -1.0], [0, 0]),
    "cumulated": (lambda t: jnp.cumsum(where(t > 0, jnp.log(t), 0.0)).sum(), [1.0, 0.0, 0.0], [3, 0, 0]),
    "matrices": (
        lambda t: where(t.sum() > 0, jnp.linalg.inv(jnp.outer(t, t)).sum(), t.sum() ** 2 + t[0]),
        [0.0, 0.0],
        [1, 0],
    ),
    "also outside": (
        lambda t: where(t > 0, jnp.log(t), 0.0).sum() + jnp.log(t + 1).sum(),
        [1.0, 0.0],
        [1.5, 1],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_branches_not_taken_have_no_say(name):
    """Values are the same to the bit, and gradient and curvature are finite and right."""
    function, at, slope = CASES[name]
    with jax.enable_x64(True):
        x = jnp.asarray(at)
        traced = jax.make_jaxpr(function)(x)
        program = guarded(traced)

        def value(x):
            return eval_jaxpr(program.jaxpr, program.consts, x)[0]

        assert not np.isfinite(jax.grad(function)(x)).all()
        np.testing.assert_array_equal(jax.jit(value)(x), jax.jit(function)(x))
        np.testing.assert_allclose(jax.jit(jax.grad(value))(x), slope, rtol=1e-12, atol=1e-12)
        assert np.isfinite(jax.jit(jax.hessian(value))(x)).all()


@pytest.mark.parametrize(
    "function",
    [
        lambda t: jnp.sum(t**2),
        lambda t: jnp.log(t).sum(),
        lambda t: where(t > 0, t, t**2).sum(),
        lambda t: jnp.linalg.det(jnp.outer(t, t) + jnp.eye(2)),
    ],
)
def test_programs_without_such_branches_stay_as_they_are(function):
    """Nothing is added where nothing can go wrong."""
    traced = jax.make_jaxpr(function)(np.ones(2))
    assert guarded(traced) is traced
