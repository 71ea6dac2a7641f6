"""The tutorials' programs run as they stand and end at the tutorials' numbers."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def example(name: str) -> dict[str, Any]:
    """Run a program of examples/ and return what it leaves in its names."""
    return runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")


def alarms(result: Any) -> list[str]:
    return [finding.code for finding in result.diagnosis if finding.severity != "info"]


def test_theta_squared_takes_the_textbooks_steps(capsys):
    """The steps are 3, 1.2, 0.48, …; the run ends at the first tiny one and is a success."""
    result = example("theta_squared")["result"]
    np.testing.assert_allclose(result.trace.x, 3 * 0.4 ** np.arange(16), rtol=0, atol=1e-12)
    assert (result.nit, str(result.reason), result.success) == (15, "small-steps", True)
    assert alarms(result) == []
    assert "0.48" in capsys.readouterr().out


def test_linear_regression_by_hand_is_told_that_it_has_not_arrived(capsys):
    """A thousand steps of a rate set by hand end short of [0, 1] and say so; no rate at all arrives."""
    names = example("linear_regression_by_hand")
    by_hand, by_itself, history = names["by_hand"], names["by_itself"], names["cost_history"]
    np.testing.assert_allclose(by_hand.x, [0.11374034, 0.94996543], atol=5e-9)
    assert history.shape == (1001,)
    assert (np.diff(history) < 0).all()
    assert (by_hand.nit, str(by_hand.reason), by_hand.success) == (1000, "max-iterations", False)
    assert {"iteration-budget", "learning-rate-too-low"} & set(alarms(by_hand))
    assert by_itself.success
    assert alarms(by_itself) == []
    np.testing.assert_allclose(by_itself.x, [0, 1], atol=1e-4)
    assert "Cost at the start" in capsys.readouterr().out


def test_diverging_line_is_told_why(capsys):
    """The loss climbs as in the sample; the finding names the limit 0.0845; no rate at all finds the line."""
    names = example("diverging_line")
    diverged, found = names["diverged"], names["found"]
    assert diverged.trace.fun[0] == 57
    assert diverged.trace.fun[19] == pytest.approx(8036431.83, abs=0.005)
    assert not diverged.success
    finding = next(finding for finding in diverged.diagnosis if finding.code == "learning-rate-too-high")
    assert finding.values["limit"] == pytest.approx(0.0845240526, rel=0.01)
    assert found.success
    assert alarms(found) == []
    np.testing.assert_allclose(found.x, [2, 1], atol=1e-4)
    assert "Epoch 19: loss=8036431.83, " in capsys.readouterr().out


def test_tumours_are_told_apart(capsys):
    """Raw columns are fitted with a bound, the textbook's rate is told its limit, and the file gives the model back."""
    names = example("logistic_regression")
    model, textbook, again = names["model"], names["textbook"], names["again"]
    assert model.converged_ and model.certificate_.kind == "bound"
    assert [finding.code for finding in model.diagnosis_] == []
    assert model.score(names["X_test"], names["y_test"]) > 0.95
    assert [finding.code for finding in textbook.diagnosis_] == ["learning-rate-too-high", "features-unscaled"]
    assert (again.predict_proba(names["X_test"]) == model.predict_proba(names["X_test"])).all()
    assert "Right on 96.5% of 143 tumours" in capsys.readouterr().out


def test_a_torch_module_learns(capsys):
    """The module holds the answer, and fits the curve."""
    names = example("torch_module")
    assert names["result"].gradient_source == "torch"
    assert names["after"] == pytest.approx(names["result"].fun, rel=1e-9)
    assert names["before"] > 0.1
    assert names["after"] < 1e-4
    assert "Mean squared error" in capsys.readouterr().out


def test_a_keras_model_learns(capsys):
    """The model holds the answer, better than the mini-batches left it."""
    names = example("keras_model")
    assert names["result"].gradient_source == "tensorflow"
    assert names["after"] == pytest.approx(names["result"].fun, rel=1e-3)
    assert names["after"] < 0.1 * names["by_batches"].fun < names["before"]
    assert "Mean squared error" in capsys.readouterr().out


def test_a_jax_dictionary_is_minimised(capsys):
    """All rows and mini-batches agree on the minimum, in JAX's own precision."""
    names = example("jax_dictionary")
    result, by_batches = names["result"], names["by_batches"]
    assert result.gradient_source == by_batches.gradient_source == "jax"
    assert result.success
    assert alarms(result) == []
    assert result.x["weights"].dtype == np.float32
    assert result.fun < by_batches.fun < 1.05 * result.fun
    assert "of 150 are right" in capsys.readouterr().out


def test_scipys_basinhopping_finds_the_deepest_valley(capsys):
    """One search ends in the nearest valley; fifty hops with the same method end in the deepest."""
    names = example("scipy_plugin")
    local, best, costs = names["local"], names["best"], names["costs"]
    assert local.success and local.fun > 1 and len(costs) == local.nit
    assert best.success and best.fun == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(best.x, 0, atol=1e-4)
    assert "Fifty hops later" in capsys.readouterr().out


def test_rates_are_compared_at_once(capsys):
    """Momentum arrives, a rate too high is told why, and starts are counted by the minimum that they led to."""
    names = example("compare_rates")
    comparison, hills = names["comparison"], names["hills"]
    assert comparison.best.success
    assert comparison.method[comparison.order[0]] == "momentum"
    assert "learning-rate-too-high" in [finding.code for finding in comparison.results[49].diagnosis]
    assert sum(len(minimum.runs) for minimum in hills.minima) == 30
    assert hills.minima[0].x == pytest.approx(-0.5122, abs=1e-4)
    assert "The best of 100 runs: momentum" in capsys.readouterr().out
