"""Checkpoints: the same bits after any cut, refused where they do not belong, kept when writing fails."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import fallline as fl
from fallline.descent.checkpoint import Checkpoint
from fallline.errors import FileError, InputError, InputTypeError
from fallline.methods import CLASSES

rng = np.random.default_rng(5)
X = rng.normal(size=(90, 4))
Y = (X @ [1.0, -2.0, 0.5, 0.0] + 0.3 * rng.normal(size=90) > 0).astype(float)
COLUMNS = ("iteration", "x", "fun", "gradient_norm", "learning_rate", "step_norm")


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def with_a_branch(x):
    return rosenbrock(x) if x[0] < 1e9 else x[0]


def logistic(w, X, y):
    z = X @ w
    return np.mean(np.logaddexp(0, z) - y * z)


def slopes(x):
    g = np.zeros_like(x)
    g[:-1] = -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    g[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return g


CALLS = {
    "compiled": (rosenbrock, np.full(3, -1.0), {"method": "adam", "learning_rate": 0.01}),
    "line search": (rosenbrock, np.full(3, -1.0), {"method": "lbfgs"}),
    "schedule": (rosenbrock, np.full(3, -1.0), {"method": "momentum", "learning_rate": fl.schedules.InverseSqrt(1e-4)}),
    "plateau": (rosenbrock, np.full(3, -1.0), {"learning_rate": fl.schedules.ReduceOnPlateau(1e-3, 0.5, 5)}),
    "stepwise": (with_a_branch, np.full(3, -1.0), {"method": "adam", "learning_rate": 0.01}),
    "user": (rosenbrock, np.full(3, -1.0), {"gradient": slopes, "method": "rmsprop"}),
    "averaging": (rosenbrock, np.full(3, -1.0), {"method": "schedule-free-adamw"}),
    "penalty": (rosenbrock, np.full(3, -1.0), {"method": "fista", "penalty": fl.penalties.L1(0.1)}),
    "thinned": (rosenbrock, np.full(3, -1.0), {"method": "adam", "learning_rate": 0.01, "record": "thin"}),
    "patience": (rosenbrock, np.full(3, -1.0), {"method": "gd", "stopping": fl.stopping.NoImprovement(40)}),
    "batches": (logistic, np.zeros(4), {"data": (X, Y), "batch_size": 8, "method": "adam", "learning_rate": 0.05}),
    "float32": (rosenbrock, np.full(3, -1.0, np.float32), {"method": "adam", "learning_rate": 0.01}),
}


def expect_same_bits(one, other):
    for column in COLUMNS:
        np.testing.assert_array_equal(getattr(one.trace, column), getattr(other.trace, column), err_msg=column)
    np.testing.assert_array_equal(one.x, other.x)
    assert (one.fun, one.nit, one.nfev, one.njev, one.reason) == (
        other.fun,
        other.nit,
        other.nfev,
        other.njev,
        other.reason,
    )
    assert [f.code for f in one.diagnosis] == [f.code for f in other.diagnosis]
    if one.epoch_costs is not None:
        np.testing.assert_array_equal(one.epoch_costs, other.epoch_costs)


class KilledError(Exception):
    """Stands for a kill: raised where a run would write its checkpoint."""


@pytest.mark.parametrize("name", CALLS)
def test_a_run_that_was_killed_goes_on_to_the_same_bits(name, tmp_path, monkeypatch):
    """Cut after several of its blocks, each time as kill -9 would: the file of the last write is all that is left."""
    function, start, settings = CALLS[name]
    settings = {"max_iterations": 230, **settings}
    whole = fl.minimize(function, start, **settings)
    path, writes = tmp_path / "run.ckpt", []
    monkeypatch.setattr(Checkpoint, "due", lambda self: True)
    write = Checkpoint.write

    def write_and_die(self, run):
        write(self, run)
        writes.append(run.state.numbers["iteration"])
        if len(writes) % 3 == 0:
            raise KilledError

    monkeypatch.setattr(Checkpoint, "write", write_and_die)
    for _ in range(200):
        try:
            result = fl.minimize(function, start, **settings, checkpoint=path)
            break
        except KilledError:
            pass
    expect_same_bits(result, whole)
    assert len(writes) > 3 and writes[0] == 0


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.name)
def test_every_method_goes_on(cls, tmp_path):
    """More iterations asked of a finished file go on as one run would have."""
    settings = {"method": cls.name, "stopping": fl.stopping.CostBelow(-1.0)}
    start = np.full((2, 2), 0.5) if cls.name == "muon" else np.full(3, 0.5)
    function = (lambda x: rosenbrock(x.reshape(4))) if cls.name == "muon" else rosenbrock
    short = fl.minimize(function, start, **settings, max_iterations=23, checkpoint=tmp_path / "a.ckpt")
    long = fl.minimize(function, start, **settings, max_iterations=60, checkpoint=tmp_path / "a.ckpt")
    expect_same_bits(long, fl.minimize(function, start, **settings, max_iterations=60))
    assert short.nit <= long.nit


RUN = """
    import sys, numpy as np, fallline as fl
    def rosenbrock(x):
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    print("ready", flush=True)
    result = fl.minimize(rosenbrock, np.full(20, -1.0), method="adam", learning_rate=1e-4, max_iterations=400_000,
        stopping=fl.stopping.CostBelow(-1.0), checkpoint=sys.argv[1])
    np.savez(sys.argv[2], x=result.x, fun=result.trace.fun, path=result.trace.x, nit=result.nit)
