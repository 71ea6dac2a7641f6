"""Fits kept in a file: the same bits after any cut, and refused where the file is another fit's."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import scipy.sparse
from sklearn.model_selection import GridSearchCV

import fallline as fl
from fallline.descent import checkpoint
from fallline.descent.checkpoint import Checkpoint
from fallline.errors import FileError, InputError, InputTypeError
from fallline.models import newton, stochastic

rng = np.random.default_rng(5)
X = rng.normal(size=(300, 5)) * [1, 10, 0.1, 3, 1] + 2
Z = (X - 2) @ [1.0, -0.2, 5.0, 0.0, 0.5] + rng.normal(size=300)
TWO, THREE = (Z > 0).astype(int), np.digitize(Z, [-1, 1])
SPARSE = scipy.sparse.random(400, 900, 0.02, random_state=3, format="csr")
PULL = SPARSE @ rng.normal(size=900)
MANY = rng.normal(size=(500, 40))
CLASSES = np.argmax(MANY @ rng.normal(size=(40, 6)) + rng.normal(size=(500, 6)), axis=1)

FITS = {
    "batch": (fl.LinearRegression(loss="mse", method="gd", learning_rate=1e-3, max_iter=300), X, Z),
    "separable": (fl.LogisticRegression(alpha=0.0, method="gd", max_iter=300), X, X[:, 0] > 2),
    "standardised": (fl.LogisticRegression(method="lbfgs", standardize=True), X, TWO),
    "adam": (fl.LinearRegression(method="adam", learning_rate=0.01, batch_size=16, max_iter=12, random_state=7), X, Z),
    "rows": (fl.LogisticRegression(method="sgd", max_iter=20, random_state=1), X, TWO),
    "few rows": (fl.LogisticRegression(method="sgd", average=True, max_iter=4, random_state=1), X, TWO),
    "saga": (fl.LogisticRegression(method="saga", max_iter=10, random_state=1), X, THREE),
    "svrg": (fl.LogisticRegression(method="svrg", average=True, max_iter=10, random_state=1), X, TWO),
    "held out": (
        fl.LogisticRegression(method="adam", learning_rate=0.05, validation_fraction=0.2, max_iter=60, random_state=1),
        X,
        TWO,
    ),
    "Newton": (fl.LogisticRegression(tol=1e-12), X, TWO),
    "proximal Newton": (fl.LogisticRegression(alpha=0.01, l1_ratio=1.0, tol=1e-12), X, THREE),
    "interior": (fl.QuantileRegressor(alpha=0.01, tol=1e-9), X, Z),
    "Huber": (fl.HuberRegressor(tol=1e-12), X, Z),
    "conjugate gradients": (fl.LogisticRegression(alpha=1e-4, tol=1e-12), SPARSE, PULL > 0),
    "coarse Hessians": (fl.LogisticRegression(alpha=1e-5, tol=1e-12), MANY, CLASSES),
    "working sets": (fl.LogisticRegression(alpha=1e-3, l1_ratio=1.0, tol=1e-12), SPARSE, PULL > 0),
    "L-BFGS": (fl.LinearSVC(alpha=1e-2), SPARSE, np.digitize(PULL, [-1, 1])),
}


class Killed(BaseException):
    """What no code answers."""


def bits(model):
    trace = model.trace_
    columns = (trace.flat_x, trace.fun, trace.gradient_norm, trace.learning_rate, trace.step_norm)
    arrays = (model.coef_, model.intercept_, model.cost_history_, *columns)
    return [*(np.asarray(array).tobytes() for array in arrays), model.n_iter_, model.certificate_, model.diagnosis_]


def fitted(model, path, X, y):
    return model.__sklearn_clone__().set_params(checkpoint=path).fit(X, y)


def killed_after(monkeypatch, count, fit):
    """Kill a fit after so many of its files; tell whether it came that far."""
    write, written = Checkpoint.write, []

    def writes(self, run):
        write(self, run)
        written.append(run)
        if len(written) == count:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "write", writes)
        try:
            fit()
        except Killed:
            return True
    return False


@pytest.mark.filterwarnings("ignore::fallline.ConvergenceWarning")
@pytest.mark.parametrize("name", FITS)
def test_a_fit_that_was_killed_goes_on_to_the_same_bits(name, monkeypatch, tmp_path):
    """After a cut early, later or at the end, all of a fit is as that of one left alone."""
    monkeypatch.setattr(checkpoint, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 1e9)
    model, X, y = FITS[name]
    alone = bits(model.__sklearn_clone__().fit(X, y))
    for count in (1, 2, 1000):
        path = tmp_path / f"{count}.ckpt"
        cut = killed_after(monkeypatch, count, lambda path=path: fitted(model, path, X, y))
        assert cut == (count < 1000)
        assert bits(fitted(model, path, X, y)) == alone


@pytest.mark.filterwarnings("ignore::fallline.ConvergenceWarning")
def test_compiled_updates_go_on_and_others_as_they_began(monkeypatch, tmp_path):
    """A cut between compiled epochs shows nowhere; a fit that began one by one goes on so, whatever its max_iter."""
    monkeypatch.setattr(checkpoint, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(stochastic, "MANY", 12 * 19)
    model, X, y = FITS["adam"]
    alone = bits(model.__sklearn_clone__().fit(X, y))
    path = tmp_path / "run.ckpt"
    assert killed_after(monkeypatch, 2, lambda: fitted(model, path, X, y))
    assert bits(fitted(model, path, X, y)) == alone
    few = tmp_path / "few.ckpt"
    fitted(model.__sklearn_clone__().set_params(max_iter=3), few, X, y)
    longer = fitted(model, few, X, y)
    monkeypatch.setattr(stochastic, "MANY", 10**9)
    assert bits(longer) == bits(model.__sklearn_clone__().fit(X, y))


@pytest.mark.parametrize("columns", [40, 330])
def test_a_long_table_goes_on_with_the_same_sampled_hessians(columns, monkeypatch, tmp_path):
    """Sampled metrics, the pairs that correct them and what the judge has learnt all come back."""
    monkeypatch.setattr(checkpoint, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 1e9)
    monkeypatch.setattr(newton, "SAMPLED", 25 * columns)
    monkeypatch.setattr(newton, "WORTH_SAMPLING", 1.0)
    rows = np.random.default_rng(columns)
    X = rows.normal(size=(100 * columns, columns)) * np.geomspace(0.1, 10, columns)
    y = X @ (rows.normal(size=columns) / np.geomspace(1, 100, columns)) + rows.normal(size=len(X)) > 0
    model = fl.LogisticRegression(alpha=1e-4, tol=1e-10)
    alone = model.__sklearn_clone__().fit(X, y)
    assert "sampled" in alone.trace_.note
    for count in (2, alone.n_iter_ - 1):
        path = tmp_path / f"{count}.ckpt"
        assert killed_after(monkeypatch, count, lambda path=path: fitted(model, path, X, y))
        assert bits(fitted(model, path, X, y)) == bits(alone)


@pytest.mark.filterwarnings("ignore::fallline.ConvergenceWarning")
def test_a_process_that_is_killed_loses_little(tmp_path):
    """Killed without warning, a fit goes on in another process to the bits of one never killed."""
    program = textwrap.dedent("""
        import sys, warnings
        import numpy as np
        import fallline as fl
        warnings.simplefilter("ignore")
        X = np.random.default_rng(0).normal(size=(4000, 6))
        model = fl.LinearRegression(method="adam", batch_size=4, max_iter=20, tol=0.0, checkpoint=sys.argv[1])
        print("started", flush=True)
        np.save(sys.argv[2], model.fit(X, X @ np.arange(6.0)).trace_.flat_x)
    """)
    path, out = tmp_path / "run.ckpt", tmp_path / "out.npy"

    def start():
        process = subprocess.Popen([sys.executable, "-c", program, str(path), str(out)], stdout=subprocess.PIPE)
        process.stdout.readline()
        return process

    process = start()
    while not path.exists() or time.time() - os.path.getmtime(path) < 0.1:
        time.sleep(0.01)
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not out.exists()
    start().communicate()
    X = np.random.default_rng(0).normal(size=(4000, 6))
    alone = fl.LinearRegression(method="adam", batch_size=4, max_iter=20, tol=0.0, random_state=0)
    alone.fit(X, X @ np.arange(6.0))
    assert np.load(out).tobytes() == alone.trace_.flat_x.tobytes()


@pytest.mark.filterwarnings("ignore::fallline.ConvergenceWarning")
def test_a_fit_goes_on_beyond_its_iterations(tmp_path):
    """With a larger max_iter the same file goes on from the last step: as a fit that was given these at once."""
    model, X, y = FITS["adam"]
    fitted(model, tmp_path / "run.ckpt", X, y)
    longer = model.__sklearn_clone__().set_params(max_iter=20)
    assert bits(fitted(longer, tmp_path / "run.ckpt", X, y)) == bits(longer.fit(X, y))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m, X, y: (m.set_params(alpha=0.5), X, y), r"another setting \(alpha changed\)"),
        (lambda m, X, y: (m, X + 1e-12, y), "another data"),
        (lambda m, X, y: (m, X, np.append(y[:-1], 0.0)), "another data"),
        (lambda m, X, y: (m.set_params(init="random", random_state=1), X, y), "another start"),
        (lambda m, X, y: (fl.LinearRegressor(loss="huber"), X, y), "another loss"),
        (lambda m, X, y: (fl.Ridge(alpha=0.0, method="sgd", max_iter=2), X, y), "another setting .* random order"),
    ],
)
def test_the_file_of_another_fit_is_refused(change, words, tmp_path):
    """What differs is named, and the file stays as it is."""
    path = tmp_path / "run.ckpt"
    fl.LinearRegression(checkpoint=path).fit(X, Z)
    before = path.read_bytes()
    model, rows, y = change(fl.LinearRegression(), X, Z)
    with pytest.raises(InputError, match=words):
        model.set_params(checkpoint=path).fit(rows, y)
    assert path.read_bytes() == before


def test_the_file_of_a_descent_or_of_anything_else_is_refused(tmp_path):
    """Neither a run of `minimize` nor a text is mistaken for a fit, nor overwritten."""
    fl.minimize(lambda x: x @ x, np.ones(2), checkpoint=tmp_path / "run.ckpt")
    with pytest.raises(InputError, match="checkpoint must be one of the same call"):
        fl.Ridge(checkpoint=tmp_path / "run.ckpt").fit(X, Z)
    (tmp_path / "thesis.txt").write_text("three years of work\n")
    with pytest.raises(FileError, match="unaltered file"):
        fl.Ridge(checkpoint=tmp_path / "thesis.txt").fit(X, Z)
    assert (tmp_path / "thesis.txt").read_text() == "three years of work\n"
    with pytest.raises(InputTypeError, match="checkpoint must be a path; got 3"):
        fl.Ridge(checkpoint=3).fit(X, Z)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_a_search_over_many_fits_is_told_that_a_file_is_for_one(tmp_path):
    """Each fit of a grid search finds the first one's file, and says so."""
    search = GridSearchCV(fl.Ridge(checkpoint=tmp_path / "run.ckpt"), {"alpha": [0.1, 1.0]}, error_score="raise")
    with pytest.raises(InputError, match=r"another data|another setting"):
        search.fit(X, Z)


def test_a_model_kept_in_a_file_is_saved_with_its_path(tmp_path):
    """A path is plain data: the model comes back with it."""
    model = fl.Ridge(checkpoint=tmp_path / "run.ckpt").fit(X, Z)
    model.save(tmp_path / "model.fall")
    assert fl.load(tmp_path / "model.fall").checkpoint == tmp_path / "run.ckpt"
