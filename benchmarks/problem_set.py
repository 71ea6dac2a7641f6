"""The least-squares problems of Moré and Wild, by `minimize` as it comes and by SciPy, torch and optax.

All are given the same gradients, exact and compiled by fallline, and no tuning. A problem is solved to tau where
``f - fL <= tau (f0 - fL)`` holds, with fL its minimum; beside it stands the count with fL the minimum in whose basin
descents from the start end, which for four of the 53 is another one.
"""

from __future__ import annotations

import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
import scipy.optimize
import torch
from harness import conditions, pinned, shown

import fallline as fl
from fallline.arrays.layout import flatten
from fallline.descent.constraints import automatic_method
from fallline.descent.engine import EagerEngine
from fallline.descent.rates import resolve_rate
from fallline.objectives.lifted import CompiledFunction, trace_program

TAUS = (1e-5, 1e-8)
BUDGET = 20_000
"""Evaluations that any contender may take."""

TIMED = 2
"""Calls timed after the first; the quickest counts."""


class Run(NamedTuple):
    """What a contender did: its best cost by evaluation, its claim, and the seconds of its first and later calls."""

    costs: np.ndarray
    claims: bool
    first: float
    later: float


class Watched(CompiledFunction):
    """A problem's cost and gradient, compiled, that keeps the costs it gave."""

    def __init__(self, problem: fl.problems.Problem) -> None:
        _, layout, _ = flatten(problem.x0)
        super().__init__(trace_program(problem, layout, ()), layout)
        self.costs: list[float] = []

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        cost, gradient = super().value_and_gradient(np.array(x, float))
        self.costs.append(cost)
        return cost, gradient


Descend = Callable[[np.ndarray], bool]
"""From a start to whether the contender claims to have solved the problem."""


def by_scipy(method: str, **options: float) -> Callable[[Watched], Descend]:
    def prepare(fun: Watched) -> Descend:
        def run(x0: np.ndarray) -> bool:
            found = scipy.optimize.minimize(fun.value_and_gradient, x0, jac=True, method=method, options=options)
            return bool(found.success)

        return run

    return prepare


def by_torch(fun: Watched) -> Descend:
    def run(x0: np.ndarray) -> bool:
        x = torch.tensor(x0, requires_grad=True)
        exact = {"tolerance_grad": 1e-14, "tolerance_change": 1e-18, "history_size": 10}
        descent = torch.optim.LBFGS([x], max_iter=5_000, max_eval=BUDGET, line_search_fn="strong_wolfe", **exact)

        def closure() -> torch.Tensor:
            cost, gradient = fun.value_and_gradient(x.detach().numpy())
            x.grad = torch.tensor(gradient)
            return torch.tensor(cost)

        descent.step(closure)
        return True  # it says nothing

    return run


def by_optax(fun: Watched) -> Descend:
    """Prepare optax.lbfgs as its manual does: a jitted step, its line search inside, which counts its own trials."""

    def value(x: Any) -> Any:
        return fun.program.value(x, fun.program.constants)

    solver = optax.lbfgs()

    @jax.jit
    def step(x: Any, state: Any) -> Any:
        cost, gradient = optax.value_and_grad_from_state(value)(x, state=state)
        updates, state = solver.update(gradient, state, x, value=cost, grad=gradient, value_fn=value)
        trials = optax.tree.get(state, "info").num_linesearch_steps
        return optax.apply_updates(x, updates), state, optax.tree.get(state, "value"), trials

    def run(x0: np.ndarray) -> bool:
        x = jax.numpy.asarray(x0)
        state, cost = solver.init(x), fun.value(x0)
        fun.costs.append(cost)
        while len(fun.costs) < BUDGET:
            x, state, fresh, trials = step(x, state)
            fun.costs += [cost] * (int(trials) - 1) + [float(fresh)]
            if not np.isfinite(fresh) or fresh == cost:
                break
            cost = float(fresh)
        return True  # it says nothing

    return run


CONTENDERS: dict[str, Callable[[Watched], Descend]] = {
    "SciPy L-BFGS-B": by_scipy("L-BFGS-B"),
    "SciPy L-BFGS-B, tight": by_scipy("L-BFGS-B", ftol=1e-16, gtol=1e-12, maxiter=10_000, maxfun=BUDGET),
    "SciPy BFGS, tight": by_scipy("BFGS", gtol=1e-12, maxiter=10_000),
    "torch L-BFGS, strong Wolfe": by_torch,
    "optax.lbfgs": by_optax,
}


