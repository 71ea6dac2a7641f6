"""Rules and judges see the data's units, whatever a method works on."""

import numpy as np
import pytest

import fallline as fl


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_a_textbook_method_on_standardised_columns_is_judged_in_the_data(alpha):
    """Descent on standardised columns of any scale stops at the minimum, and where classes are separable says so."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 2)) * [1e4, 1e-4] + [1e5, 0.0]
    y = (X[:, 0] > 1e5).astype(int)
    model = fl.LogisticRegression(alpha, method="gd", learning_rate=1.0, standardize=True, max_iter=2000)
    if alpha:
        assert model.fit(X, y).converged_
    else:
        with pytest.warns(fl.ConvergenceWarning):
            model.fit(X, y)
        assert any(finding.code == "separable" for finding in model.diagnosis_)
