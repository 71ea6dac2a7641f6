"""A sum of squares tells its residuals too."""

import numpy as np

from fallline.problems import residuals
from fallline.problems.least_squares import SumOfSquares


def test_the_cost_is_the_sum_of_the_squares():
    """With the number of residuals where the function must be told it, and without where not."""
    x = np.array([-1.2, 1.0])
    rosenbrock = SumOfSquares(residuals.rosenbrock)
    assert rosenbrock(x) == np.sum(rosenbrock.at(x) ** 2) and abs(rosenbrock(x) - 24.2) < 1e-13
    jennrich = SumOfSquares(residuals.jennrich_sampson, 10)
    assert jennrich.at(np.array([0.3, 0.4])).shape == (10,)
