"""Mini-batches: the textbook's updates on the rows of each batch, told and judged over all rows."""

import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.descent import compiled_batches
from fallline.descent.batches import BatchEngine, Batches, BatchPlan
from fallline.descent.loop import prepare_loop
from fallline.objectives.batched import BatchedFunction
from fallline.objectives.ladder import differentiate
from fallline.schedules import Constant, InverseTimeDecay
from fallline.steps import Backtracking

RNG = np.random.default_rng(11)
X = np.c_[RNG.normal(size=(60, 2)), np.ones(60)]
TRUTH = np.array([1.0, -2.0, 0.5])
Y = X @ TRUTH + 0.1 * RNG.normal(size=60)


def mean_square(w, X, y):
    return np.mean((X @ w - y) ** 2) / 2


def branching(w, X, y):
    return mean_square(w, X, y) if w[0] < 1e9 else w[0]


def slope(w, X, y):
    return X.T @ (X @ w - y) / len(y)


def by_hand(size, epochs, rate, seed):
    w = np.zeros(3)
    path = [w]
    for epoch in range(epochs):
        order = np.random.default_rng([seed, epoch]).permutation(60)
        for first in range(0, 60, size):
            rows = order[first : first + size]
            w = w - rate * slope(w, X[rows], Y[rows])
            path.append(w)
    return np.array(path)


def fit(function=mean_square, y=Y, **settings):
    given = {"batch_size": 16, "epochs": 3, "learning_rate": 0.1, "seed": 5, **settings}
    return fl.minimize(function, np.zeros(3), data=(X, y), **given)


