"""Programs in scalars compute what they compute in arrays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fallline.arrays.scalars import in_scalars

X = np.arange(6.0).reshape(3, 2) / 5

PROGRAMS = {
    "arithmetic": lambda x: x * 2 - 1 / (x + 3) + x**2,
    "elements": lambda x: jnp.stack([x[0] * x[1], x[1] - x[0]]),
    "products": lambda x: X @ x,
    "products of whole numbers": lambda x: jnp.asarray([[1, 2], [3, 4]]) @ x,
    "matrix products": lambda x: (X * x).T @ X,
    "reductions": lambda x: jnp.stack([x.sum(), x.prod(), x.max(), x.min(), jnp.linalg.norm(x)]),
    "by axis": lambda x: (X * x).sum(axis=0) + (X * x).max(axis=1).sum(),
    "selection": lambda x: jnp.where(x > 0, jnp.sin(x), jnp.exp(x)),
    "shapes": lambda x: jnp.concatenate([x[::-1], x.reshape(2, 1).T.ravel(), jnp.pad(x, (1, 2))]),
    "broadcast": lambda x: x[:, None] + x[None, :],
    "gradient": jax.grad(lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2),
    "inner functions": lambda x: jnp.logaddexp(x, 0.0) + jnp.clip(x, -0.5, 0.5),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_scalars_compute_the_same(name):
    """The rewritten program returns the elements of the array program's answer."""
    with jax.enable_x64(True):
        x = jnp.array([0.7, -1.3])
        rewritten = in_scalars(PROGRAMS[name], x)
        assert rewritten is not None
        items = jax.jit(rewritten)([x[0], x[1]])
        np.testing.assert_allclose(jnp.stack(items), PROGRAMS[name](x).ravel(), rtol=1e-13)


@pytest.mark.parametrize(
    "program",
    [
        lambda x: jax.lax.while_loop(lambda y: y.sum() < 9, lambda y: y + 1, x),
        lambda x: jnp.sort(x),
        lambda x: jnp.outer(x, jnp.ones(300)).sum(axis=1),
    ],
    ids=["a loop", "a sort", "too large"],
)
def test_what_is_not_for_scalars_is_left_alone(program):
    """Loops, sorts and large programs are not rewritten."""
    assert in_scalars(program, jnp.ones(2)) is None
