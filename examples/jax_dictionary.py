"""A JAX function of a dictionary of parameters, on mini-batches: a softmax regression of three species.

Written in `jax.numpy`, started from JAX arrays: JAX differentiates the function and fallline compiles each epoch as one
loop. The answer is a dictionary of JAX arrays, in the precision of the start.
"""

import jax
import jax.numpy as jnp
from sklearn.datasets import load_iris

import fallline as fl

X, species = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)

start = {"weights": jnp.zeros((4, 3)), "intercepts": jnp.zeros(3)}


def cost(parameters: dict[str, jax.Array], X: jax.Array, species: jax.Array) -> jax.Array:
    """Return the mean cross-entropy, with a small penalty on the weights."""
    scores = X @ parameters["weights"] + parameters["intercepts"]
    chosen = jnp.take_along_axis(jax.nn.log_softmax(scores), species[:, None], axis=1)
    return -jnp.mean(chosen) + 0.005 * jnp.sum(parameters["weights"] ** 2)


by_batches = fl.minimize(cost, start, data=(X, species), batch_size=16, epochs=40, method="adam", learning_rate=0.05)
result = fl.minimize(cost, start, data=(X, species))

right = jnp.argmax(X @ result.x["weights"] + result.x["intercepts"], axis=1) == species

print(f"Cost {by_batches.epoch_costs[0]:.4f} at the start, {by_batches.fun:.4f} after 40 epochs of mini-batches.")
print(f"Minimum {result.fun:.4f} after {result.nit} steps on all rows; {int(right.sum())} of {len(right)} are right.")
print(result)