@pytest.mark.parametrize("size", [1, 7, 20, 59])
@pytest.mark.parametrize(
    ("function", "gradient", "source"),
    [(mean_square, "auto", "compiled"), (branching, "auto", "stepwise"), (mean_square, slope, "user")],
)
def test_the_updates_are_the_textbooks(size, function, gradient, source):
    """Whether compiled or step by step, each update is that of its own rows; the short last batch has its turn."""
    epochs = 1 if size == 1 else 2
    result = fit(function, batch_size=size, epochs=epochs, gradient=gradient)
    expected = by_hand(size, epochs, 0.1, 5)
    assert result.gradient_source == source and result.nit == len(expected) - 1
    np.testing.assert_allclose(result.trace.x, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("settings", [{}, {"batch_size": None}, {"batch_size": 60, "seed": 3}])
def test_all_rows_are_batch_descent(settings):
    """Without a batch size, or with one of all the rows, nothing is shuffled and an epoch is an update."""
    result = fit(**{"batch_size": None, **settings}, epochs=30)
    w = np.zeros(3)
    for _ in range(30):
        w = w - 0.1 * slope(w, X, Y)
    assert result.nit == 30 and result.epoch_costs is None
    np.testing.assert_allclose(result.trace.x[-1], w, rtol=0, atol=1e-13)


def test_the_trace_has_the_batches_and_the_result_all_rows():
    """Rows of the trace are of the batch that the next update steps on; epochs and the answer are of all rows."""
    result = fit()
    batches, path = Batches(60, 16, 5), result.trace.x
    assert result.nit == 12 and len(result.trace) == 13
    for k in (0, 3, 4, 12):
        rows = batches.of(k)
        assert result.trace.fun[k] == pytest.approx(mean_square(path[k], X[rows], Y[rows]), rel=1e-12)
        norm = np.linalg.norm(slope(path[k], X[rows], Y[rows]))
        assert result.trace.gradient_norm[k] == pytest.approx(norm, rel=1e-12)
    np.testing.assert_allclose(result.epoch_costs, [mean_square(path[k], X, Y) for k in (0, 4, 8, 12)], rtol=1e-12)
    np.testing.assert_array_equal(result.x, path[-1])
    assert result.fun == pytest.approx(mean_square(result.x, X, Y), rel=1e-12)
    np.testing.assert_allclose(result.jac, slope(result.x, X, Y), rtol=1e-9)
    assert result.nfev == result.njev == 13


def test_the_seed_settles_every_bit():
    """A seed gives the same run again, another seed another one; an epoch's order needs no earlier one."""
    first, again, other = fit(), fit(), fit(seed=6)
    np.testing.assert_array_equal(first.trace.x, again.trace.x)
    assert not np.array_equal(first.trace.x[1], other.trace.x[1])
    batches = Batches(60, 16, 5)
    epoch = np.concatenate([batches.of(k) for k in range(8, 12)])
    np.testing.assert_array_equal(epoch, batches.order(2))
    assert sorted(epoch) == list(range(60)) and batches.steps == 4 and len(batches.of(11)) == 12


@pytest.mark.parametrize("function", [mean_square, branching])
@pytest.mark.parametrize("rate", [Constant(0.1), InverseTimeDecay(0.2, 0.1), Backtracking()])
def test_the_cut_into_blocks_changes_no_bit(function, rate):
    """Updates taken one by one and in blocks are the same to the last bit, across batches of both sizes."""
    x, layout, _ = flatten(np.zeros(3))
    whole, _ = differentiate(function, x, layout, (), (X, Y))
    plan = BatchPlan(BatchedFunction(function, None, whole, layout, (X, Y), ()), Batches(60, 16, 5))
    together, alone = (BatchEngine(plan, x, fl.methods.Adam(), rate) for _ in range(2))
    together.start()
    alone.start()
    parts, ones = [], [alone.advance(1) for _ in range(9)]
    while sum(len(part.fun) for part in parts) < 9:
        parts.append(together.advance(4))
    for name in ones[0]._fields:
        joined = np.concatenate([getattr(part, name) for part in parts])[:9]
        np.testing.assert_array_equal(joined, np.concatenate([getattr(one, name) for one in ones]))
    np.testing.assert_array_equal(alone.epoch_costs(9), together.epoch_costs(9))


def test_rows_gathered_in_parts_change_no_bit(monkeypatch):
    """Whether the rows of an epoch are gathered at once or batch after batch ahead, the updates are the same."""
    at_once = fit(batch_size=7)
    monkeypatch.setattr(compiled_batches, "GATHERED", 1)
    one_by_one = fit(batch_size=7)
    monkeypatch.setattr(compiled_batches, "GATHERED", 3 * 7 * 8 * 4)
    by_threes = fit(batch_size=7)
    for result in (one_by_one, by_threes):
        np.testing.assert_array_equal(result.trace.x, at_once.trace.x)
        np.testing.assert_array_equal(result.epoch_costs, at_once.epoch_costs)


def test_a_line_search_stays_on_the_batch_of_its_step():
    """A measured step lowers the cost of the rows it was measured on."""
    trace = fit(learning_rate=Backtracking(), epochs=2).trace
    batches = Batches(60, 16, 5)
    for k in range(8):
        rows = batches.of(k)
        costs = [mean_square(w, X[rows], Y[rows]) for w in trace.x[k : k + 2]]
        assert costs[1] < costs[0] == pytest.approx(trace.fun[k])


def test_a_run_whose_batches_agree_converges():
    """Without noise the minimum of all rows is that of each batch: the run stops there, verified, between epochs."""
    result = fit(y=X @ TRUTH, epochs=2000, learning_rate=0.3)
    assert result.success and result.reason == "converged" and result.nit % 4 == 0 and result.nit < 4000
    np.testing.assert_allclose(result.x, TRUTH, atol=1e-6)
    assert [f.code for f in result.diagnosis] == []


def test_without_a_rate_nothing_need_be_tuned():
    """The method chosen for mini-batches comes near the least-squares answer by itself."""
    result = fit(learning_rate=None, epochs=100)
    best = np.linalg.lstsq(X, Y, rcond=None)[0]
    assert result.fun - mean_square(best, X, Y) < 0.01 * (result.epoch_costs[0] - result.fun)


def test_an_averaging_method_answers_with_its_average():
    """Where the method averages, the answer is the average, judged over all rows."""
    result = fit(method=fl.methods.ScheduleFreeSGD(), learning_rate=0.1, epochs=40)
    assert not np.array_equal(result.x, result.trace.x[-1])
    assert result.fun == pytest.approx(mean_square(result.x, X, Y), rel=1e-12)


def test_data_come_before_other_arguments_and_are_never_changed():
    """fun takes the batch and then args; the user's arrays are as before."""
    before = X.copy(), Y.copy()

    def ridge(w, X, y, strength):
        return mean_square(w, X, y) + strength * np.sum(w**2)

    result = fit(ridge, args=(0.5,), epochs=1)
    assert result.fun == pytest.approx(ridge(result.x, X, Y, 0.5), rel=1e-12)
    np.testing.assert_array_equal(X, before[0])
    np.testing.assert_array_equal(Y, before[1])


def test_a_function_that_looks_at_its_data_goes_step_by_step():
    """Where the rows' values steer the code, it is not compiled, and is right all the same."""

    def by_class(w, X, y):
        return np.mean((X[y > 0] @ w - 1) ** 2) if (y > 0).any() else np.mean((X @ w) ** 2)

    result = fit(by_class)
    assert result.gradient_source == "stepwise" and result.fun < result.epoch_costs[0]
    assert [f.code for f in result.diagnosis if f.severity == "info"] == ["lower-gradient-rung"]


def test_a_run_that_breaks_down_answers_with_a_finite_point():
    """A far too high rate is found, its limit that of all rows; what is returned is a number."""
    result = fit(learning_rate=50.0, epochs=100)
    found = next(f for f in result.diagnosis if f.code == "learning-rate-too-high")
    limit = 2 / np.linalg.eigvalsh(X.T @ X / 60)[-1]
    assert not result.success and np.isfinite(result.x).all()
    assert found.values["limit"] == pytest.approx(limit, rel=1e-6)


def test_a_callback_and_rules_see_every_update():
    """One iteration is one update, for callbacks and for the rules that stop a run."""
    seen = []
    result = fit(callback=lambda record: seen.append(record.iteration), epochs=1)
    assert seen == [0, 1, 2, 3, 4] and result.reason == "max-iterations"
    stopped = fit(stopping=fl.stopping.MaxIterations(6), epochs=10)
    assert stopped.nit == 6 and len(stopped.epoch_costs) == 2


def test_float32_stays_float32():
    """Single-precision parameters and data stay what they are."""
    result = fl.minimize(
        mean_square, np.zeros(3, np.float32), data=(X.astype(np.float32), Y.astype(np.float32)), batch_size=16,
        epochs=20, learning_rate=0.1,
    )  # fmt: skip
    assert result.x.dtype == np.float32 and result.fun < 0.02


def test_one_loop_serves_batches_too():
    """descend takes a plan, and the run it returns has the costs of the epochs."""
    x, layout, _ = flatten(np.zeros(3))
    whole, _ = differentiate(mean_square, x, layout, (), (X, Y))
    plan = BatchPlan(BatchedFunction(mean_square, None, whole, layout, (X, Y), ()), Batches(60, 16, 5))
    run = prepare_loop(whole, x, method=fl.methods.GradientDescent(), rate=Constant(0.1), plan=plan).run(6)
    assert run.iterations == 6 and len(run.epoch_costs) == 2 and np.array_equal(run.answer, run.last.x[0])
