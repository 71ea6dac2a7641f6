"""Models in files: the same class, parameters and attributes back, and anything else refused in a sentence."""

import json
import pickle
import struct
import subprocess
import sys
import textwrap
import time
import warnings
from functools import partial

import numpy as np
import pytest
from safetensors.numpy import load_file
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import fallline as fl
from fallline.arrays.files import read_arrays, write_arrays
from fallline.errors import FileError, InputError, InputTypeError
from fallline.models import ESTIMATORS
from fallline.models.files import FORMAT

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -1.0]
CLASSES = np.digitize(X[:, 0] + RNG.logistic(size=60), [-0.5, 0.5])
COUNTS = RNG.poisson(np.exp(0.3 * X[:, 0]))


def fitted(name, **settings):
    model = getattr(fl, name)(**settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fl.ConvergenceWarning)
        return model.fit(X, CLASSES if hasattr(model, "class_weight") else COUNTS)


def expect_equal(one, other, where):
    """Compare two values bit by bit, types and what is inside of them included."""
    assert type(one) is type(other), where
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, where
        np.testing.assert_array_equal(one, other, err_msg=where)
    elif isinstance(one, fl.Trace):
        for key, column in one.to_dict().items():
            expect_equal(column, other.to_dict()[key], f"{where}.{key}")
    elif isinstance(one, (list, tuple)):
        for i, (left, right) in enumerate(zip(one, other, strict=True)):
            expect_equal(left, right, f"{where}[{i}]")
    elif isinstance(one, (dict, fl.Result)):
        left, right = (part if isinstance(part, dict) else vars(part) for part in (one, other))
        assert left.keys() == right.keys()
        for key, part in left.items():
            expect_equal(part, right[key], f"{where}.{key}")
    elif isinstance(one, np.random.RandomState):
        assert one.normal() == other.normal(), where
    else:
        assert one == other or np.isnan([one, other]).all(), where


def expect_same_model(one, other):
    assert type(one) is type(other)
    expect_equal(one.get_params(deep=False), other.get_params(deep=False), "parameters")
    expect_equal(vars(one), vars(other), type(one).__name__)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_model_comes_back(name, tmp_path):
    """Parameters, attributes and predictions are the same bits, and what comes back can be drawn, cloned and saved."""
    model = fitted(name)
    model.save(tmp_path / "model.fall")
    again = fl.load(tmp_path / "model.fall")
    expect_same_model(model, again)
    assert again.predict(X).tobytes() == model.predict(X).tobytes()
    assert again.plot().ax_.get_xlabel() == "iteration"
    assert clone(again).get_params() == model.get_params()
    again.save(tmp_path / "again.fall")
    expect_equal(*(read_arrays(tmp_path / name, FORMAT) for name in ("again.fall", "model.fall")), "files")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again.fall", "model.fall"]


@pytest.mark.parametrize("classes", [3, 2])
@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "perhaps", "yes, 年"]),
        np.array(["no", "perhaps", "yes"], dtype=object),
        np.array([1, 5, 9], dtype=object),
        np.array([-1, 0, 2**62]),
        np.array([1, 2, 3], dtype=np.uint8),
        np.array([1, 2, 3], dtype=">i4"),
        np.array([1.0, 2.0, 3.0], dtype=np.float16),
        np.array([False, True, True]),
    ],
    ids=lambda labels: labels.dtype.str,
)
def test_classes_of_any_type_come_back(labels, classes, tmp_path):
    """Predictions are the classes that were given, of their type."""
    model = fl.LogisticRegression(alpha=0.1).fit(X, labels[np.minimum(CLASSES, classes - 1)])
    model.save(tmp_path / "model.fall")
    again = fl.load(tmp_path / "model.fall")
    expect_equal(model.classes_, again.classes_, "classes_")
    expect_equal(model.predict(X), again.predict(X), "predictions")


