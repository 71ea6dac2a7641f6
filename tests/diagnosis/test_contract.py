"""For every method: a healthy run has no alarm, and a run that fell short says why."""

import numpy as np
import pytest

import fallline as fl
from fallline.methods import CLASSES

PROBLEMS = {
    "bowl": (lambda t: np.sum(np.array([1.0, 4.0]) * (t - 1) ** 2), np.array([3.0, -1.0])),
    "valley": (lambda t: (1 - t[0]) ** 2 + 100 * (t[1] - t[0] ** 2) ** 2, np.array([-1.2, 1.0])),
}


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("method", [cls for cls in CLASSES if cls.name != "muon"], ids=lambda cls: cls.name)
def test_success_and_silence_go_together(method, problem):
    """No success carries a warning, and no failure goes without one."""
    function, x0 = PROBLEMS[problem]
    for iterations in (60, 3000):
        result = fl.minimize(function, x0, method=method(), max_iterations=iterations)
        alarms = [finding.code for finding in result.diagnosis if finding.severity != "info"]
        assert bool(alarms) != result.success, (iterations, result.reason, alarms)
