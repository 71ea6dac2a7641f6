"""The collection: minima as stated, gradients exact, and all of it solved by minimize as it comes."""

import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.objectives.lifted import CompiledFunction, trace_program

COLLECTION = fl.problems.collection()
each = pytest.mark.parametrize("problem", COLLECTION, ids=lambda problem: problem.name)
FAMILIES = [problem for problem in COLLECTION if problem.family is not None]


def exact(problem):
    _, layout, _ = flatten(problem.x0)
    return CompiledFunction(trace_program(problem, layout, ()), layout)


def test_there_are_at_least_25_of_different_names():
    """From quadratic to rastrigin, each under its own name."""
    names = [problem.name for problem in COLLECTION]
    assert len(set(names)) == len(names) >= 25 and {"quadratic", "rastrigin"} <= set(names)
    assert all(getattr(fl.problems, problem.name.replace("-", "_")) is problem for problem in COLLECTION)


@each
def test_its_minimizers_have_its_minimum(problem):
    """At each of them the cost is the minimum, to the last digits of a double."""
    for minimizer in problem.minimizers:
        cost = problem(minimizer.astype(np.longdouble))
        assert abs(cost - problem.minimum) <= 1e-15 * max(1.0, abs(problem.minimum))


@each
def test_its_minimizers_are_minimizers(problem):
    """No slope and no downward curve there where the function is smooth, and nothing lower near by in any case."""
    rng = np.random.default_rng(0)
    objective = exact(problem)
    for minimizer in problem.minimizers:
        for size in (1e-2, 1e-5):
            near = minimizer + size * rng.normal(size=(50, problem.dimension)) * np.maximum(np.abs(minimizer), 1e-3)
            costs = objective.values(near)
            assert costs.min() >= problem.minimum - 1e-12 * max(1.0, abs(problem.minimum))
        if problem.smooth:
            slope = objective.value_and_gradient(minimizer)[1]
            values, vectors = np.linalg.eigh(objective.hessian_products(minimizer, np.eye(problem.dimension)))
            assert values[0] >= -1e-9 * values[-1]
            # the step left to take, where there is a curvature to take it by
            steps = vectors.T @ slope / np.where(values > 1e-12 * values[-1], values, np.inf)
            assert np.linalg.norm(steps) <= 1e-7 * max(1.0, np.linalg.norm(minimizer))


@each
def test_its_bounds_hold_start_and_minimizers(problem):
    """The customary domain has both inside."""
    points = np.vstack([problem.x0, problem.minimizers])
    bounds = np.array([[-np.inf, np.inf]] * problem.dimension) if problem.bounds is None else problem.bounds
    assert (points >= bounds[:, 0]).all() and (points <= bounds[:, 1]).all()
    assert problem.source and problem.reached >= problem.minimum


@each
def test_minimize_reaches_what_can_be_reached(problem):
    """From its start, as it comes: a smooth one is solved, and known to be."""
    result = fl.minimize(problem, problem.x0)
    if problem.smooth:
        assert result.gradient_source == "compiled" and result.success
        assert result.fun - problem.reached <= 1e-8 * (problem(problem.x0) - problem.reached)
    else:
        assert result.fun < problem(problem.x0)


@pytest.mark.parametrize("problem", FAMILIES, ids=lambda problem: problem.name)
@pytest.mark.parametrize("dimension", [7, 30])
def test_a_family_has_its_minimum_in_every_dimension(problem, dimension):
    """The minimum stays where it is said to be, and the start goes along."""
    other = problem.with_dimension(dimension)
    assert other.name == problem.name and other.dimension == dimension == len(other.minimizer)
    assert abs(other(other.minimizer) - other.minimum) <= 1e-12 * max(1.0, abs(other.minimum))
    assert other(other.x0) > other.minimum
    assert other.with_dimension(problem.dimension)(problem.x0) == problem(problem.x0)


def test_problems_come_with_the_package():
    """``fl.problems`` is there without a further import, and found by completion."""
    assert "problems" in dir(fl) and fl.problems.rosenbrock(np.ones(2)) == 0