@pytest.mark.parametrize(
    "settings",
    [
        {"method": fl.methods.Adam(learning_rate=fl.schedules.Warmup(3, fl.schedules.StepDecay(0.1, 5, 0.5)))},
        {"method": "gd", "learning_rate": fl.steps.Backtracking()},
        {"method": "gd", "learning_rate": np.float32(0.01)},
        {"init": np.zeros(12), "tol": 0.0, "max_iter": np.int64(3)},
        {"random_state": np.random.RandomState(4), "init": "random"},
        {"class_weight": {0: 1.0, 1: 2.5, 2: np.float64(0.5)}},
        {"loss": fl.models.logistic.find("hinge", "classification"), "alpha": 0.1},
    ],
    ids=lambda settings: ", ".join(settings),
)
def test_parameters_of_any_kind_come_back(settings, tmp_path):
    """Methods, schedules, step rules, losses, arrays and random states are the same objects again."""
    model = fitted("LinearClassifier", **settings)
    model.save(tmp_path / "model.fall")
    expect_same_model(model, fl.load(tmp_path / "model.fall"))


def test_what_scikit_learn_was_asked_to_route_comes_back(tmp_path):
    """A request for sample weights holds for the loaded model too."""
    with config_context(enable_metadata_routing=True):
        model = fitted("Ridge").set_fit_request(sample_weight=True)
        model.save(tmp_path / "model.fall")
        again = fl.load(tmp_path / "model.fall")
        assert again.get_metadata_routing().fit.requests == {"sample_weight": True}


def test_names_of_columns_come_back(tmp_path):
    """A loaded model holds tables to the columns of the fit."""
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(X, columns=["age", "体重", "dose"])
    fl.Ridge().fit(table, COUNTS).save(tmp_path / "model.fall")
    again = fl.load(tmp_path / "model.fall")
    assert list(again.feature_names_in_) == ["age", "体重", "dose"]
    with pytest.raises(ValueError, match="feature names"):
        again.predict(table[["dose", "age", "体重"]])


@pytest.mark.parametrize(
    "settings",
    [{"method": "sgd"}, {"method": "adam", "batch_size": 16}, {"method": "sgd", "average": True}],
    ids=str,
)
def test_a_stream_goes_on_from_a_file(settings, tmp_path):
    """A model that learns block by block goes on after loading to the same bits."""
    model = fl.LogisticRegression(random_state=0, **settings).partial_fit(X[:30], CLASSES[:30], classes=[0, 1, 2])
    model.save(tmp_path / "model.fall")
    again = fl.load(tmp_path / "model.fall")
    for one in (model, again):
        one.partial_fit(X[30:], CLASSES[30:])
    expect_equal(model.coef_, again.coef_, "coef_")
    expect_equal(model.cost_history_, again.cost_history_, "cost_history_")


def test_a_diverged_fit_comes_back(tmp_path):
    """Infinities and what is no number survive, with the finding that explains them."""
    model = fitted("LinearRegression", method="gd", learning_rate=10.0, max_iter=500)
    model.save(tmp_path / "model.fall")
    again = fl.load(tmp_path / "model.fall")
    expect_same_model(model, again)
    assert again.diagnosis_[0].code == "learning-rate-too-high"


def test_another_process_predicts_the_same_bits(tmp_path):
    """Nothing of this process is needed."""
    model = fitted("LogisticRegression")
    model.save(tmp_path / "model.fall")
    np.save(tmp_path / "X.npy", X)
    code = """
        import sys, numpy as np, fallline as fl
        np.save(sys.argv[3], fl.load(sys.argv[1]).predict_proba(np.load(sys.argv[2])))
    """
    files = [tmp_path / name for name in ("model.fall", "X.npy", "there.npy")]
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), *files], check=True)
    assert np.load(tmp_path / "there.npy").tobytes() == model.predict_proba(X).tobytes()


def test_the_arrays_can_be_read_elsewhere(tmp_path):
    """The file is a safetensors file, its arrays called as in the model."""
    model = fitted("Ridge")
    model.save(tmp_path / "model.fall")
    np.testing.assert_array_equal(load_file(tmp_path / "model.fall")["coef_"], model.coef_)


class Halved:
    """A method of a user's own."""

    def init(self, x):
        return ()

    def update(self, gradient, state, x):
        return 0.5 * gradient, state


class Mine(fl.Ridge):
    """A class of a user's own."""


