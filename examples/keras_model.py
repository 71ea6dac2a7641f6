"""A Keras model trained by fallline, on whatever backend Keras runs: TensorFlow, JAX or torch.

The cost takes the values of the trainable variables as its first argument, so the model is called by `stateless_call`,
which puts the given values in the places of its own. The model itself changes when the answer is assigned to it.
"""

import keras
import numpy as np

import fallline as fl

keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1)])

X = np.random.default_rng(0).standard_normal((200, 2))
y = X[:, :1] * X[:, 1:]


def cost(values: list, X: keras.KerasTensor, y: keras.KerasTensor) -> keras.KerasTensor:
    """Return the mean squared error of the model with these values of its variables."""
    predicted, _ = model.stateless_call(values, model.non_trainable_variables, X)
    return keras.ops.mean((predicted - y) ** 2)


before = float(np.mean((model.predict(X, verbose=0) - y) ** 2))

settings = {"batch_size": 20, "epochs": 30, "method": "adam", "learning_rate": 0.02}
by_batches = fl.minimize(cost, model.trainable_variables, data=(X, y), **settings)
result = fl.minimize(cost, by_batches.x, data=(X, y), max_iterations=300)

for variable, value in zip(model.trainable_variables, result.x, strict=True):
    variable.assign(value)

after = float(np.mean((model.predict(X, verbose=0) - y) ** 2))

print(f"Mean squared error: {before:.2f} before, {by_batches.fun:.1e} after 30 epochs of Adam on mini-batches,")
print(f"{after:.1e} after {result.nit} steps more on all rows ({result.gradient_source}).")
