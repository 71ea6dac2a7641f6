"""scikit-learn's own conformance checks, for every estimator; run as a program, this prints their count."""

import os
import subprocess
import sys
import warnings
from collections import Counter

import pytest
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

import fallline as fl
from fallline.models import ESTIMATORS

VARIANTS = {
    "LinearClassifier of hinges": fl.LinearClassifier(loss="hinge"),
    "LinearRegressor of quantiles": fl.LinearRegressor(loss="quantile"),
    "LinearRegressor of counts": fl.LinearRegressor(loss="poisson"),
    "LinearRegressor within a band": fl.LinearRegressor(loss="epsilon-insensitive"),
    "LogisticRegression with absolute values": fl.LogisticRegression(l1_ratio=0.5, alpha=0.01),
    "LogisticRegression standardised": fl.LogisticRegression(standardize=True),
    "LogisticRegression balanced": fl.LogisticRegression(class_weight="balanced"),
    "Ridge from anywhere": fl.Ridge(init="random", random_state=0),
    "Ridge by name": fl.Ridge(method="lbfgs"),
}
MODELS = {name: getattr(fl, name)() for name in ESTIMATORS} | VARIANTS
CHECKS = [
    pytest.param(model, check, id=f"{name}: {getattr(check, 'func', check).__name__}")
    for name, one in MODELS.items()
    for model, check in estimator_checks_generator(one, mark="skip")
]
FOR_ARRAY_LIBRARIES = "check_array_api_input"
"""It skips itself unless the environment asked for it before scikit-learn was imported: see the last test."""


@pytest.mark.filterwarnings("ignore")  # the checks try what warns
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_the_estimators_are_scikit_learns(estimator, check):
    """Every estimator drops into scikit-learn's pipelines, searches and cross-validation."""
    before = repr(estimator)
    if getattr(check, "func", check).__name__ != FOR_ARRAY_LIBRARIES:
        check(estimator)
    assert repr(estimator) == before


def test_nothing_is_left_out():
    """As a program, with all checks switched on: none fails and none is skipped, for any estimator."""
    done = subprocess.run(
        [sys.executable, __file__, "Ridge", "LogisticRegression"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"SCIPY_ARRAY_API": "1"},
    )
    counts = [[int(word) for word in line.split()[-3:]] for line in done.stdout.splitlines()[1:]]
    assert [count[1:] for count in counts] == [[0, 0], [0, 0]]
    assert min(count[0] for count in counts) >= 60


def main(names):
    """Print how many of scikit-learn's checks each estimator passes, skips and fails."""
    print(f"{'':40}passed skipped failed")
    for name in names or MODELS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = check_estimator(MODELS[name], on_skip=None, on_fail=None)
        count = Counter(check["status"] for check in done)
        print(f"{name:40}{count['passed']:6d}{count['skipped']:8d}{count['failed']:7d}")


if __name__ == "__main__":
    main(sys.argv[1:])
