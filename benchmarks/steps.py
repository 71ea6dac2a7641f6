"""A step of plain descent on 2-D Rosenbrock, every step kept, against NumPy, JAX's scan and C."""

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import jax
import numpy as np
from harness import compare

import fallline as fl

STEPS, RATE, START = 100_000, 1e-4, (-1.2, 1.0)
MORE = 900_000
"""A longer run too, as long as a trace keeps unthinned: the difference of the two is what a step alone costs."""

C_SOURCE = """
#include <math.h>
void descend(double *x, double *path, double *fun, double *slope, long steps, double rate) {
    double a = x[0], b = x[1];
    for (long k = 0; k < steps; k++) {
        double r = b - a * a, g0 = -2 * (1 - a) - 400 * a * r, g1 = 200 * r;
        path[2 * k] = a; path[2 * k + 1] = b;
        fun[k] = (1 - a) * (1 - a) + 100 * r * r;
        slope[k] = sqrt(g0 * g0 + g1 * g1);
        a -= rate * g0; b -= rate * g1;
    }
    x[0] = a; x[1] = b;
}
"""


def rosenbrock(x):
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2


def in_numpy(steps=STEPS):
    """Descend in the tutorials' loop, which keeps its history."""
    x = np.array(START)
    history = [x]
    for _ in range(steps):
        r = x[1] - x[0] ** 2
        x = x - RATE * np.array([-2 * (1 - x[0]) - 400 * x[0] * r, 200 * r])
        history.append(x)
    return history[-1]


def in_fallline(steps=STEPS):
    """Descend by one call: followed, checked, run, recorded, verified and diagnosed."""
    return fl.minimize(
        rosenbrock, START, learning_rate=RATE, max_iterations=steps, stopping=fl.stopping.MaxIterations(steps)
    )


@jax.jit
def _scan(x):
    def step(x, _):
        value, slope = jax.value_and_grad(rosenbrock)(x)
        return x - RATE * slope, (x, value, slope)

    return jax.lax.scan(step, x, None, length=STEPS)


def in_scan():
    """Descend in a compiled scan with its full history, as one would write it in JAX."""
    with jax.enable_x64(True):
        return jax.block_until_ready(_scan(jax.numpy.array(START)))[0]


def c_loop(folder):
    """Return the same loop in C, compiled with -O3, keeping point, cost and slope of each step; None without cc."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    source, library = Path(folder, "loop.c"), Path(folder, "loop.so")
    source.write_text(C_SOURCE)
    subprocess.run([compiler, "-O3", "-march=native", "-shared", "-fPIC", source, "-o", library, "-lm"], check=True)
    descend = ctypes.CDLL(str(library)).descend
    descend.argtypes = [ctypes.c_void_p] * 4 + [ctypes.c_long, ctypes.c_double]

    def in_c(steps=STEPS):
        x, path, fun, slope = np.array(START), np.empty((steps, 2)), np.empty(steps), np.empty(steps)
        descend(*(array.ctypes.data for array in (x, path, fun, slope)), steps, RATE)
        return x

    return in_c


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        in_c = c_loop(folder)
        np.testing.assert_allclose(in_fallline().trace.x[-1], in_numpy(), rtol=1e-9)
        np.testing.assert_allclose(in_scan(), in_numpy(), rtol=1e-9)
        contenders = {"NumPy loop": in_numpy, "fl.minimize": in_fallline, "JAX scan": in_scan}
        if in_c is not None:
            np.testing.assert_allclose(in_c(), in_numpy(), rtol=1e-9)
            contenders["C loop"] = in_c
        title = f"Plain descent on 2-D Rosenbrock, {STEPS:,} steps, every step kept"
        medians = compare(title, contenders, repeats=9, baseline="NumPy loop", steps=STEPS)
        longer = {"fl.minimize": lambda: in_fallline(MORE), "one step": lambda: in_fallline(1)}
        if in_c is not None:
            longer["C loop"] = lambda: in_c(MORE)
        many = compare(f"The same, {MORE:,} steps, and one", longer, repeats=9)
        step = (many["fl.minimize"] - medians["fl.minimize"]) / (MORE - STEPS)
        print(f"\nWhole call: **{medians['NumPy loop'] / medians['fl.minimize']:.0f} times** as fast (bar: 100).")
        faster = medians["NumPy loop"] / STEPS / step
        print(f"A step alone: {step * 1e9:.1f} ns, **{faster:.0f} times** as fast as NumPy's.")
        if in_c is not None:
            in_c_alone = (many["C loop"] - medians["C loop"]) / (MORE - STEPS)
            print(f"Against C with history: **{step / in_c_alone:.1f} times** its time a step (aim: 4).")
        print(f"A repeated call beyond its steps: {many['one step'] * 1e3:.2f} ms (bar: 2).")
