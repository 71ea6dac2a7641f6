"""What is said about the data of a fit."""

import numpy as np
import pytest

from fallline.diagnosis import data_findings
from fallline.objectives.rows_metric import Metric

FOUND = [
    data_findings.shape_mismatch(5),
    data_findings.separable(),
    data_findings.constant_features(np.array([1]), ["a", "b"]),
    data_findings.collinear(
        Metric.of(np.array([[1.0, 1.0], [1.0, 1.0]]), np.zeros(2), 1, False), 2, ["width", "height"]
    ),
    data_findings.features_unscaled(np.diag([1.0, 1e6]), np.eye(2), ["width", "height"], np.array([1.0, 1e3])),
]


@pytest.mark.parametrize("finding", FOUND, ids=lambda finding: finding.code)
def test_every_finding_says_what_was_seen_and_what_to_do(finding):
    """A finding has a severity, a message of whole sentences and a remedy."""
    assert finding.severity in ("info", "warning")
    assert finding.message.endswith(".")
    assert finding.remedy.endswith(".")


def test_many_columns_are_not_all_listed():
    """A long list of columns is cut short, and the number of the others told; the values hold all of them."""
    finding = data_findings.constant_features(np.arange(9), [f"c{j}" for j in range(9)])
    assert "c0, c1, c2, c3, c4 and 4 more" in finding.message
    assert finding.values["index"] == list(range(9))


def test_nothing_is_found_where_nothing_is_wrong():
    """Columns that vary, on their own and on one scale, are left in peace."""
    assert data_findings.constant_features(np.array([], dtype=int), ["a"]) is None
    assert data_findings.collinear(Metric.of(np.eye(2), np.zeros(2), 1, False), 2, ["a", "b"]) is None
    assert data_findings.features_unscaled(np.diag([1.0, 50.0]), np.eye(2), ["a", "b"], np.array([1.0, 7.0])) is None
