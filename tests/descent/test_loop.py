"""The one loop: pacing, judging and recording are the same for every engine."""

import numpy as np
import pytest

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.descent.compiled import CompiledEngine
from fallline.descent.engine import EagerEngine
from fallline.descent.loop import prepare_loop
from fallline.objectives.ladder import differentiate
from fallline.schedules import Constant
from fallline.steps import Backtracking
from fallline.stopping import CostBelow


def bowl(t):
    return np.sum(np.arange(1, 4) * (t - 1) ** 2)


def problem():
    x, layout, _ = flatten(np.array([2.0, -1.0, 0.5]))
    return differentiate(bowl, x, layout, ())[0], x


@pytest.mark.parametrize("engine", [CompiledEngine, EagerEngine])
@pytest.mark.parametrize("rate", [Constant(0.05), Backtracking()])
def test_the_cut_into_blocks_changes_no_bit(engine, rate):
    """Steps taken one by one and in blocks are the same to the last bit."""
    objective, x = problem()
    together, alone = (engine(objective, x, fl.methods.Adam(), rate) for _ in range(2))
    together.start()
    alone.start()
    block = together.advance(12)
    parts = [alone.advance(count) for count in (1, 4, 2, 5)]
    for name, column in block._asdict().items():
        np.testing.assert_array_equal(np.concatenate([getattr(part, name) for part in parts]), column)


def test_a_run_tells_its_reason_its_counts_and_its_best():
    """A run stops at the row the rule names, and counts what it took to get there, not beyond."""
    objective, x = problem()
    run = prepare_loop(
        objective, x, method=fl.methods.GradientDescent(), rate=Constant(0.05),
        stopping=CostBelow(1e-3),
    ).run(1000)  # fmt: skip
    assert run.reason == "target-reached" and run.trace.fun[-1] < 1e-3 <= run.trace.fun[-2]
    assert run.iterations == len(run.trace) - 1 and run.evaluations == len(run.trace)
    assert run.best.fun[0] == run.trace.fun.min() and run.last.iteration[0] == run.iterations


class Never:
    """An optimality that never holds but always wants a look."""

    def __init__(self):
        self.looks = []

    def candidate(self, rows):
        return 0 if len(rows) else None

    def holds(self, row):
        self.looks.append(int(row.iteration[0]))
        return False


def test_every_candidate_is_looked_at_once_and_in_order():
    """Optimality is asked about the start and then each candidate row, in the order of the run."""
    objective, x = problem()
    watch = Never()
    prepare_loop(objective, x, method=fl.methods.GradientDescent(), rate=Constant(0.05), optimality=watch).run(40)
    assert watch.looks == list(range(41))


def test_progress_sees_the_last_record_of_each_block():
    """The live line is given records as the run goes."""
    objective, x = problem()
    seen = []
    prepare_loop(objective, x, method=fl.methods.GradientDescent(), rate=Constant(1e-4), progress=seen.append).run(100)
    assert seen[-1].iteration == 100 and [r.iteration for r in seen] == sorted({r.iteration for r in seen})


def test_a_searched_run_left_to_itself_takes_one_block(monkeypatch):
    """A block goes on until a look is worth it and well beyond: most runs are one, since each takes its time."""
    blocks = []
    advance = CompiledEngine.advance

    def counted(engine, count, low=-np.inf):
        block = advance(engine, count, low)
        blocks.append(len(block.fun))
        return block

    monkeypatch.setattr(CompiledEngine, "advance", counted)
    result = fl.minimize(fl.problems.rosenbrock, fl.problems.rosenbrock.x0)
    assert result.success and len(blocks) == 1 and blocks[0] <= result.nit + 2
