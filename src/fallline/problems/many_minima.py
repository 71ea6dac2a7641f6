"""Test functions with many minima, or with flat or steep surroundings, each on its customary domain.

The starts are points from which a descent reaches the lowest minimum; for a harder game, draw others from the bounds.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fallline.problems.problem import Problem

__all__ = [
    "ackley",
    "branin",
    "bukin6",
    "easom",
    "goldstein_price",
    "griewank",
    "hartmann3",
    "hartmann6",
    "himmelblau",
    "levy",
    "mccormick",
    "michalewicz",
    "rastrigin",
    "schwefel",
    "shekel10",
    "six_hump_camel",
    "styblinski_tang",
    "three_hump_camel",
]

SURVEY = "M. Jamil and X.-S. Yang, A literature survey of benchmark functions for global optimization problems, 2013"
DIXON_SZEGO = (
    "L. Dixon and G. Szegő, The global optimization problem: an introduction, Towards Global Optimization 2, 1978"
)


def _rastrigin(x: Any) -> Any:
    return 10 * x.shape[0] + np.sum(x**2 - 10 * np.cos(2 * np.pi * x))


def _rastrigin_of(n: int) -> Problem:
    return Problem(
        name="rastrigin",
        function=_rastrigin,
        x0=np.resize([0.3, -0.2], n),
        minimum=0.0,
        minimizers=np.zeros(n),
        bounds=np.array([-5.12, 5.12]),
        source="H. Mühlenbein, D. Schomisch and J. Born, The parallel genetic algorithm as function optimizer, 1991",
        family=_rastrigin_of,
    )


def _ackley(x: Any) -> Any:
    radius, waves = np.sqrt(np.mean(x**2)), np.mean(np.cos(2 * np.pi * x))
    return 20 + np.e - 20 * np.exp(-radius / 5) - np.exp(waves)


def _ackley_of(n: int) -> Problem:
    return Problem(
        name="ackley",
        function=_ackley,
        x0=np.resize([0.3, -0.2], n),
        minimum=0.0,
        minimizers=np.zeros(n),
        bounds=np.array([-32.768, 32.768]),
        smooth=False,
        source="D. Ackley, A Connectionist Machine for Genetic Hillclimbing, 1987; as in T. Bäck, 1996",
        family=_ackley_of,
    )


def _griewank(x: Any) -> Any:
    return 1 + np.sum(x**2) / 4000 - np.prod(np.cos(x / np.sqrt(np.arange(1, x.shape[0] + 1))))


def _griewank_of(n: int) -> Problem:
    return Problem(
        name="griewank",
        function=_griewank,
        x0=np.resize([1.0, -1.0], n),
        minimum=0.0,
        minimizers=np.zeros(n),
        bounds=np.array([-600.0, 600.0]),
        source="A. Griewank, Generalized descent for global optimization, 1981",
        family=_griewank_of,
    )


def _levy(x: Any) -> Any:
    w = 1 + (x - 1) / 4
    ripples = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)
    last = (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)
    return np.sin(np.pi * w[0]) ** 2 + np.sum(ripples) + last


def _levy_of(n: int) -> Problem:
    return Problem(
        name="levy",
        function=_levy,
        x0=np.resize([1.8, 0.4], n),
        minimum=0.0,
        minimizers=np.ones(n),
        bounds=np.array([-10.0, 10.0]),
        source="A. Levy and A. Montalvo, The tunneling algorithm for the global minimization of functions, 1985",
        family=_levy_of,
    )


STYBLINSKI = -2.9035340277711771, -39.166165703771419


def _styblinski_tang(x: Any) -> Any:
    return np.sum(x**4 - 16 * x**2 + 5 * x) / 2


def _styblinski_tang_of(n: int) -> Problem:
    return Problem(
        name="styblinski-tang",
        function=_styblinski_tang,
        x0=np.full(n, -1.0),
        minimum=n * STYBLINSKI[1],
        minimizers=np.full(n, STYBLINSKI[0]),
        bounds=np.array([-5.0, 5.0]),
        source="M. Styblinski and T.-S. Tang, Experiments in nonconvex optimization, 1990",
        family=_styblinski_tang_of,
    )


SCHWEFEL = 420.96874635998199, 418.98288727243378


def _schwefel(x: Any) -> Any:
    return -np.sum(x * np.sin(np.sqrt(np.abs(x))))


def _schwefel_of(n: int) -> Problem:
    return Problem(
        name="schwefel",
        function=_schwefel,
        x0=np.full(n, 400.0),
        minimum=-n * SCHWEFEL[1],
        minimizers=np.full(n, SCHWEFEL[0]),
        bounds=np.array([-500.0, 500.0]),
        source="H. Schwefel, Numerical Optimization of Computer Models, 1981, problem 2.26",
        family=_schwefel_of,
    )


def _himmelblau(x: Any) -> Any:
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def _goldstein_price(x: Any) -> Any:
    a, b = x[0], x[1]
    one = 1 + (a + b + 1) ** 2 * (19 - 14 * a + 3 * a**2 - 14 * b + 6 * a * b + 3 * b**2)
    two = 30 + (2 * a - 3 * b) ** 2 * (18 - 32 * a + 12 * a**2 + 48 * b - 36 * a * b + 27 * b**2)
    return one * two


def _branin(x: Any) -> Any:
    valley = x[1] - 5.1 / (4 * np.pi**2) * x[0] ** 2 + 5 / np.pi * x[0] - 6
    return valley**2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x[0]) + 10


def _six_hump_camel(x: Any) -> Any:
    return (4 - 2.1 * x[0] ** 2 + x[0] ** 4 / 3) * x[0] ** 2 + x[0] * x[1] + 4 * (x[1] ** 2 - 1) * x[1] ** 2


def _three_hump_camel(x: Any) -> Any:
    return 2 * x[0] ** 2 - 1.05 * x[0] ** 4 + x[0] ** 6 / 6 + x[0] * x[1] + x[1] ** 2


def _easom(x: Any) -> Any:
    return -np.cos(x[0]) * np.cos(x[1]) * np.exp(-((x[0] - np.pi) ** 2) - (x[1] - np.pi) ** 2)


def _mccormick(x: Any) -> Any:
    return np.sin(x[0] + x[1]) + (x[0] - x[1]) ** 2 - 1.5 * x[0] + 2.5 * x[1] + 1


def _michalewicz(x: Any) -> Any:
    return -np.sum(np.sin(x) * np.sin(np.arange(1, x.shape[0] + 1) * x**2 / np.pi) ** 20)


def _bukin6(x: Any) -> Any:
    return 100 * np.sqrt(np.abs(x[1] - x[0] ** 2 / 100)) + np.abs(x[0] + 10) / 100


HARTMANN_HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
HARTMANN3_WIDTHS = np.array([[3.0, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
HARTMANN3_PLACES = np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]) / 1e4
HARTMANN6_WIDTHS = np.array(
    [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
)
HARTMANN6_PLACES = (
    np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    )
    / 1e4
)


def _hartmann3(x: Any) -> Any:
    return -np.sum(HARTMANN_HEIGHTS * np.exp(-np.sum(HARTMANN3_WIDTHS * (x - HARTMANN3_PLACES) ** 2, axis=1)))


def _hartmann6(x: Any) -> Any:
    return -np.sum(HARTMANN_HEIGHTS * np.exp(-np.sum(HARTMANN6_WIDTHS * (x - HARTMANN6_PLACES) ** 2, axis=1)))


SHEKEL_PLACES = np.array(
    [
        [4.0, 4, 4, 4],
        [1, 1, 1, 1],
        [8, 8, 8, 8],
        [6, 6, 6, 6],
        [3, 7, 3, 7],
        [2, 9, 2, 9],
        [5, 5, 3, 3],
        [8, 1, 8, 1],
        [6, 2, 6, 2],
        [7, 3.6, 7, 3.6],
    ]
)
SHEKEL_WIDTHS = np.array([1, 2, 2, 4, 4, 6, 3, 7, 5, 5]) / 10


def _shekel10(x: Any) -> Any:
    return -np.sum(1 / (np.sum((x - SHEKEL_PLACES) ** 2, axis=1) + SHEKEL_WIDTHS))


rastrigin = _rastrigin_of(2)
ackley = _ackley_of(2)
griewank = _griewank_of(2)
levy = _levy_of(2)
styblinski_tang = _styblinski_tang_of(2)
schwefel = _schwefel_of(2)

himmelblau = Problem(
    name="himmelblau",
    function=_himmelblau,
    x0=np.array([0.0, 0.0]),
    minimum=0.0,
    minimizers=np.array(
        [
            [3.0, 2.0],
            [-2.8051180869527448, 3.1313125182505730],
            [-3.7793102533777469, -3.2831859912861694],
            [3.5844283403304917, -1.8481265269644034],
        ]
    ),
    bounds=np.array([-5.0, 5.0]),
    source="D. Himmelblau, Applied Nonlinear Programming, 1972",
)
goldstein_price = Problem(
    name="goldstein-price",
    function=_goldstein_price,
    x0=np.array([-0.3, -0.8]),
    minimum=3.0,
    minimizers=np.array([0.0, -1.0]),
    bounds=np.array([-2.0, 2.0]),
    source="A. Goldstein and J. Price, On descent from local minima, 1971",
)
branin = Problem(
    name="branin",
    function=_branin,
    x0=np.array([2.5, 7.5]),
    minimum=5 / (4 * np.pi),
    minimizers=np.array([[np.pi, 2.275], [-np.pi, 12.275], [3 * np.pi, 2.475]]),
    bounds=np.array([[-5.0, 10.0], [0.0, 15.0]]),
    source=DIXON_SZEGO,
)
six_hump_camel = Problem(
    name="six-hump-camel",
    function=_six_hump_camel,
    x0=np.array([0.5, -1.0]),
    minimum=-1.0316284534898774,
    minimizers=np.array([[0.0898420131003180, -0.7126564032704135], [-0.0898420131003180, 0.7126564032704135]]),
    bounds=np.array([[-3.0, 3.0], [-2.0, 2.0]]),
    source=DIXON_SZEGO,
)
three_hump_camel = Problem(
    name="three-hump-camel",
    function=_three_hump_camel,
    x0=np.array([0.5, 0.5]),
    minimum=0.0,
    minimizers=np.zeros(2),
    bounds=np.array([-5.0, 5.0]),
    source=SURVEY,
)
easom = Problem(
    name="easom",
    function=_easom,
    x0=np.array([2.5, 3.5]),
    minimum=-1.0,
    minimizers=np.array([np.pi, np.pi]),
    bounds=np.array([-100.0, 100.0]),
    source="E. Easom, A survey of global optimization techniques, 1990",
)
mccormick = Problem(
    name="mccormick",
    function=_mccormick,
    x0=np.array([0.0, 0.0]),
    minimum=-np.sqrt(3) / 2 - np.pi / 3,
    minimizers=np.array([0.5 - np.pi / 3, -0.5 - np.pi / 3]),
    bounds=np.array([[-1.5, 4.0], [-3.0, 4.0]]),
    source=SURVEY,
)
michalewicz = Problem(
    name="michalewicz",
    function=_michalewicz,
    x0=np.array([2.1, 1.5]),
    minimum=-1.8013034100985537,
    minimizers=np.array([2.2029055201726093, np.pi / 2]),
    bounds=np.array([0.0, np.pi]),
    source="Z. Michalewicz, Genetic Algorithms + Data Structures = Evolution Programs, 1992",
)
bukin6 = Problem(
    name="bukin6",
    function=_bukin6,
    x0=np.array([-8.0, 0.8]),
    minimum=0.0,
    minimizers=np.array([-10.0, 1.0]),
    bounds=np.array([[-15.0, -5.0], [-3.0, 3.0]]),
    smooth=False,
    source=SURVEY,
)
hartmann3 = Problem(
    name="hartmann3",
    function=_hartmann3,
    x0=np.array([0.3, 0.5, 0.8]),
    minimum=-3.8627797873326624,
    minimizers=np.array([0.11458887665506895, 0.55564889461693007, 0.85254698468667748]),
    bounds=np.array([0.0, 1.0]),
    source=DIXON_SZEGO,
)
hartmann6 = Problem(
    name="hartmann6",
    function=_hartmann6,
    x0=np.array([0.3, 0.2, 0.4, 0.3, 0.3, 0.6]),
    minimum=-3.3223680114155149,
    minimizers=np.array(
        [
            *(0.20168951100670543, 0.15001069182345798, 0.47687397422189697),
            *(0.27533243049405607, 0.31165161660011327, 0.65730053406562034),
        ]
    ),
    bounds=np.array([0.0, 1.0]),
    source=DIXON_SZEGO,
)
shekel10 = Problem(
    name="shekel10",
    function=_shekel10,
    x0=np.array([3.5, 4.5, 3.5, 4.5]),
    minimum=-10.536409816692043,
    minimizers=np.array([4.0007465315920467, 4.0005929341385320, 3.9996633980403223, 3.9995098005868076]),
    bounds=np.array([0.0, 10.0]),
    source=DIXON_SZEGO,
)
