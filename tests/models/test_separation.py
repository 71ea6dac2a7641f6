"""Classes that planes separate, wholly or in part, have no fit without a penalty."""

import numpy as np
import pytest

import fallline as fl
from fallline.data.blocks import ArrayRows
from fallline.losses import LOSSES
from fallline.models.separation import separates
from fallline.objectives.rows import RowsObjective


def one_level_decides(classes):
    """Make classes that overlap, but for a rare level whose rows are all of class 1."""
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=(200, 2)), np.arange(200) < 5])
    y = rng.integers(0, classes, 200)
    y[:5] = 1
    return X, y


PARTLY = {
    "touching": (np.array([[1.0], [2.0], [3.0], [3.0], [4.0], [5.0]]), [0, 0, 0, 1, 1, 1]),
    "one level decides": one_level_decides(2),
    "one level decides among three": one_level_decides(3),
}


@pytest.mark.parametrize("case", PARTLY)
@pytest.mark.parametrize("standardize", [False, True])
def test_classes_separated_in_part_are_reported(case, standardize):
    """Classes that touch, or a level that decides by itself, are found separable, and soon."""
    X, y = PARTLY[case]
    with pytest.warns(fl.ConvergenceWarning, match="separable"):
        model = fl.LogisticRegression(alpha=0, standardize=standardize).fit(X, y)
    assert not model.converged_
    assert model.n_iter_ < 50
    assert model.diagnosis_[0].code == "separable"


@pytest.mark.parametrize("case", PARTLY)
def test_a_penalty_mends_them(case):
    """The remedy holds: with a penalty the same classes have a fit."""
    X, y = PARTLY[case]
    model = fl.LogisticRegression(alpha=1e-3).fit(X, y)
    assert model.converged_
    assert model.diagnosis_ == []


def test_a_direction_separates_only_if_no_row_objects():
    """One row on the wrong side is enough for a direction not to separate; a row without weight has no say."""
    X, y = np.array([[1.0], [2.0], [3.0]]), np.array([0.0, 1.0, 1.0])
    along = np.array([1.0, -1.5])
    assert separates(RowsObjective(ArrayRows(X, y), LOSSES["logistic"]), along)
    wrong = np.array([0.0, 0.0, 1.0]), np.array([0.0, 1.0, 0.0])
    assert not separates(RowsObjective(ArrayRows(X, wrong[0]), LOSSES["logistic"]), along)
    weights = np.array([1.0, 0.0, 1.0])
    assert separates(RowsObjective(ArrayRows(X, wrong[0], weights), LOSSES["logistic"]), along)


@pytest.mark.filterwarnings("ignore::fallline.ConvergenceWarning")
@pytest.mark.parametrize("side", [1, -1])
def test_a_row_far_off_does_not_hide_those_that_overlap(side):
    """Classes that overlap are not called separable because of one row a thousand million away."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(61, 1))
    y = (X[:, 0] + rng.normal(size=61) > 0).astype(int)
    X[60], y[60] = side * 1e9, 1
    model = fl.LogisticRegression(alpha=0).fit(X, y)
    assert "separable" not in [finding.code for finding in model.diagnosis_]
    objective = RowsObjective(ArrayRows(X, y.astype(float)), LOSSES["logistic"])
    assert not separates(objective, np.array([float(side), 0.0]))
