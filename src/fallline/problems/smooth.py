"""Test functions with one minimum, or one that a descent easily finds: bowls, valleys and badly scaled ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.problems import residuals
from fallline.problems.least_squares import SumOfSquares
from fallline.problems.problem import Problem

__all__ = [
    "absolute",
    "beale",
    "booth",
    "brown_badly_scaled",
    "dixon_price",
    "freudenstein_roth",
    "helical_valley",
    "matyas",
    "powell_badly_scaled",
    "powell_singular",
    "quadratic",
    "rosenbrock",
    "sphere",
    "sum_of_powers",
    "trid",
    "variably_dimensioned",
    "wood",
    "zakharov",
]

MGH = "J. Moré, B. Garbow and K. Hillstrom, Testing unconstrained optimization software, 1981, function"
SURVEY = "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013"


def _curvatures(n: int) -> Any:
    return 100.0 ** (np.arange(n) / max(n - 1, 1))


def _quadratic(x: Any) -> Any:
    return np.sum(_curvatures(x.shape[0]) * x**2) / 2


def _quadratic_of(n: int) -> Problem:
    return Problem(
        name="quadratic",
        function=_quadratic,
        x0=np.ones(n),
        minimum=0.0,
        minimizers=np.zeros(n),
        source="J. Nocedal and S. Wright, Numerical Optimization, 2006, equation (3.24), curvatures from 1 to 100",
        family=_quadratic_of,
    )


def _sphere(x: Any) -> Any:
    return np.sum(x**2)


def _sphere_of(n: int) -> Problem:
    return Problem(
        name="sphere",
        function=_sphere,
        x0=np.ones(n),
        minimum=0.0,
        minimizers=np.zeros(n),
        bounds=np.array([-5.12, 5.12]),
        source="K. De Jong, An analysis of the behavior of a class of genetic adaptive systems, 1975, F1",
        family=_sphere_of,
    )


def _absolute(x: Any) -> Any:
    return np.sum(np.abs(x))


def _absolute_of(n: int) -> Problem:
    return Problem(
        name="absolute",
        function=_absolute,
        x0=np.arange(1.0, n + 1),
        minimum=0.0,
        minimizers=np.zeros(n),
        smooth=False,
        source="H. Schwefel, Numerical Optimization of Computer Models, 1981, problem 2.20",
        family=_absolute_of,
    )


def _rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def _rosenbrock_of(n: int) -> Problem:
    return Problem(
        name="rosenbrock",
        function=_rosenbrock,
        x0=np.resize([-1.2, 1.0], n),
        minimum=0.0,
        minimizers=np.ones(n),
        source="H. Rosenbrock, An automatic method for finding the greatest or least value of a function, 1960",
        family=_rosenbrock_of,
        smallest=2,
    )


def _zakharov(x: Any) -> Any:
    tilt = np.sum(np.arange(1, x.shape[0] + 1) * x) / 2
    return np.sum(x**2) + tilt**2 + tilt**4


def _zakharov_of(n: int) -> Problem:
    return Problem(
        name="zakharov",
        function=_zakharov,
        x0=np.ones(n),
        minimum=0.0,
        minimizers=np.zeros(n),
        bounds=np.array([-5.0, 10.0]),
        source=SURVEY,
        family=_zakharov_of,
    )


def _dixon_price(x: Any) -> Any:
    return (x[0] - 1) ** 2 + np.sum(np.arange(2, x.shape[0] + 1) * (2 * x[1:] ** 2 - x[:-1]) ** 2)


def _dixon_price_of(n: int) -> Problem:
    i = np.arange(1.0, n + 1)
    return Problem(
        name="dixon-price",
        function=_dixon_price,
        x0=np.ones(n),
        minimum=0.0,
        minimizers=2 ** (2 / 2**i - 1),
        bounds=np.array([-10.0, 10.0]),
        source="L. Dixon and R. Price, The truncated Newton method for sparse unconstrained optimisation, 1989",
        family=_dixon_price_of,
        smallest=2,
    )


def _trid(x: Any) -> Any:
    return np.sum((x - 1) ** 2) - np.sum(x[1:] * x[:-1])


def _trid_of(n: int) -> Problem:
    i = np.arange(1.0, n + 1)
    return Problem(
        name="trid",
        function=_trid,
        x0=np.zeros(n),
        minimum=-n * (n + 4) * (n - 1) / 6,
        minimizers=i * (n + 1 - i),
        bounds=np.array([-1.0, 1.0]) * n**2,
        source=SURVEY,
        family=_trid_of,
        smallest=2,
    )


def _sum_of_powers(x: Any) -> Any:
    return np.sum(np.abs(x) ** np.arange(2, x.shape[0] + 2))


def _sum_of_powers_of(n: int) -> Problem:
    return Problem(
        name="sum-of-powers",
        function=_sum_of_powers,
        x0=np.full(n, 0.5),
        minimum=0.0,
        minimizers=np.zeros(n),
        bounds=np.array([-1.0, 1.0]),
        source=SURVEY,
        family=_sum_of_powers_of,
    )


def _variably_dimensioned(x: Any) -> Any:
    tilt = np.sum(np.arange(1, x.shape[0] + 1) * (x - 1))
    return np.sum((x - 1) ** 2) + tilt**2 + tilt**4


def _variably_dimensioned_of(n: int) -> Problem:
    return Problem(
        name="variably-dimensioned",
        function=_variably_dimensioned,
        x0=1 - np.arange(1.0, n + 1) / n,
        minimum=0.0,
        minimizers=np.ones(n),
        source=f"{MGH} 25",
        family=_variably_dimensioned_of,
    )


def _beale(x: Any) -> Any:
    return (1.5 - x[0] * (1 - x[1])) ** 2 + (2.25 - x[0] * (1 - x[1] ** 2)) ** 2 + (2.625 - x[0] * (1 - x[1] ** 3)) ** 2


def _booth(x: Any) -> Any:
    return (x[0] + 2 * x[1] - 7) ** 2 + (2 * x[0] + x[1] - 5) ** 2


def _matyas(x: Any) -> Any:
    return 0.26 * (x[0] ** 2 + x[1] ** 2) - 0.48 * x[0] * x[1]


def _wood(x: Any) -> Any:
    return (
        100 * (x[1] - x[0] ** 2) ** 2
        + (1 - x[0]) ** 2
        + 90 * (x[3] - x[2] ** 2) ** 2
        + (1 - x[2]) ** 2
        + 10 * (x[1] + x[3] - 2) ** 2
        + (x[1] - x[3]) ** 2 / 10
    )


def _brown_badly_scaled(x: Any) -> Any:
    return (x[0] - 1e6) ** 2 + (x[1] - 2e-6) ** 2 + (x[0] * x[1] - 2) ** 2


def _powell_badly_scaled(x: Any) -> Any:
    return (1e4 * x[0] * x[1] - 1) ** 2 + (np.exp(-x[0]) + np.exp(-x[1]) - 1.0001) ** 2


quadratic = _quadratic_of(2)
sphere = _sphere_of(2)
absolute = _absolute_of(2)
rosenbrock = _rosenbrock_of(2)
zakharov = _zakharov_of(2)
dixon_price = _dixon_price_of(2)
trid = _trid_of(6)
sum_of_powers = _sum_of_powers_of(4)
variably_dimensioned = _variably_dimensioned_of(10)

beale = Problem(
    name="beale",
    function=_beale,
    x0=np.array([1.0, 1.0]),
    minimum=0.0,
    minimizers=np.array([3.0, 0.5]),
    bounds=np.array([-4.5, 4.5]),
    source=f"{MGH} 5",
)
booth = Problem(
    name="booth",
    function=_booth,
    x0=np.array([-5.0, 5.0]),
    minimum=0.0,
    minimizers=np.array([1.0, 3.0]),
    bounds=np.array([-10.0, 10.0]),
    source=SURVEY,
)
matyas = Problem(
    name="matyas",
    function=_matyas,
    x0=np.array([5.0, -3.0]),
    minimum=0.0,
    minimizers=np.zeros(2),
    bounds=np.array([-10.0, 10.0]),
    source=SURVEY,
)
wood = Problem(
    name="wood",
    function=_wood,
    x0=np.array([-3.0, -1.0, -3.0, -1.0]),
    minimum=0.0,
    minimizers=np.ones(4),
    source=f"{MGH} 14",
)
brown_badly_scaled = Problem(
    name="brown-badly-scaled",
    function=_brown_badly_scaled,
    x0=np.array([1.0, 1.0]),
    minimum=0.0,
    minimizers=np.array([1e6, 2e-6]),
    source=f"{MGH} 4",
)
powell_badly_scaled = Problem(
    name="powell-badly-scaled",
    function=_powell_badly_scaled,
    x0=np.array([0.0, 1.0]),
    minimum=0.0,
    minimizers=np.array([1.0981593296998054e-05, 9.1061467398666243]),
    source=f"{MGH} 3",
)
helical_valley = Problem(
    name="helical-valley",
    function=SumOfSquares(residuals.helical_valley),
    x0=np.array([-1.0, 0.0, 0.0]),
    minimum=0.0,
    minimizers=np.array([1.0, 0.0, 0.0]),
    source=f"{MGH} 7",
)
powell_singular = Problem(
    name="powell-singular",
    function=SumOfSquares(residuals.powell_singular),
    x0=np.array([3.0, -1.0, 0.0, 1.0]),
    minimum=0.0,
    minimizers=np.zeros(4),
    source=f"{MGH} 13",
)
freudenstein_roth = Problem(
    name="freudenstein-roth",
    function=SumOfSquares(residuals.freudenstein_roth),
    x0=np.array([0.5, -2.0]),
    minimum=0.0,
    minimizers=np.array([5.0, 4.0]),
    reached=48.98425367924001,
    source=f"{MGH} 2",
)
