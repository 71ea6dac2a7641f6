"""Every idiom of the manual's table is differentiated, on the rung that the table says."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from fallline.arrays.layout import flatten
from fallline.objectives.ladder import differentiate

TABLE = runpy.run_path(str(Path(__file__).resolve().parents[1] / "docs" / "idiom_table.py"))
IDIOMS = TABLE["IDIOMS"]
SLOW = {"Exact, step by step": "stepwise", "By finite differences": "finite-differences"}


def slope_along(f, x, direction):
    """Measure a directional derivative by central differences, extrapolated twice: to about ten digits."""

    def difference(h):
        ahead, behind = f(x + h * direction), f(x - h * direction)
        return (float(np.squeeze(ahead)) - float(np.squeeze(behind))) / (2 * h)

    a, b, c = difference(2e-3), difference(1e-3), difference(5e-4)
    return (16 * (4 * c - b) / 3 - (4 * b - a) / 3) / 15


@pytest.mark.parametrize("idiom", IDIOMS, ids=lambda idiom: idiom.name)
def test_an_idiom_stands_on_its_rung(idiom):
    """Value and slope are those of the plain function, and the rung is the one that the manual prints."""
    at = np.asarray(idiom.at, dtype=float)
    x, layout, _ = flatten(idiom.at)
    objective, why = differentiate(idiom.function, x, layout, ())
    assert objective.source == idiom.rung, why
    assert bool(why) == (idiom.rung != "compiled")

    def plain(point):
        with np.errstate(all="ignore"):
            return idiom.function(np.array(point)[()])

    value, gradient = objective.value_and_gradient(x)
    assert value == pytest.approx(float(np.squeeze(plain(at))), rel=1e-13)
    for seed in (1, 2):
        direction = np.random.default_rng(seed).standard_normal(at.shape)
        measured = slope_along(plain, at, direction)
        exact = 1e-6 if idiom.rung == "finite-differences" else 1e-9
        assert gradient @ direction.ravel() == pytest.approx(measured, rel=exact, abs=exact)


def test_the_table_is_as_long_as_it_should_be():
    """At least sixty idioms; only what leaves Python or looks at values stands lower than compiled."""
    assert len(IDIOMS) >= 60
    assert len({idiom.name for idiom in IDIOMS}) == len(IDIOMS)
    assert all(idiom.rung == SLOW.get(idiom.group, "compiled") for idiom in IDIOMS)


def test_following_leaves_no_trace():
    """What a function keeps while it is followed, is kept in a copy: its own list holds plain numbers only."""
    kept = TABLE["HISTORY"]
    keeping = next(idiom for idiom in IDIOMS if "keeps" in idiom.name)
    kept.clear()
    x, layout, _ = flatten(keeping.at)
    differentiate(keeping.function, x, layout, ())
    assert kept and all(type(value) is np.float64 for value in kept)