"""


def test_kill_9_at_any_instant(tmp_path):
    """A real process, killed for real a few times, ends with the bits of one never killed."""
    script = tmp_path / "run.py"
    script.write_text(textwrap.dedent(RUN))

    def start(name):
        command = [sys.executable, script, tmp_path / f"{name}.ckpt", tmp_path / f"{name}.npz"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        return process

    start("whole").communicate()
    for pause in (1.6, 2.2):
        process = start("killed")
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    _, errors = start("killed").communicate()
    assert (tmp_path / "killed.npz").exists(), errors.decode()
    with np.load(tmp_path / "whole.npz") as one, np.load(tmp_path / "killed.npz") as other:
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def call(path, **changed):
    settings = {"method": "gd", "learning_rate": 1e-3, "max_iterations": 30, **changed}
    start = settings.pop("x0", np.full(3, -1.0))
    return fl.minimize(settings.pop("fun", rosenbrock), start, **settings, checkpoint=path)


def test_a_finished_run_is_not_made_again(tmp_path):
    """The same call answers from the file; the function is only called to verify."""
    one = call(tmp_path / "a.ckpt")
    expect_same_bits(call(tmp_path / "a.ckpt"), one)
    assert sorted(os.listdir(tmp_path)) == ["a.ckpt", "a.ckpt.lock", "a.ckpt.previous"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"x0": np.full(3, -1.5)}, "start"),
        ({"learning_rate": 2e-3}, "learning rate"),
        ({"method": "adam"}, "method"),
        ({"fun": lambda x: np.sum(x**2)}, "function"),
        ({"penalty": fl.penalties.L1(0.1)}, "penalty"),
        ({"tolerance": 1e-9}, "stopping rule"),
        ({"record": "ends"}, "record"),
    ],
)
def test_another_problem_is_refused(changed, said, tmp_path):
    """The message names what differs, and the file stays as it was."""
    call(tmp_path / "a.ckpt")
    before = (tmp_path / "a.ckpt").read_bytes()
    with pytest.raises(InputError, match=f"another {said}|another .* and another {said}"):
        call(tmp_path / "a.ckpt", **changed)
    assert (tmp_path / "a.ckpt").read_bytes() == before


CENTRE = np.array([1.0, 2.0, 3.0])
SCALES = {"all": 1.0}
CALLS_SEEN = []


def quartic(x):
    return SCALES["all"] * np.sum(distance(x) ** 4)


def distance(x):
    return x - CENTRE


def remembering(x):
    CALLS_SEEN.append(np.asarray(x).copy())
    return float(np.sum((x - CENTRE) ** 2))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("CENTRE", np.array([-1.0, 2.0, 3.0]), r"distance\.CENTRE changed"),
        ("CENTRE", CENTRE[[1, 0, 2]], r"distance\.CENTRE changed"),
        ("SCALES", {"all": 2.0}, r"SCALES\.all changed"),
        ("distance", lambda x: CENTRE - 2 * x, "distance.* changed"),
    ],
)
def test_another_global_is_another_problem(name, value, told, tmp_path, monkeypatch):
    """What the function refers to, through helpers too, must be the same; the message names it."""
    settings = {"fun": quartic, "x0": np.zeros(3), "method": "adam", "learning_rate": 0.01}
    call(tmp_path / "a.ckpt", **settings)
    monkeypatch.setitem(globals(), name, value)
    with pytest.raises(InputError, match=rf"another function \(.*{told}\)"):
        call(tmp_path / "a.ckpt", **settings, max_iterations=60)


def test_a_function_that_keeps_its_points_goes_on(tmp_path):
    """What a function itself changes is no other problem."""
    settings = {"fun": remembering, "x0": np.zeros(3), "method": "adam", "learning_rate": 0.01}
    call(tmp_path / "a.ckpt", **settings)
    assert call(tmp_path / "a.ckpt", **settings, max_iterations=60).nit == 60 and len(CALLS_SEEN) > 60


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (lambda x: np.sum(x**2) + np.sum(x), "another value at the start"),
        (lambda x: np.sum(x**2) + x @ [2.0, 1.0, 3.0], "another gradient at the start"),
        (lambda x: 2 * np.sum(x**2) + x @ [1.0, 2.0, 3.0], "gradient at the point near by"),
        (lambda x: np.sum(x**2) + x @ [1.0, 2.0, 3.0] + 5 * np.minimum(0, x[2] + 1) ** 2, "at the point it reached"),
    ],
)
def test_other_values_are_another_problem(other, said, tmp_path):
    """Where nothing tells the functions apart but what they give: at the start, beside it, or where the run stood."""
    known = tmp_path / "known"  # decides, unseen, which of the two it is

    def unseen(x):
        return np.sum(x**2) + x @ [1.0, 2.0, 3.0] if known.exists() else other(x)

    start = np.ones(3) if "value at the start" in said else np.zeros(3)
    settings = {"fun": unseen, "x0": start, "learning_rate": 0.1}
    known.touch()
    call(tmp_path / "a.ckpt", **settings)
    assert call(tmp_path / "a.ckpt", **settings, max_iterations=40).nit == 40
    known.unlink()
    with pytest.raises(InputError, match=said):
        call(tmp_path / "a.ckpt", **settings, max_iterations=60)


@pytest.mark.parametrize("damage", ["cut", "altered", "other"])
def test_damaged_files_are_refused(damage, tmp_path):
    """Cut short, altered in one bit, or something else: a reason, and where the one before it lies."""
    path = tmp_path / "a.ckpt"
    call(path)
    content = path.read_bytes()
    bad = {"cut": content[:-9], "altered": content[:-5] + bytes([content[-5] ^ 1]) + content[-4:], "other": b"hello"}
    path.write_bytes(bad[damage])
    with pytest.raises(FileError, match=r"unaltered.*Nothing was changed.*a\.ckpt\.previous"):
        call(path)
    assert path.read_bytes() == bad[damage]
    (tmp_path / "a.ckpt.previous").replace(path)
    assert call(path).nit == 30


def test_the_one_before_is_used_where_a_kill_came_between(tmp_path):
    """Between the two renames there is only the previous file."""
    path = tmp_path / "a.ckpt"
    whole = call(path)
    path.unlink()
    expect_same_bits(call(path), whole)


@pytest.mark.parametrize("function", [rosenbrock, with_a_branch], ids=["compiled", "stepwise"])
@pytest.mark.parametrize("settings", [{"method": "lbfgs"}, {"stopping": fl.stopping.NoImprovement(40)}], ids=str)
@pytest.mark.parametrize("stop", [0, 7, 20])
def test_a_run_stopped_by_its_callback_goes_on(function, settings, stop, tmp_path):
    """Without the callback as if it had never been there; what was judged beyond the stop is judged again."""
    settings = {"fun": function, "max_iterations": 100, **({"learning_rate": None} if "method" in settings else {})}
    cut = call(tmp_path / "a.ckpt", **settings, callback=lambda record: record.iteration == stop)
    assert (cut.reason.value, cut.nit) == ("callback", stop)
    expect_same_bits(call(tmp_path / "a.ckpt", **settings), call(tmp_path / "b.ckpt", **settings))


def test_a_callback_at_the_last_step_changes_no_reason(tmp_path):
    """A run that is over there anyway is over, with its own reason."""
    whole = call(tmp_path / "a.ckpt", method="lbfgs", learning_rate=None, max_iterations=500)
    last = fl.minimize(rosenbrock, np.full(3, -1.0), method="lbfgs", callback=lambda r: r.iteration == whole.nit)
    assert (last.reason, last.nit) == (whole.reason, whole.nit) and whole.success


def test_a_file_in_use_is_refused(tmp_path):
    """By whoever holds the lock, and free again afterwards."""
    holder = Checkpoint(tmp_path / "a.ckpt")
    with pytest.raises(FileError, match="no other run uses"):
        call(tmp_path / "a.ckpt")
    holder.close()
    assert call(tmp_path / "a.ckpt").nit == 30


def test_a_full_disk_stops_the_run_and_keeps_the_last_file(tmp_path, monkeypatch):
    """The error says so; the last checkpoint can be gone on from."""
    path = tmp_path / "a.ckpt"
    monkeypatch.setattr(Checkpoint, "due", lambda self: True)
    fsync, calls = os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) > 5:
            raise OSError(28, "No space left on device")
        fsync(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match=r"No space left on device.*last checkpoint is kept"):
        call(path, max_iterations=4000)
    monkeypatch.setattr(os, "fsync", fsync)
    assert not list(tmp_path.glob("*.part-*"))
    expect_same_bits(call(path, max_iterations=4000), call(tmp_path / "b.ckpt", max_iterations=4000))


@pytest.mark.parametrize(("path", "kind"), [(3, InputTypeError), ("/no/such/folder/run.ckpt", FileError)])
def test_impossible_paths_are_refused(path, kind):
    """Before the first step."""
    with pytest.raises(kind, match="checkpoint must be"):
        call(path)


def test_writing_stays_cheap(tmp_path):
    """After half a second at the earliest, and never more than a twentieth of the time."""
    file = Checkpoint(tmp_path / "a.ckpt")
    assert file.due()
    file.written, file.cost = time.perf_counter(), 0.001
    assert not file.due()
    file.written -= 0.6
    assert file.due()
    file.cost = 0.1
    assert not file.due()
    file.close()