def test_code_is_not_saved(tmp_path):
    """A model with a method, a schedule or a class of the user's own is refused: no file could bring it back."""
    for settings in (
        {"method": Halved(), "learning_rate": 0.1},
        {"method": "gd", "learning_rate": fl.schedules.Custom(partial(np.multiply, 1e-3))},
    ):
        model = fitted("LinearRegression", max_iter=2, **settings)
        with pytest.raises(
            InputError, match=r"(method|learning_rate.function) must be plain data, or one of fallline's own classes"
        ):
            model.save(tmp_path / "model.fall")
    with pytest.raises(InputError, match="got Mine"):
        Mine().fit(X, COUNTS).save(tmp_path / "model.fall")
    with pytest.raises(NotFittedError):
        fl.Ridge().save(tmp_path / "model.fall")
    assert list(tmp_path.iterdir()) == []


def expect_refused(path, words):
    with pytest.raises(FileError, match=words) as caught:
        fl.load(path)
    assert len(str(caught.value).splitlines()) == 1
    assert path.name in str(caught.value)


def test_damaged_files_are_refused(tmp_path):
    """Cut anywhere, or with bits changed anywhere, a file is refused in one sentence that names it."""
    path = tmp_path / "model.fall"
    fitted("Ridge").save(path)
    content = path.read_bytes()
    for length in (0, 1, 7, 8, 9, 40, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        expect_refused(path, "it cannot be read")
    for place in range(0, len(content), 97):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        expect_refused(path, "model that fallline saved, unaltered")


def test_other_files_are_refused(tmp_path):
    """Missing, foreign, later and impossible files are told apart."""
    path = tmp_path / "model.fall"
    expect_refused(path, "there is no such file")
    path.write_bytes(pickle.dumps(Halved()))
    expect_refused(path, "it cannot be read")
    path.write_bytes(b"these are my notes\n" * 50)
    expect_refused(path, "it cannot be read")
    fitted("Ridge").trace_.save(path)
    expect_refused(path, "it holds a fallline trace")
    write_arrays(path, "fallline model 2", "{}", {})
    expect_refused(path, "newer fallline")
    for length in (2**60, 2**64 - 1, 10**9):
        path.write_bytes(struct.pack("<Q", length) + b'{"x":1}')
        began = time.perf_counter()
        expect_refused(path, "it cannot be read")
        assert time.perf_counter() - began < 2
    with pytest.raises(InputTypeError, match="path must be a path"):
        fl.load(3)


@pytest.mark.parametrize(
    "saved",
    [
        {},
        [],
        {"class": "os", "parameters": {}, "fitted": {}, "requests": {}},
        {"class": "load", "parameters": {}, "fitted": {}, "requests": {}},
        {"class": "Ridge", "parameters": {"later": 1}, "fitted": {}, "requests": {}},
        {"class": "Ridge", "parameters": {}, "fitted": {"coef_": {"array": "none"}}, "requests": {}},
        {"class": "Ridge", "parameters": {}, "fitted": {"coef_": {"class": ["Popen", {"dict": []}]}}},
        {"class": "Ridge", "parameters": {}, "fitted": {"coef_": {"bytes": [{"array": "b"}, "O", [1]]}}},
        {"class": "Ridge", "parameters": {}, "fitted": {"coef_": {"array": "b", "later": 3}}},
    ],
    ids=str,
)
def test_data_of_another_form_is_refused(saved, tmp_path):
    """A file with a right checksum and content that no version wrote makes nothing but a sentence."""
    write_arrays(tmp_path / "model.fall", FORMAT, json.dumps(saved), {"b": np.zeros(8, np.uint8)})
    expect_refused(tmp_path / "model.fall", "it holds what this version does not know")


def test_depth_without_end_is_refused(tmp_path):
    """Neither a text nested too deeply to be read crashes."""
    write_arrays(tmp_path / "model.fall", FORMAT, "[" * 200_000, {})
    expect_refused(tmp_path / "model.fall", "it holds what this version does not know")


def test_a_place_that_cannot_be_written_to_is_told(tmp_path):
    """The error names the place, and is an OSError."""
    with pytest.raises(OSError, match=r"path must be a file that can be written; got '.*no.*': No such file"):
        fitted("Ridge").save(tmp_path / "no" / "model.fall")
