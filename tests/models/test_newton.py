"""Newton's method with sampled Hessians gets where it gets without."""

import numpy as np
import pytest

import fallline as fl
from fallline.data.blocks import BLOCK_ROWS
from fallline.models import newton


def data(classes=2):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(16 * BLOCK_ROWS, 3)) * [1.0, 100.0, 0.01]
    z = X @ np.array([[0.3, -1.0, 0.5], [0.01, 0.0, -0.01], [0.0, 60.0, 0.0]])[:, :classes]
    return X, (z + rng.gumbel(size=z.shape)).argmax(axis=1)


@pytest.mark.parametrize("classes", [2, 3])
def test_a_sampled_hessian_leads_to_the_same_minimum(monkeypatch, classes):
    """On a long table the first steps use the Hessian of a sample; the answer and its bound are those of all rows."""
    X, y = data(classes)
    plain = fl.LogisticRegression(tol=1e-10).fit(X, y)
    monkeypatch.setattr(newton, "WORTH_SAMPLING", 0)
    sampled = fl.LogisticRegression(tol=1e-10).fit(X, y)
    assert not np.array_equal(sampled.trace_.x[1], plain.trace_.x[1]), "nothing was sampled"
    assert sampled.converged_
    assert sampled.certificate_.kind == "bound"
    np.testing.assert_allclose(sampled.coef_, plain.coef_, rtol=1e-3)


def test_a_sample_that_misleads_is_given_up(monkeypatch):
    """Where the sampled blocks are unlike the others, exact Hessians take over and the fit converges all the same."""
    X, y = data()
    blocks = np.arange(len(X)) // BLOCK_ROWS
    X[blocks % newton.SAMPLE == 0] *= 0.01
    monkeypatch.setattr(newton, "WORTH_SAMPLING", 0)
    model = fl.LogisticRegression().fit(X, y)
    assert model.converged_
    assert model.n_iter_ < 40
