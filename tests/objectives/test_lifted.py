"""Lifted functions: what JAX cannot differentiate twice is measured."""

import numpy as np
import pytest
import scipy.special

import fallline as fl

MATRIX = np.array([[1.0, 2.0], [3.0, 4.0]])


def eigenvalues(t):
    return np.sum(np.real(np.linalg.eigvals(MATRIX + np.outer(t, [1.0, 1.0]))) ** 2)


def gamma(t):
    return (scipy.special.gammainc(t[0], 2.0) - 0.5) ** 2


def looks(t):
    return eigenvalues(t) if t[0] > -1e9 else 0.0


@pytest.mark.parametrize(
    ("function", "x0", "source"),
    [(eigenvalues, [1.0, 2.0], "compiled"), (gamma, [1.0], "compiled"), (looks, [1.0, 2.0], "stepwise")],
)
def test_what_has_no_second_derivative_has_its_curvature_measured(function, x0, source):
    """By differences of exact gradients, compiled or step by step."""
    result = fl.minimize(function, x0)
    assert result.success and result.gradient_source == source
    assert np.isfinite(result.certificate.smallest_curvature)


def test_a_long_program_gives_the_values_of_many_points():
    """One after the other: all at once would compile for minutes."""
    from fallline.arrays.layout import flatten
    from fallline.objectives.lifted import CompiledFunction, trace_program

    weights = np.random.default_rng(0).standard_normal(200)

    def irregular(t):
        s = 0.0
        for weight in weights:
            s += np.sin(weight * t[0]) if weight > 0 else (weight * t[1]) ** 2
        return s

    _, layout, _ = flatten(np.ones(2))
    objective = CompiledFunction(trace_program(irregular, layout, ()), layout)
    assert objective.is_long
    points = np.array([[1.0, 1.0], [0.5, 2.0]])
    np.testing.assert_allclose(objective.values(points), [irregular(point) for point in points], rtol=1e-12)