def by_fallline(problem: fl.problems.Problem) -> Run:
    """Run `minimize` with nothing but function and start; then the same steps one by one, to see their costs."""
    results, seconds = timed(lambda: fl.minimize(problem, problem.x0))
    watched, method = Watched(problem), automatic_method(None, problem.dimension)
    engine = EagerEngine(watched, problem.x0.copy(), method, resolve_rate(None, method))
    engine.start()
    for _ in range(results[-1].nit):
        engine.advance(1)
    # compiled and step by step, a long run may part by rounding: where it led is what `minimize` says
    costs = best([*watched.costs[: results[-1].nfev - 1], results[-1].fun])
    return Run(costs, results[-1].success, seconds[0], min(seconds[1:]))


def by_other(problem: fl.problems.Problem, prepare: Callable[[Watched], Descend]) -> Run:
    fun = Watched(problem)
    run = prepare(fun)

    def call() -> bool:
        fun.costs.clear()
        return run(problem.x0.copy())

    claims, seconds = timed(call)
    return Run(best(fun.costs), claims[-1], seconds[0], min(seconds[1:]))


def timed(call: Callable[[], Any]) -> tuple[list[Any], list[float]]:
    """Return what the calls gave and how long each took."""
    answers, seconds = [], []
    for _ in range(TIMED + 1):
        began = time.perf_counter()
        answers.append(call())
        seconds.append(time.perf_counter() - began)
    return answers, seconds


def best(costs: list[float]) -> np.ndarray:
    """Return the lowest cost so far, by evaluation."""
    return np.minimum.accumulate(np.nan_to_num(np.array(costs), nan=np.inf))


def reached(run: Run, problem: fl.problems.Problem, lowest: float, tau: float) -> float:
    """Return the evaluations taken to solve the problem to tau, infinite where it was not."""
    start = problem(problem.x0)
    enough = np.flatnonzero(run.costs - lowest <= tau * (start - lowest))
    return float(enough[0]) + 1 if enough.size else np.inf


def report(problems: tuple[fl.problems.Problem, ...], runs: dict[str, list[Run]]) -> None:
    """Print a row for each contender."""
    print(
        "| | solved to 1e-5 (own basin) | to 1e-8 (own basin) | median evaluations to 1e-5, 1e-8 | claims on unsolved, "
        "withheld on solved | median first call | median later call |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    for name, all_of in runs.items():
        counts = {
            tau: [reached(run, p, p.minimum, tau) for run, p in zip(all_of, problems, strict=True)] for tau in TAUS
        }
        basin = {
            tau: [reached(run, p, p.reached, tau) for run, p in zip(all_of, problems, strict=True)] for tau in TAUS
        }
        solved = [f"{sum(map(np.isfinite, counts[tau]))} ({sum(map(np.isfinite, basin[tau]))})" for tau in TAUS]
        evaluations = ", ".join(f"{statistics.median(basin[tau]):g}" for tau in TAUS)
        done = [bool(np.isfinite(count)) for count in basin[1e-8]]
        claimed = sum(run.claims and not solved for run, solved in zip(all_of, done, strict=True))
        withheld = sum(solved and not run.claims for run, solved in zip(all_of, done, strict=True))
        times = [statistics.median(getattr(run, which) for run in all_of) for which in ("first", "later")]
        cells = [name, *solved, evaluations, f"{claimed}, {withheld}", *map(shown, times)]
        print(f"| {' | '.join(cells)} |", flush=True)


def ratios(problems: tuple[fl.problems.Problem, ...], runs: dict[str, list[Run]]) -> None:
    """Print how fallline's evaluations and seconds compare, problem by problem."""
    ours = runs["fallline"]
    for tau in TAUS:
        per_problem = []
        for place, problem in enumerate(problems):
            theirs = min(reached(runs[name][place], problem, problem.reached, tau) for name in CONTENDERS)
            mine = reached(ours[place], problem, problem.reached, tau)
            if np.isfinite(mine) and np.isfinite(theirs):
                per_problem.append(mine / theirs)
        print(f"\nEvaluations to {tau:g} over the best peer's on each problem: median {np.median(per_problem):.3g}.")
    for name in CONTENDERS:
        times = [theirs.later / mine.later for theirs, mine in zip(runs[name], ours, strict=True)]
        print(f"\nSeconds of {name} over fallline's later call: median {statistics.median(times):.3g}.")


def main() -> None:
    problems = fl.problems.more_wild()
    runs = {"fallline": [by_fallline(problem) for problem in problems]}
    for name, run in CONTENDERS.items():
        runs[name] = [by_other(problem, run) for problem in problems]
        print(f"{name}: done", file=sys.stderr)
    print(
        f"\n### The {len(problems)} problems of Moré and Wild\n\n{conditions()} The same exact gradients, no tuning.\n"
    )
    report(problems, runs)
    ratios(problems, runs)


if __name__ == "__main__":
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # overflows on the way are part of the problems
    with pinned(), jax.enable_x64(True), np.errstate(all="ignore"):
        main()
