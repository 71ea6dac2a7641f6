"""What a user waits for before anything happens: import, a first command, a large captured array."""

import resource
import subprocess
import sys
import time

import numpy as np
from harness import conditions, shown

import fallline as fl

REPEATS = 5
COMMAND = [sys.executable, "-m", "fallline", "minimize", "theta**2", "--start", "3"]


def median_of_processes(command):
    """Return the median seconds of a command in a process of its own."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds))


def captured():
    """Minimise over a captured array of 80 MB; return the seconds of the first call and the MB it added at its peak."""
    fl.minimize(lambda t: t**2, 3.0)
    X = np.random.default_rng(0).normal(size=(500_000, 20))
    y = X @ np.arange(20.0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    fl.minimize(lambda w: np.mean((X @ w - y) ** 2) / 2, np.zeros(20), learning_rate=0.5, max_iterations=1)
    return time.perf_counter() - start, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e3


if __name__ == "__main__":
    nothing = median_of_processes([sys.executable, "-c", "import numpy"])
    package = median_of_processes([sys.executable, "-c", "import fallline"])
    command = median_of_processes(COMMAND)
    first, added = captured()
    print(f"\n### From a cold start\n\n{conditions()} Median of {REPEATS} processes each.\n")
    print("| | time | bar |\n|---|---:|---:|")
    print(f"| `import numpy`, the process included | {shown(nothing)} | |")
    print(f"| `import fallline` beyond that | {shown(max(package - nothing, 1e-9))} | 0.2 s |")
    print(f'| `fallline minimize "theta**2" --start 3` | {shown(command)} | 3 s |')
    print(f"| first call over a captured array of 80 MB | {shown(first)} | 1 s |")
    print(f"\nThat call added {added:.0f} MB at its peak, the array's one copy of 80 MB included.")
