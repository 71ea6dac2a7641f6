"""Engines that make epochs of stochastic updates on rows."""

import numpy as np
import pytest

from fallline.data.blocks import ArrayRows
from fallline.descent.batches import BatchEngine, Batches, BatchPlan
from fallline.descent.row_epochs import Averaged, RowEpochs, RowPlan
from fallline.losses import find
from fallline.methods import Adam
from fallline.objectives.rows import RowsObjective
from fallline.objectives.rows_some import SomeRows
from fallline.schedules import Constant, InverseTimeDecay

LOSS = find("squared", "regression")
X = np.random.default_rng(0).normal(size=(30, 3))
ROWS = ArrayRows(X, X @ [1.0, 2.0, 3.0] + np.random.default_rng(1).normal(size=30))


def engine_for(rule, average=False, size=4):
    smooth = RowsObjective(ROWS, LOSS)
    kernel = type(LOSS), LOSS.parameters, "one"
    plan = RowPlan(smooth, smooth, kernel, Batches(30, size, 3), rule, 0.0, 0.0, average)
    return RowEpochs(plan, np.zeros(4), InverseTimeDecay(0.05, 0.01), 24)


@pytest.mark.parametrize("rule", ["sgd", "saga", "svrg"])
def test_the_length_of_blocks_changes_no_bit(rule):
    """Updates by ones and threes are those of whole epochs, and the costs at the ends of epochs the same."""
    whole, parts = engine_for(rule, average=True), engine_for(rule, average=True)
    whole.start(), parts.start()
    long = [whole.advance(100) for _ in range(3)]
    short = []
    while parts.k < whole.k:
        short.append(parts.advance(1 if len(short) % 2 else 3))
    for column in range(5):
        ours, theirs = (np.concatenate([block[column] for block in blocks]) for blocks in (short, long))
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(parts.epoch_costs(24), whole.epoch_costs(24))
    np.testing.assert_array_equal(parts.answer, whole.answer)
    assert len(whole.epoch_costs(24)) == 4


@pytest.mark.parametrize("rule", ["sgd", "saga", "svrg"])
def test_an_engine_goes_on_from_the_state_of_another(rule):
    """State taken in the middle of an epoch leads another engine on to the same bits."""
    first, second = engine_for(rule), engine_for(rule)
    first.start(), second.start()
    first.advance(11)
    first.advance(5)
    second.restore(first.state())
    for _ in range(3):
        np.testing.assert_array_equal(first.advance(6).x, second.advance(6).x)


def test_remembered_slopes_have_the_gradient_for_their_mean():
    """At the start of SVRG's epoch, and of SAGA's first, the mean of what is remembered is the gradient there."""
    engine = engine_for("svrg")
    engine.start()
    engine.advance(100)
    gradient = engine.plan.smooth.value_and_gradient(engine.x.copy())[1]
    engine.advance(1)
    np.testing.assert_allclose(np.append(*engine.mean_slope), gradient, rtol=1e-10)


def test_any_engine_can_be_averaged():
    """The mean of the points of any method's engine counts the t-th t times."""
    smooth = RowsObjective(ROWS, LOSS)
    plan = BatchPlan(SomeRows(smooth, smooth), Batches(30, 7, 0))
    engine = Averaged(BatchEngine(plan, np.zeros(4), Adam(), Constant(0.1)))
    engine.start()
    points = np.concatenate([engine.advance(4).x for _ in range(5)])
    np.testing.assert_allclose(engine.answer, np.average(points, axis=0, weights=np.arange(1, len(points) + 1)))
    assert len(engine.epoch_costs(5)) == 2
