"""The finding about mini-batches that no longer agree."""

import numpy as np

import fallline as fl

RNG = np.random.default_rng(0)
X = np.c_[RNG.normal(size=(80, 2)), np.ones(80)]
Y = X @ [1.0, -2.0, 0.5] + 0.3 * RNG.normal(size=80)


def mean_square(w, X, y):
    return np.mean((X @ w - y) ** 2) / 2


def codes(**settings):
    return [f.code for f in fl.minimize(mean_square, np.zeros(3), data=(X, Y), **settings).diagnosis]


def test_wandering_about_the_minimum_is_told():
    """At a fixed rate small batches end in noise: one finding, with how far off and how much larger."""
    result = fl.minimize(mean_square, np.zeros(3), data=(X, Y), batch_size=5, epochs=50, learning_rate=0.1)
    (finding,) = result.diagnosis
    best = np.linalg.lstsq(X, Y, rcond=None)[0]
    gap = result.fun - mean_square(best, X, Y)
    assert finding.code == "noise-floor" and finding.severity == "warning" and not result.success
    assert abs(finding.values["gap"] - gap) < 1e-6 * gap and finding.values["factor"] > 2


def test_a_run_still_on_its_way_is_not_noise():
    """Where the batches agree the run just needs longer; on all rows there is no noise to speak of."""
    assert codes(batch_size=40, epochs=2, learning_rate=0.3) == ["iteration-budget"]
    assert codes(epochs=3, learning_rate=0.3) == ["iteration-budget"]
