"""Test problems: functions with customary starts and known minima.

Each problem is called like the function that it is, and tells where it starts and what its minimum is. They are written
in plain NumPy, so that `fallline.minimize` compiles them and takes exact gradients.

Examples
--------
>>> import fallline as fl
>>> beale = fl.problems.beale
>>> fl.minimize(beale, beale.x0).x.round(6), beale.minimizer
(array([3. , 0.5]), array([3. , 0.5]))
>>> fl.problems.rosenbrock.with_dimension(100)
Problem('rosenbrock', dimension=100, minimum=0)
"""

from fallline.problems import many_minima, smooth
from fallline.problems.many_minima import (
    ackley,
    branin,
    bukin6,
    easom,
    goldstein_price,
    griewank,
    hartmann3,
    hartmann6,
    himmelblau,
    levy,
    mccormick,
    michalewicz,
    rastrigin,
    schwefel,
    shekel10,
    six_hump_camel,
    styblinski_tang,
    three_hump_camel,
)
from fallline.problems.more_wild import more_wild
from fallline.problems.problem import Problem
from fallline.problems.smooth import (
    absolute,
    beale,
    booth,
    brown_badly_scaled,
    dixon_price,
    freudenstein_roth,
    helical_valley,
    matyas,
    powell_badly_scaled,
    powell_singular,
    quadratic,
    rosenbrock,
    sphere,
    sum_of_powers,
    trid,
    variably_dimensioned,
    wood,
    zakharov,
)

__all__ = [
    "Problem",
    "absolute",
    "ackley",
    "beale",
    "booth",
    "branin",
    "brown_badly_scaled",
    "bukin6",
    "collection",
    "dixon_price",
    "easom",
    "freudenstein_roth",
    "goldstein_price",
    "griewank",
    "hartmann3",
    "hartmann6",
    "helical_valley",
    "himmelblau",
    "levy",
    "matyas",
    "mccormick",
    "michalewicz",
    "more_wild",
    "powell_badly_scaled",
    "powell_singular",
    "quadratic",
    "rastrigin",
    "rosenbrock",
    "schwefel",
    "shekel10",
    "six_hump_camel",
    "sphere",
    "styblinski_tang",
    "sum_of_powers",
    "three_hump_camel",
    "trid",
    "variably_dimensioned",
    "wood",
    "zakharov",
]


def collection() -> tuple[Problem, ...]:
    """Return every named problem, the smooth ones with one minimum first.

    Examples
    --------
    >>> import fallline as fl
    >>> problems = fl.problems.collection()
    >>> len(problems), problems[0]
    (36, Problem('absolute', dimension=2, minimum=0))
    """
    return tuple(vars(room)[name] for room in (smooth, many_minima) for name in room.__all__)
