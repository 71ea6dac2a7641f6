"""Rows held out: no step sees them, they decide when to stop, and the best point by them is the answer."""

import numpy as np
import pytest

import fallline as fl
from fallline.descent.held_out import split_rows
from fallline.errors import InputError

rng = np.random.default_rng(2)
X = np.vander(rng.uniform(-1, 1, 60), 12)
Y = np.sin(3 * X[:, -2]) + 0.4 * rng.normal(size=60)


def cost(w, X, y):
    return np.mean((X @ w - y) ** 2)


def fit(**settings):
    rule = fl.stopping.NoImprovement(settings.pop("patience", 20), validation_fraction=0.3)
    settings = {"method": "adam", "learning_rate": 0.05, "epochs": 3000, "seed": 1, **settings}
    return fl.minimize(cost, np.zeros(12), data=(X, Y), stopping=rule, **settings)


@pytest.mark.parametrize("batch_size", [None, 8])
def test_the_answer_is_the_best_point_by_the_rows_held_out(batch_size):
    """Patience epochs after it the run stops; the costs are those of the user's function over those rows."""
    result = fit(batch_size=batch_size)
    (kept, kept_y), (held, held_y) = split_rows((X, Y), 0.3, seed=1)
    costs, steps = result.validation_costs, 1 if batch_size is None else -(-len(kept) // 8)
    best = int(np.argmin(costs))
    assert len(costs) == 1 + best + 20 and result.nit == (len(costs) - 1) * steps
    np.testing.assert_allclose(costs, [cost(w, held, held_y) for w in result.trace.x[::steps]], rtol=1e-12)
    np.testing.assert_array_equal(result.x, result.trace.x[best * steps])
    assert result.fun == pytest.approx(cost(result.x, kept, kept_y))
    assert [(f.code, f.severity) for f in result.diagnosis] == [("stopped-early", "info")]
    assert result.reason is fl.StopReason.NO_PROGRESS and not result.success


def test_rules_combine_and_the_share_may_be_anywhere():
    """The one that comes first stops the run; the answer is still chosen by the rows held out."""
    rule = fl.stopping.MaxIterations(5) | fl.stopping.NoImprovement(50, validation_fraction=0.5)
    result = fl.minimize(cost, np.zeros(12), data=(X, Y), stopping=rule, method="gd", learning_rate=0.1)
    assert result.nit == 5 and len(result.validation_costs) == 6


def test_a_checkpointed_run_goes_on_with_what_it_knew(tmp_path):
    """The best point and the costs so far are in the file."""
    whole = fit(batch_size=8, epochs=40, patience=1000)
    fit(batch_size=8, epochs=11, patience=1000, checkpoint=tmp_path / "a.ckpt")
    result = fit(batch_size=8, epochs=40, patience=1000, checkpoint=tmp_path / "a.ckpt")
    np.testing.assert_array_equal(result.validation_costs, whole.validation_costs)
    np.testing.assert_array_equal(result.x, whole.x)


@pytest.mark.parametrize(
    ("share", "data", "said"),
    [(0.3, None, "must be given with data"), (0.001, (X, Y), "must leave rows on both sides; got 0.001 of 60 rows")],
)
def test_impossible_shares_are_refused(share, data, said):
    """Before the first step."""
    with pytest.raises(InputError, match=said):
        fl.minimize(lambda w, *rows: np.sum(w**2), [1.0], data=data, stopping=fl.stopping.NoImprovement(3, share))


@pytest.mark.parametrize("share", [0, 1.5, "half"])
def test_shares_are_between_0_and_1(share):
    """When the rule is made."""
    with pytest.raises(InputError, match="validation_fraction must be between 0 and 1"):
        fl.stopping.NoImprovement(3, share)
