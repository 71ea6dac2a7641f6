"""The set of Moré and Wild: its costs at the starts are the published ones, and its minima are minima."""

import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.objectives.lifted import CompiledFunction, trace_program

PROBLEMS = {problem.name: problem for problem in fl.problems.more_wild()}
FUNCTIONS = [problem for problem in PROBLEMS.values() if not problem.name.endswith("x10")]

PUBLISHED = """
72 1125 1.16542e7 1.16859e9 4.98920e6 5.00936e8 24.2 1.79577e6 2500 10600 215 1.61540e6 400.5 1.54575e8 41.6817 1306.23
5.31317e-3 1.69361e9 16.4308 2.32337e6 26.9042 8.15888e6 73.6782 2.05938e7 1031.15 4171.31 7.92669e6 3.08106e11
4.64282e-2 3.37706e-2 3.86177e-2 2.88830e-2 3.37633e-2 2.67406e-2 273.248 16.1741 2.09342 199.685 904 1356 1582 1808
56.5 70.5625 98.6875 2.53908e9 6.87380e12 3.36796e9 3.73513e9 3.99107e9 1.13001e13 9.38567 3.36582e10
"""
"""The costs at the 53 starts, to the six digits that the authors' own programs print."""


def test_the_table_is_theirs():
    """53 problems of 22 functions in 2 to 12 parameters, in their order, each with the cost that they have."""
    assert len(PROBLEMS) == 53 and len({name.partition("-")[0] for name in PROBLEMS}) == 22
    assert {problem.dimension for problem in PROBLEMS.values()} == set(range(2, 13))
    costs = [problem(problem.x0) for problem in PROBLEMS.values()]
    np.testing.assert_allclose(costs, [float(number) for number in PUBLISHED.split()], rtol=6e-6)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=lambda problem: problem.name)
def test_the_cost_is_the_sum_of_the_squared_residuals(problem):
    """For those who want the residuals."""
    np.testing.assert_allclose(np.sum(problem.function.at(problem.x0) ** 2), problem(problem.x0))


@pytest.mark.parametrize("problem", FUNCTIONS, ids=lambda problem: problem.name)
def test_the_minimizer_has_the_minimum(problem):
    """In long doubles the cost there is the minimum, and nothing near by is lower."""
    precise = problem.minimizer.astype(np.longdouble)
    assert abs(problem(precise) - problem.minimum) <= 1e-13 * problem.minimum + 1e-20 * problem(problem.x0)
    rng = np.random.default_rng(0)
    for size in (1e-1, 1e-3, 1e-6):
        for step in size * rng.normal(size=(20, problem.dimension)):
            near = (problem.minimizer * (1 + step) + 1e-3 * step).astype(np.longdouble)
            assert problem(near) >= problem.minimum * (1 - 1e-13) or np.isnan(problem(near))


@pytest.mark.parametrize("problem", FUNCTIONS, ids=lambda problem: problem.name)
def test_the_minimizer_is_stationary(problem):
    """By the exact Hessian the cost there lies above its minimum by less than rounding."""
    _, layout, _ = flatten(problem.x0)
    objective = CompiledFunction(trace_program(problem, layout, ()), layout)
    slope = objective.value_and_gradient(problem.minimizer)[1]
    hessian = objective.hessian_products(problem.minimizer, np.eye(problem.dimension))
    units = 1 / np.sqrt(np.where(np.diag(hessian) > 0, np.diag(hessian), 1))
    values, vectors = np.linalg.eigh(units[:, None] * hessian * units)
    assert values[0] >= -1e-10 * values[-1]
    known = values > 1e-13 * values[-1]
    gap = 0.5 * np.sum((vectors.T @ (units * slope))[known] ** 2 / values[known])
    assert gap <= 1e-13 * problem.minimum + 1e-16 * (problem(problem.x0) - problem.minimum)


def test_what_descents_reach_is_the_minimum_or_another_one():
    """It is told where a start lies in another basin, and nowhere is it lower than the minimum."""
    other = {name for name, problem in PROBLEMS.items() if problem.reached != problem.minimum}
    assert other == {"freudenstein_roth-2", "freudenstein_roth-2x10", "chebyquad-10", "osborne2-11x10"}
    assert all(problem.reached >= problem.minimum for problem in PROBLEMS.values())
