"""Watching many runs: each decision is that of a watch of the run's own."""

import numpy as np

from fallline.arrays.layout import flatten
from fallline.descent.watch_many import ManyWatch
from fallline.diagnosis.optimality import Watch
from fallline.objectives.ladder import differentiate
from fallline.trace import Rows


def valley(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def test_runs_are_judged_as_by_watches_of_their_own():
    """Of runs that come near the minimum at different paces, each is stopped at the row where its own watch does."""
    start = np.array([-1.2, 1.0])
    objective = differentiate(valley, start, flatten(start)[1], ())[0]
    steps, runs = 60, 12
    towards = np.array([1.0, 1.0]) - start
    shares = 1 - np.exp(-np.arange(1, steps + 1)[:, None] * np.linspace(0.05, 0.8, runs))
    x = (start[:, None] + towards[:, None] * shares[:, None, :]).astype(float)
    points = [[objective.value_and_gradient(x[step, :, run].copy()) for run in range(runs)] for step in range(steps)]
    fun = np.array([[cost for cost, _ in row] for row in points])
    slope = np.array([[np.linalg.norm(gradient) for _, gradient in row] for row in points])
    nothing = np.full((steps, runs), np.nan)
    rows = Rows(np.arange(1, steps + 1)[:, None], x, fun, slope, nothing, nothing, nothing[:, :1])
    first, gradient = objective.value_and_gradient(start)
    length = float(np.linalg.norm(gradient))
    watch = ManyWatch(objective)
    began = watch.start(start[None], np.array([first]), np.array([length]), np.zeros(runs, dtype=int))
    assert not began.any()
    found = watch.judge(rows, np.full(runs, steps), slope.min(axis=0) <= watch.bars)
    expected = []
    for run in range(runs):
        own = Watch(objective)
        own.holds(Rows(np.zeros(1), start[None], np.array([first]), np.array([length]), *[np.zeros(1)] * 3))
        alone = Rows(*(column[..., min(run, column.shape[-1] - 1)] for column in vars(rows).values()))
        done, stop = 0, 0
        while stop == 0 and (row := own.candidate(alone.take(slice(done, None)))) is not None:
            done += row + 1
            stop = done if own.holds(alone.take(slice(done - 1, done))) else 0
        expected.append(stop)
    assert found.tolist() == expected
    assert 0 < sum(stop > 0 for stop in expected) < runs
