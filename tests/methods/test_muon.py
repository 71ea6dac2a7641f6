"""Muon on matrices, and on nothing else; its steps are compared with PyTorch in test_methods."""

import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputError


def test_the_directions_singular_values_are_about_equal():
    """A step turns and stretches nothing: the singular values of its matrix lie about 1, tall or wide."""
    rng = np.random.default_rng(0)
    for shape in [(3, 5), (5, 3), (4, 4)]:
        target = rng.normal(size=shape)
        method = fl.methods.Muon(weight_decay=0.0, learning_rate=0.1)
        run = fl.minimize(
            lambda m, target=target: np.sum((m - target) ** 2), np.zeros(shape), method=method, max_iterations=1
        )
        values = np.linalg.svd(run.trace.x[1] / 0.1 / max(1, shape[0] / shape[1]) ** 0.5, compute_uv=False)
        assert values.min() > 0.3 and values.max() < 1.3


def test_each_matrix_of_several_is_turned_for_itself():
    """Two matrices in a tree move as each would alone."""
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=(2, 3)), rng.normal(size=(4, 2))
    settings = {"method": "muon", "learning_rate": 0.05, "max_iterations": 10}
    both = fl.minimize(
        lambda p: np.sum((p["a"] - first) ** 2) + np.sum((p["b"] - second) ** 2),
        {"a": np.zeros((2, 3)), "b": np.zeros((4, 2))},
        **settings,
    ).trace.x
    alone = fl.minimize(lambda m: np.sum((m - second) ** 2), np.zeros((4, 2)), **settings).trace.x
    np.testing.assert_allclose(both["b"], alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("x0", "named"),
    [
        (np.ones(3), r"t\[0\] of an array of shape \(3,\)"),
        (2.0, r"t of an array of shape \(\)"),
        ({"w": np.ones((2, 2)), "b": np.ones(2)}, r"b\[0\] of an array of shape \(2,\)"),
    ],
    ids=["vector", "number", "tree"],
)
def test_anything_but_matrices_is_refused(x0, named):
    """Before the first step one sentence names the parameter that is no matrix."""

    def cost(t):
        return np.sum(t["w"] ** 2) + np.sum(t["b"] ** 2) if isinstance(t, dict) else np.sum(t**2)

    with pytest.raises(InputError, match=f"x0 must hold nothing but matrices with Muon; got {named}"):
        fl.minimize(cost, x0, method="muon")


def test_without_a_layout_it_says_so():
    """Called by hand on a flat vector, it asks for the shapes."""
    method = fl.methods.Muon()
    with pytest.raises(InputError, match="layout must be given"):
        method.update(np.ones(4), method.init(np.ones(4)), np.ones(4))
