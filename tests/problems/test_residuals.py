"""The residuals are the papers': at points where the papers, or a few lines by hand, tell what they are."""

import numpy as np
import pytest

from fallline.problems import residuals as r


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (r.rosenbrock, [-1.2, 1.0], [-4.4, 2.2]),
        (r.helical_valley, [-1.0, 0.0, 0.0], [-50.0, 0.0, 0.0]),
        (r.helical_valley, [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
        (r.helical_valley, [0.0, 2.0, 1.0], [-15.0, 10.0, 1.0]),
        (r.powell_singular, [3.0, -1.0, 0.0, 1.0], [-7.0, -np.sqrt(5), 1.0, 4 * np.sqrt(10)]),
        (r.freudenstein_roth, [5.0, 4.0], [0.0, 0.0]),
        (r.brown_almost_linear, [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]),
        (r.cube, [2.0, 3.0, 4.0], [1.0, -50.0, -230.0]),
        (r.bdqrtic, [1.0, 2.0, 3.0, 4.0, 5.0], [-1.0, 1 + 8 + 27 + 64 + 125]),
    ],
)
def test_they_are_what_one_reckons_by_hand(function, x, expected):
    """A few numbers, put in by hand."""
    np.testing.assert_allclose(function(np.array(x)), expected, rtol=1e-14, atol=1e-14)


def test_the_linear_ones_have_the_sizes_asked_for():
    """As many residuals as told, each by hand."""
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(r.linear_full_rank(x, 5), np.array([1, 2, 3, 0, 0]) - (2 * 6 / 5 + 1))
    np.testing.assert_allclose(r.linear_rank_one(x, 4), np.arange(1, 5) * 14 - 1)
    np.testing.assert_allclose(r.linear_rank_one_with_zeros(x, 4), [-1, 3, 7, -1])


def test_watson_is_the_differential_equation():
    """A polynomial's slope less its square less one, at the 29 points."""
    coefficients = np.array([0.1, -0.2, 0.3, 0.4])
    polynomial = np.polynomial.Polynomial(coefficients)
    t = np.arange(1, 30) / 29
    expected = [*(polynomial.deriv()(t) - polynomial(t) ** 2 - 1), 0.1, -0.2 - 0.01 - 1]
    np.testing.assert_allclose(r.watson(coefficients), expected, rtol=1e-12, atol=1e-14)


def test_chebyquad_integrates_chebyshev_polynomials():
    """The mean of each shifted polynomial over the points, less its integral over the interval."""
    x = np.array([0.1, 0.4, 0.8])
    for i, residual in enumerate(r.chebyquad(x, 3), start=1):
        chebyshev = np.polynomial.Chebyshev.basis(i, domain=[0, 1])
        integral = chebyshev.integ()(1.0) - chebyshev.integ()(0.0)
        np.testing.assert_allclose(residual, chebyshev(x).mean() - integral, atol=1e-14)


@pytest.mark.parametrize(
    ("function", "x", "count"),
    [
        (r.bard, np.ones(3), 15),
        (r.kowalik_osborne, np.ones(4), 11),
        (r.meyer, np.array([0.02, 4000.0, 250.0]), 16),
        (r.osborne1, np.full(5, 0.1), 33),
        (r.osborne2, np.ones(11), 65),
        (lambda x: r.box(x, 10), np.ones(3), 10),
        (lambda x: r.jennrich_sampson(x, 10), np.ones(2), 10),
        (lambda x: r.brown_dennis(x, 20), np.ones(4), 20),
        (r.mancino, np.ones(5), 5),
        (r.heart8, np.ones(8), 8),
    ],
)
def test_there_are_as_many_as_the_papers_have(function, x, count):
    """The data are whole."""
    values = function(x)
    assert values.shape == (count,) and np.isfinite(values).all()


def test_box_is_solved_by_one_ten_one():
    """The paper's minimiser makes all residuals vanish."""
    np.testing.assert_allclose(r.box(np.array([1.0, 10.0, 1.0]), 10), 0, atol=1e-15)
