"""Learning from blocks of rows as they come."""

import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

import fallline as fl
from fallline.errors import DataError, InputError
from fallline.models import stochastic, streams

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 3))
Y = X @ [1.0, -2.0, 0.5] + 3.0 + 0.1 * RNG.normal(size=90)
BLOCKS = [slice(0, 40), slice(40, 41), slice(41, 90)]


def streamed(model, features=X, targets=Y, passes=1, **given):
    for _ in range(passes):
        for block in BLOCKS:
            model.partial_fit(features[block], targets[block], **given)
    return model


@pytest.mark.parametrize(
    ("settings", "there"),
    [
        ({}, False),
        ({"method": "adam"}, False),
        ({"method": "saga"}, False),
        ({"method": "svrg", "batch_size": 4}, False),
        ({"method": "sgd"}, True),
        ({"method": "adam", "batch_size": 4}, True),
        ({"batch_size": 4}, True),
    ],
    ids=str,
)
def test_it_is_there_where_the_method_is_stochastic(settings, there):
    """`partial_fit` exists only for methods that need no more than some rows at a time."""
    for model in (fl.Ridge(**settings), fl.LogisticRegression(**settings)):
        assert ("partial_fit" in dir(model) and callable(getattr(model, "partial_fit", None))) == there


@pytest.mark.parametrize(
    "settings",
    [
        {"method": "sgd", "learning_rate": fl.schedules.InverseTimeDecay(0.1, 0.01)},
        {"method": "adam", "learning_rate": 0.1, "batch_size": 8},
        {"method": "sgd"},
        {"method": "sgd", "average": True, "learning_rate": 0.05},
        {"method": "momentum", "average": True, "learning_rate": 0.01, "batch_size": 8},
    ],
    ids=str,
)
def test_blocks_lead_to_the_line(settings):
    """Blocks of any size, gone through a few times, lead near the line, by the same bits with the same seed."""
    models = [streamed(fl.LinearRegression(**settings, random_state=seed), passes=30) for seed in (0, 0, 1)]
    np.testing.assert_allclose(np.append(models[0].coef_, models[0].intercept_), [1, -2, 0.5, 3], atol=0.1)
    np.testing.assert_array_equal(models[0].coef_, models[1].coef_)
    assert not np.array_equal(models[0].coef_, models[2].coef_)
    assert models[0].n_iter_ == 90
    assert len(models[0].cost_history_) == 90


@pytest.mark.parametrize("average", [False, True])
@pytest.mark.parametrize("layout", [np.asarray, sparse.csr_array])
def test_compiled_and_plain_updates_are_the_same(average, layout, monkeypatch):
    """A stream goes the same way whether its updates are made in NumPy or by the kernel, its schedule going on."""
    settings = {"method": "sgd", "learning_rate": fl.schedules.InverseTimeDecay(0.1, 0.1), "average": average}
    found = []
    for few in (0, 10**9):
        monkeypatch.setattr(streams, "FEW", few)
        model = fl.LinearRegressor(loss="huber", alpha=0.1, l1_ratio=0.3, random_state=0, **settings)
        for block in BLOCKS:
            model.partial_fit(layout(X[block]), Y[block], sample_weight=np.full(len(Y[block]), 2.0))
        found.append(np.append(model.coef_, model.intercept_))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9)
    assert stochastic.FEW > 0


def test_a_weight_scales_the_gradient():
    """A row of weight two moves the model as twice the rate would, also where it comes alone."""
    once = fl.LinearRegression(method="sgd", learning_rate=0.1).partial_fit(X[:1], Y[:1], sample_weight=[2.0])
    twice = fl.LinearRegression(method="sgd", learning_rate=0.2).partial_fit(X[:1], Y[:1])
    np.testing.assert_allclose(once.coef_, twice.coef_, rtol=1e-12)


def test_a_stream_goes_on_from_a_fit_and_from_a_file(tmp_path):
    """After `fit`, and after a file, blocks move the model from where it stands; `fit` starts anew."""
    model = fl.LinearRegression(method="sgd", learning_rate=0.05, max_iter=5, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fl.ConvergenceWarning)
        fitted = model.fit(X, Y).coef_.copy()
        model.partial_fit(X[:1], Y[:1])
        assert 0 < np.abs(model.coef_ - fitted).max() < 0.1
        np.testing.assert_array_equal(model.fit(X, Y).coef_, fitted)
    straight = streamed(clone(model), passes=2)
    half = streamed(clone(model))
    half.save(tmp_path / "half.fall")
    np.testing.assert_array_equal(streamed(fl.load(tmp_path / "half.fall")).coef_, straight.coef_)


def test_classes_are_told_once():
    """Classes come with the first call, in words too; a block need not have them all."""
    words = np.array(["no", "so", "yes"])[np.digitize(X[:, 0], [-0.5, 0.5])]
    model = fl.LogisticRegression(method="sgd", learning_rate=0.3, random_state=0)
    with pytest.raises(InputError, match="classes must be given"):
        model.partial_fit(X, words)
    streamed(model, targets=words, passes=20, classes=["yes", "no", "so"])
    assert list(model.classes_) == ["no", "so", "yes"]
    assert model.score(X, words) > 0.9
    with pytest.raises(InputError, match="those of the first call"):
        model.partial_fit(X, words, classes=["no", "yes"])
    with pytest.raises(DataError, match="'maybe' at row 1"):
        model.partial_fit(X[:2], ["no", "maybe"])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"standardize": True}, "standardize must be left out"),
        ({"validation_fraction": 0.1}, "validation_fraction must be left out"),
        ({"class_weight": "balanced"}, "class_weight must be a dict"),
    ],
    ids=str,
)
def test_what_needs_all_rows_is_refused(settings, words):
    """What can be known only of all rows is refused, with what to do."""
    with pytest.raises(InputError, match=words):
        fl.LogisticRegression(method="sgd", **settings).partial_fit(X, Y > 3, classes=[False, True])


def test_columns_and_numbers_are_checked():
    """A later block must have the columns of the first, and no hole."""
    model = fl.Ridge(method="sgd").partial_fit(X, Y)
    with pytest.raises(DataError, match="features"):
        model.partial_fit(X[:, :2], Y)
    with pytest.raises(DataError, match="row 0"):
        model.partial_fit(np.full((1, 3), np.nan), [1.0])
