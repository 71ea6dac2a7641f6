"""Stochastic updates by the compiled kernels are those of the formulas, on dense and on sparse rows."""

import numpy as np
import pytest
from scipy import sparse

from fallline.losses import find
from fallline.models.one_vs_rest import OneVsRest
from fallline.objectives.rows_stochastic import stochastic_kernel

ROWS, COLUMNS, CLASSES = 40, 7, 3
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, COLUMNS)) * (RNG.random((ROWS, COLUMNS)) < 0.4)
WEIGHTS = RNG.uniform(0.5, 1.5, ROWS)
LOSSES = {
    "one": (find("logistic", "classification"), RNG.integers(0, 2, ROWS).astype(float)),
    "each": (OneVsRest(find("squared-hinge", "classification")), RNG.integers(0, CLASSES, ROWS).astype(float)),
    "softmax": (find("multinomial", "classification"), RNG.integers(0, CLASSES, ROWS).astype(float)),
}


class ByHand:
    """The updates, written out in NumPy."""

    def __init__(self, outputs, remember, l2, l1, reduced):
        self.loss, self.y = LOSSES[outputs]
        self.K = 1 if outputs == "one" else CLASSES
        rng = np.random.default_rng(1)
        self.W, self.b = rng.normal(size=(self.K, COLUMNS)), rng.normal(size=self.K)
        self.remember, self.l2, self.l1, self.reduced = remember, l2, l1, reduced
        self.table = rng.normal(size=(ROWS, self.K)) if reduced else np.zeros((ROWS, self.K))
        self.G, self.level = self.table.T @ X / ROWS, self.table.mean(axis=0)

    def slopes(self, rows):
        z = X[rows] @ self.W.T + self.b
        slope = self.loss.derivative(self.y[rows], z if self.K > 1 else z[:, 0]).reshape(len(rows), self.K)
        return slope * WEIGHTS[rows, None]

    def update(self, rows, rate):
        new = self.slopes(rows)
        change = new - self.table[rows]
        step = change.T @ X[rows] / len(rows) + self.G
        self.W = (1 - rate * self.l2) * self.W - rate * step
        self.W = np.sign(self.W) * np.maximum(np.abs(self.W) - rate * self.l1, 0)
        self.b = self.b - rate * (change.mean(axis=0) + self.level)
        if self.remember:
            self.table[rows] = new
            self.G, self.level = self.G + change.T @ X[rows] / ROWS, self.level + change.sum(axis=0) / ROWS

    def point(self):
        return np.append(self.W, self.b)


def kernel_run(hand, outputs, layout, order, size, rates, average=False, keep=False, dtype=np.float64):
    """Make the same updates by the kernel, and return its point, mean, points kept and table."""
    loss = hand.loss.inner if outputs == "each" else hand.loss
    kernel = stochastic_kernel(type(loss), outputs, layout, hand.reduced)
    csr = sparse.csr_array(X.astype(dtype))
    table = X.astype(dtype) if layout == "rows" else (csr.data, csr.indices, csr.indptr)
    W, b = hand.W.copy(), hand.b.copy()
    memory = hand.table.copy(), hand.G.copy(), hand.level.copy()
    mean = np.zeros(W.size + b.size + 1 if average else 0)
    kept, costs = (
        (np.zeros((len(rates), W.size + b.size)), np.zeros(len(rates))) if keep else (np.zeros((0, 0)), mean[:0])
    )
    data, rule = (table, hand.y, WEIGHTS), (float(hand.l2), float(hand.l1), True, hand.remember)
    kernel(loss.parameters, data, order, size, rates, (W, b, *memory), rule, (mean, kept, costs))
    return np.append(W, b), mean, kept, costs, memory


@pytest.mark.parametrize("layout", ["rows", "sparse"])
@pytest.mark.parametrize(
    ("outputs", "rule"), [("one", "sgd"), ("one", "saga"), ("one", "svrg"), ("each", "saga"), ("softmax", "saga")]
)
@pytest.mark.parametrize(("l2", "l1"), [(0.0, 0.0), (0.3, 0.0), (0.3, 0.05)])
@pytest.mark.parametrize("size", [1, 6])
def test_updates_are_those_of_the_formula(layout, outputs, rule, l2, l1, size):
    """Plain, SAGA's and SVRG's updates, with both penalties, are the formula's, on dense rows and lazily on sparse."""
    hand = ByHand(outputs, rule == "saga", l2, l1, rule != "sgd")
    order = np.random.default_rng(2).permutation(ROWS)
    updates = -(-ROWS // size)
    rates = np.linspace(0.2, 0.05, updates)
    found, _, _, _, memory = kernel_run(hand, outputs, layout, order, size, rates)
    for t in range(updates):
        hand.update(order[t * size : (t + 1) * size], rates[t])
    np.testing.assert_allclose(found, hand.point(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(memory[0], hand.table, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(memory[1], hand.G, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("layout", ["rows", "sparse"])
@pytest.mark.parametrize("reduced", [False, True])
def test_points_means_and_costs_are_kept(layout, reduced):
    """Each point, the cost of the batch before it, and the mean in which the t-th counts t times, are what they say."""
    hand = ByHand("one", False, 0.2, 0.01, reduced)
    order, rates = np.arange(ROWS), np.full(ROWS // 2, 0.1)
    found, mean, kept, costs, _ = kernel_run(hand, "one", layout, order, 2, rates, average=True, keep=True)
    points, before = [], []
    for t in range(len(rates)):
        rows = order[2 * t : 2 * t + 2]
        before.append(np.mean(WEIGHTS[rows] * hand.loss.value(hand.y[rows], X[rows] @ hand.W[0] + hand.b[0])))
        hand.update(rows, rates[t])
        points.append(hand.point())
    np.testing.assert_allclose(kept, points, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(costs, before, rtol=1e-12)
    np.testing.assert_allclose(mean[:-1], np.average(points, axis=0, weights=np.arange(1, 21)), rtol=1e-10, atol=1e-13)
    np.testing.assert_array_equal(found, kept[-1])


@pytest.mark.parametrize("layout", ["rows", "sparse"])
def test_a_rate_that_turns_the_sign_is_made_all_the_same(layout):
    """Where ``rate*l2`` passes one the update is still the formula's, however foolish."""
    hand = ByHand("one", False, 4.0, 0.0, False)
    order, rates = np.arange(ROWS), np.linspace(0.1, 0.4, ROWS)
    found = kernel_run(hand, "one", layout, order, 1, rates)[0]
    for row, rate in zip(order, rates, strict=True):
        hand.update(np.array([row]), rate)
    np.testing.assert_allclose(found, hand.point(), rtol=1e-9)


def test_single_precision_rows_are_summed_in_double():
    """Rows of float32 give the same steps as their values in float64."""
    hand = ByHand("one", False, 0.1, 0.0, False)
    order, rates = np.arange(ROWS), np.full(ROWS, 0.1)
    wide = kernel_run(hand, "one", "rows", order, 1, rates)[0]
    narrow = kernel_run(hand, "one", "rows", order, 1, rates, dtype=np.float32)[0]
    np.testing.assert_allclose(narrow, wide, rtol=1e-5)
