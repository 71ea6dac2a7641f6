"""Fits by `auto` beside scikit-learn's every solver, glum, Cyanure, skglm and celer, on real tables.

A solver is run at one tolerance after another, each in turn with `auto`, and its time to a relative suboptimality is
that of the quickest run whose cost is so near to the lowest that any solver reached at all. `make bench` installs the
packages of `requirements/bench.txt`; what is not there is left out and told. ``models.py flights tweets`` runs only the
cases with such names.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from harness import conditions, pinned, shown
from model_cases import CASES, Case, MissingError, Table
from model_peers import PEERS, Fitted, installed

import fallline as fl
from fallline.losses import LOSSES

LEVELS = (1e-4, 1e-8)
TOLERANCES = (1e-2, 1e-4, 1e-6, 1e-8, 1e-10)
OURS = "fallline auto"
LONG = 20.0
"""Seconds after which a solver gets no stricter tolerance."""

SHORT = 0.5
"""Seconds below which a run is made three times, and its median taken."""

PICTURE = Path(__file__).parent.parent / "out" / "models.png"


@dataclass(frozen=True)
class Timed:
    """One run: whose, how long, and the cost it reached."""

    solver: str
    seconds: float
    cost: float


def auto(case: Case, table: Table, tolerance: float) -> Fitted:
    """Fit a case by `auto`, which is told nothing but the cost."""
    if case.loss in ("logistic", "multinomial"):
        model = fl.LogisticRegression(case.alpha, l1_ratio=case.l1_ratio, tol=tolerance).fit(table.X, table.y)
    elif case.loss == "poisson":
        model = fl.PoissonRegressor(case.alpha, tol=tolerance).fit(table.X, table.y)
    else:
        model = fl.LinearRegression(tol=tolerance).fit(table.X, table.y)
    return np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)


def cost_of(case: Case, table: Table, fitted: Fitted) -> float:
    """Return the cost that the case asks for, whatever the solver minimised."""
    w, b = fitted
    z = table.X @ w.T + b
    with np.errstate(over="ignore", invalid="ignore"):
        data = np.mean(LOSSES[case.loss].value(table.y, z if case.loss == "multinomial" else z[:, 0]))
    penalty = case.l1_ratio * np.abs(w).sum() + (1 - case.l1_ratio) * 0.5 * np.sum(w**2)
    return float(data + case.alpha * penalty)


def run(name: str, case: Case, table: Table, fit: Callable[[], Fitted]) -> Timed:
    """Time a fit; a short one three times."""
    seconds: list[float] = []
    fitted = None
    while fitted is None or (len(seconds) < 3 and seconds[0] < SHORT):
        start = time.perf_counter()
        fitted = fit()
        seconds.append(time.perf_counter() - start)
    return Timed(name, statistics.median(seconds), cost_of(case, table, fitted))


def runs_of(case: Case, table: Table) -> list[Timed]:
    """Run every solver that takes the case, at every tolerance."""
    solvers: dict[str, Callable[[float], Fitted]] = {OURS: lambda tolerance: auto(case, table, tolerance)}
    for peer in PEERS:
        if peer.takes(case, table) and installed(peer):
            solvers[peer.name] = lambda tolerance, peer=peer: peer.fit(case, table, tolerance)
    auto(case, table, 1e-2)  # what is compiled once is compiled
    done = []
    for tolerance in TOLERANCES:
        for name, fit in list(solvers.items()):
            try:
                timed = run(name, case, table, lambda fit=fit, tolerance=tolerance: fit(tolerance))
            except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
                print(f"<!-- {name} on {case.name}: {type(error).__name__}: {str(error)[:80]} -->", flush=True)
                del solvers[name]
                continue
            done.append(timed)
            if timed.seconds > LONG:
                del solvers[name]
    return done


def times_to(runs: list[Timed], level: float, lowest: float) -> dict[str, float]:
    """Return the seconds of each solver's quickest run within a relative distance of the lowest cost."""
    best: dict[str, float] = {}
    for timed in runs:
        if timed.cost - lowest <= level * abs(lowest):
            best[timed.solver] = min(timed.seconds, best.get(timed.solver, np.inf))
    return best


def row(case: Case, table: Table, runs: list[Timed]) -> tuple[str, float | None]:
    """Return a line of the table, and the ratio to the best peer at the strictest level."""
    lowest = min(timed.cost for timed in runs)
    cells, ratio = [case.name, " × ".join(f"{n:,}" for n in table.X.shape)], None
    for level in LEVELS:
        times = times_to(runs, level, lowest)
        mine = times.pop(OURS, None)
        peer = min(times, key=lambda name: times[name]) if times else None
        cells.append("never" if mine is None else shown(mine))
        cells.append("none" if peer is None else f"{shown(times[peer])} ({peer})")
        ratio = times[peer] / mine if mine is not None and peer is not None else None
        cells.append("–" if ratio is None else f"**{ratio:.2f}**")
    return f"| {' | '.join([*cells, f'{case.bar:g}'])} |", ratio


def draw(ratios: dict[str, float], bars: dict[str, float]) -> None:
    """Draw the ratios to the best peer beside what is asked for."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.4 * len(ratios) + 1.2), layout="constrained")
    ax = figure.add_subplot()
    places = np.arange(len(ratios))
    ax.barh(places, list(ratios.values()), color="#0072b2", label="time of the best peer / time of auto")
    ax.plot([bars[name] for name in ratios], places, "|", color="#d55e00", markersize=16, label="asked for")
    ax.set_yticks(places, list(ratios))
    ax.invert_yaxis()
    ax.set_xscale("log")
    ax.axvline(1.0, color="0.5", linewidth=0.8)
    ax.set_xlabel("times as fast as the best peer, to 1e-8")
    ax.legend(loc="lower right")
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=120)
    print(f"\nPicture: {PICTURE.name}")


def main(wanted: list[str]) -> None:
    """Run the cases whose names hold one of the words, all by default."""
    missing = sorted({peer.package for peer in PEERS if not installed(peer)})
    print("\n### Models: time to relative suboptimality 1e-4 and 1e-8\n")
    print(conditions(), "Each solver at its own best tolerance; a ratio above one means that `auto` is quicker.\n")
    if missing:
        print(f"Not installed, left out: {', '.join(missing)}.\n")
    print("| case | rows × columns | auto, 1e-4 | best peer | ratio | auto, 1e-8 | best peer | ratio | bar |")
    print("|---|---|---:|---|---:|---:|---|---:|---:|", flush=True)
    ratios: dict[str, float] = {}
    left = []
    with pinned():
        for case in CASES:
            if wanted and not any(word in case.name for word in wanted):
                continue
            try:
                table = case.load()
            except MissingError as error:
                left.append(f"{case.name}: {error}")
                continue
            line, ratio = row(case, table, runs_of(case, table))
            print(line, flush=True)
            if ratio is not None:
                ratios[case.name] = ratio
    for words in left:
        print(f"\nLeft out: {words}.")
    if ratios:
        print(f"\nGeometric mean of the ratios at 1e-8: **{np.exp(np.mean(np.log(list(ratios.values())))):.2f}**.")
        draw(ratios, {case.name: case.bar for case in CASES})


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # peers warn where they do not converge: their cost tells
    main(sys.argv[1:])
