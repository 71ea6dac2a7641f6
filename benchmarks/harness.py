"""Time named callables against one another, in turns, and print medians and ratios as a Markdown table."""

from __future__ import annotations

import gc
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

__all__ = ["Timing", "compare", "conditions", "measure", "pinned", "table"]


@dataclass(frozen=True)
class Timing:
    """The seconds that each call of one contender took, in the order of the calls."""

    name: str
    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median, in seconds."""
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """The slowest less the fastest call, in seconds."""
        return max(self.seconds) - min(self.seconds)


@contextmanager
def pinned(threads: int = 1) -> Iterator[None]:
    """Hold BLAS to so many threads: two of them beside other work can cost a small fit thirtyfold."""
    with threadpool_limits(limits=threads, user_api="blas"):
        yield


def measure(
    contenders: Mapping[str, Callable[[], object]], *, repeats: int = 7, warm: bool = True, threads: int = 1
) -> list[Timing]:
    """Time each contender `repeats` times, in turns, so that a slow moment of the machine falls on all of them.

    Parameters
    ----------
    contenders : mapping of str to callable
        What to time, by the name it has in the table.
    repeats : int
        Timed calls of each.
    warm : bool
        Call each once before, untimed; without it the first call, with its compilation, is timed too.
    threads : int
        BLAS threads.
    """
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    with pinned(threads):
        if warm:
            for call in contenders.values():
                call()
        for _ in range(repeats):
            for name, call in contenders.items():
                gc.collect()
                start = time.perf_counter()
                call()
                taken[name].append(time.perf_counter() - start)
    return [Timing(name, tuple(seconds)) for name, seconds in taken.items()]


def table(timings: list[Timing], baseline: str | None = None, steps: int = 1) -> str:
    """Return the timings as a Markdown table, each with its ratio to the `baseline` (the first by default).

    With `steps` above one, a column says how long each of that many steps took.
    """
    reference = next(timing for timing in timings if timing.name == (baseline or timings[0].name))
    per_step = steps > 1
    lines = [
        f"| | median | slowest − fastest |{' a step |' if per_step else ''} ratio to {reference.name} |",
        f"|---|---:|---:|{'---:|' if per_step else ''}---:|",
    ]
    for timing in timings:
        cells = [timing.name, shown(timing.median), shown(timing.spread)]
        if per_step:
            cells.append(shown(timing.median / steps))
        lines.append(f"| {' | '.join(cells)} | {timing.median / reference.median:.3g} |")
    return "\n".join(lines)


def shown(seconds: float) -> str:
    """Return a time to three figures in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def conditions(threads: int = 1) -> str:
    """Return one line on what the figures were made with: Python, cores, and the BLAS threads in force."""
    with pinned(threads):
        libraries = sorted({f"{library['internal_api']} {library['num_threads']}" for library in threadpool_info()})
    return (
        f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.machine()}, {os.cpu_count()} cores; "
        f"threads held to: {', '.join(libraries) or 'none loaded'}."
    )


def compare(
    title: str,
    contenders: Mapping[str, Callable[[], object]],
    *,
    repeats: int = 7,
    baseline: str | None = None,
    steps: int = 1,
    warm: bool = True,
    threads: int = 1,
) -> dict[str, float]:
    """Time the contenders, print the table under its title, and return the median seconds by name."""
    timings = measure(contenders, repeats=repeats, warm=warm, threads=threads)
    first = " after one untimed call" if warm else ", the first call included"
    print(f"\n### {title}\n\n{conditions(threads)} Median of {repeats} calls each, in turns{first}.\n")
    print(table(timings, baseline, steps), flush=True)
    return {timing.name: timing.median for timing in timings}
