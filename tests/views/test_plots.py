"""result.plot()."""

import pytest

from fallline.errors import InputError
from fallline.views.display import (
    ContourDisplay,
    CostDisplay,
    CurveDisplay,
    ParametersDisplay,
    RateDisplay,
    SurfaceDisplay,
)
from tests.views.runs import bowl, rosenbrock, square


@pytest.mark.parametrize(
    ("run", "kind", "display"),
    [
        (square(), "auto", CurveDisplay),
        (rosenbrock(steps=20), "auto", ContourDisplay),
        (bowl(3), "auto", CostDisplay),
        (square(), "curve", CurveDisplay),
        (rosenbrock(steps=20), "contour", ContourDisplay),
        (rosenbrock(steps=20), "surface", SurfaceDisplay),
        (square(), "cost", CostDisplay),
        (rosenbrock(steps=20), "learning-rate", RateDisplay),
        (bowl(3), "parameters", ParametersDisplay),
    ],
)
def test_each_kind_is_a_display_that_saves(run, kind, display, tmp_path):
    """The kind follows the number of parameters or is asked for, and the picture can be saved."""
    drawn = run.plot(kind)
    assert isinstance(drawn, display)
    assert drawn.figure_ is drawn.ax_.figure
    drawn.figure_.savefig(tmp_path / "run.png")
    assert (tmp_path / "run.png").stat().st_size > 3000


def test_an_unknown_kind_is_refused():
    """A misspelt kind is answered with the right one."""
    with pytest.raises(InputError, match=r"kontour.*Did you mean 'contour'"):
        square().plot("kontour")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(("run", "kind"), [(bowl(3), "curve"), (square(), "contour"), (bowl(5), "surface")])
def test_a_kind_that_does_not_fit_is_refused(run, kind):
    """A curve of three parameters cannot be drawn, and the message says what can."""
    with pytest.raises(InputError, match=r"must fit the number of parameters.*'cost'"):
        run.plot(kind)
