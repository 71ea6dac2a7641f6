"""What the checks found, in words."""

from dataclasses import replace

import numpy as np
import pytest

from fallline.trace import Finding, GradientCheck, RateRange
from fallline.views.checks import gradient_check_text, rate_range_text

WRONG = Finding("wrong-gradient", "error", "The gradient given is not the function's.", "Correct it.", {"index": 1})


def checked(given, measured, findings=(), names=None):
    given, measured = np.asarray(given, float), np.asarray(measured, float)
    errors = np.abs(given - measured) / np.maximum(np.abs(given), np.abs(measured))
    known = np.flatnonzero(np.isfinite(measured))
    worst = int(known[np.argmax(errors[known])])
    names = names or [f"x[{j}]" for j in known]
    return GradientCheck(list(findings), f"x[{worst}]", worst, float(errors[worst]), errors, given, measured, names)


@pytest.mark.parametrize(
    ("size", "says"), [(1, "its one component agrees"), (2, "both components agree"), (7, "all 7 components agree")]
)
def test_a_right_gradient_in_one_line(size, says):
    """What agrees is counted, and the least exact component is named with its error."""
    text = gradient_check_text(checked(np.ones(size), np.full(size, 1 + 1e-9)))
    assert says in text and "to 1e-09" in text and "\n" not in text.strip()[:90]


def test_components_that_were_not_measured_are_told():
    """Of many, those looked at by themselves are counted."""
    measured = np.ones(100)
    measured[10:] = np.nan
    assert "10 of 100 components" in gradient_check_text(checked(np.ones(100), measured))


def test_a_wrong_gradient_shows_its_worst_components_first():
    """The finding comes with a table of six components at most."""
    given = np.arange(1.0, 11.0)
    text = gradient_check_text(checked(given, given - 0.5, [WRONG]))
    rows = text.splitlines()
    assert rows[0] == "The gradient is wrong." and "Correct it." in text
    place = next(i for i, row in enumerate(rows) if "relative error" in row)
    assert rows[place + 1].split() == ["x[0]", "1", "0.5", "0.5"]
    assert "The 6 worst of 10 components" in rows[-1]
    assert max(map(len, rows)) <= 100


FOUND = RateRange(
    low=0.001,
    high=0.0797,
    limit=0.08,
    suggestion=0.04,
    curvature=25.0,
    rates=np.geomspace(1e-4, 1.0, 21),
    costs=np.concatenate([np.geomspace(10, 1e-3, 15), np.full(6, np.inf)]),
    start=12.5,
    steps=30,
    method="GradientDescent",
)


def test_a_range_in_words():
    """Range, limit and suggestion each say what they mean."""
    text = rate_range_text(FOUND)
    assert text.splitlines()[0] == "Use a learning rate of about 0.04."
    for part in ("0.001 to 0.0797", "2/L = 0.08", "L = 25", "GradientDescent", "30 iterations each"):
        assert part in text
    assert max(map(len, text.splitlines())) <= 100


def test_a_range_without_a_limit_and_with_findings():
    """Where no limit exists it says why; findings follow."""
    text = rate_range_text(replace(FOUND, limit=None, curvature=None, findings=[WRONG]))
    assert "none: the method has no limit" in text and "error  wrong-gradient" in text


def test_other_limits_and_ranges_beyond_them():
    """The limit of another method has its own factor; a range beyond it is explained."""
    text = rate_range_text(replace(FOUND, limit=0.152, high=0.3))
    assert "3.8/L = 0.152" in text and "leaving the steep place" in text
