"""A problem is called like its function, and refuses a dimension that it does not have."""

import pickle

import numpy as np
import pytest

import fallline as fl
from fallline.errors import InputError
from fallline.problems import Problem


def bowl(x):
    return np.sum(x**2)


def test_a_problem_is_called_like_its_function():
    """Calling it gives the cost, and it says what it is."""
    problem = Problem(name="bowl", function=bowl, x0=[1, 2], minimum=0.0, minimizers=[0, 0], source="here")
    assert problem(problem.x0) == 5.0 and problem(problem.minimizer) == problem.minimum == problem.reached
    assert (problem.dimension, problem.minimizers.shape) == (2, (1, 2))
    assert repr(problem) == "Problem('bowl', dimension=2, minimum=0)"


def test_bounds_are_a_row_for_each_parameter():
    """One pair serves all parameters."""
    bounds = fl.problems.rastrigin.with_dimension(3).bounds
    assert bounds.tolist() == [[-5.12, 5.12]] * 3


@pytest.mark.parametrize("array", ["x0", "minimizers", "bounds"])
def test_what_is_known_cannot_be_changed(array):
    """Its arrays are read-only, since everyone has the same ones."""
    with pytest.raises(ValueError, match="read-only"):
        getattr(fl.problems.branin, array)[0] = 1.0


@pytest.mark.parametrize(
    ("problem", "dimension", "message"),
    [
        (fl.problems.beale, 3, r"dimension must be 2 for beale; got 3\. It is defined for no other"),
        (fl.problems.rosenbrock, 1, r"at least 2 for rosenbrock; got 1\..*with_dimension\(10\)"),
        (fl.problems.rosenbrock, 2.5, "whole number"),
        (fl.problems.rosenbrock, True, "whole number"),
    ],
)
def test_a_dimension_that_there_is_not_is_refused(problem, dimension, message):
    """The message tells which dimensions there are."""
    with pytest.raises(InputError, match=message):
        problem.with_dimension(dimension)


def test_a_problem_survives_a_file():
    """Pickled and read again, it is the same function."""
    for problem in (fl.problems.more_wild()[0], fl.problems.rosenbrock):
        again = pickle.loads(pickle.dumps(problem))
        assert again(problem.x0) == problem(problem.x0) and again.name == problem.name
