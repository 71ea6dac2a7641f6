"""Mini-batch epochs of a logistic loss written in NumPy: `minimize` against loops in PyTorch and in NumPy."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from harness import conditions, pinned, shown

import fallline as fl

ROWS, COLUMNS, RATE = 400_000, 50, 0.1
EPOCHS, REPEATS = 4, 3
SIZES = (256, 32)

random = np.random.default_rng(0)
X = random.standard_normal((ROWS, COLUMNS))
Y = np.where(X @ random.standard_normal(COLUMNS) + 2 * random.standard_normal(ROWS) > 0, 1.0, -1.0)


def loss(w, X, y):
    return np.mean(np.logaddexp(0, -y * (X @ w)))


def in_fallline(size: int, epochs: int) -> np.ndarray:
    result = fl.minimize(
        loss, np.zeros(COLUMNS), data=(X, Y), method="gd", learning_rate=RATE, batch_size=size, epochs=epochs
    )
    return result.x


def in_torch(size: int, epochs: int) -> np.ndarray:
    """Loop as PyTorch's tutorials do, with the rows shuffled and gathered in tensors instead of a slower DataLoader."""
    rows, labels = torch.from_numpy(X), torch.from_numpy(Y)
    w = torch.zeros(COLUMNS, dtype=torch.float64, requires_grad=True)
    descent = torch.optim.SGD([w], lr=RATE)
    for _ in range(epochs):
        order = torch.randperm(ROWS)
        for start in range(0, ROWS, size):
            chosen = order[start : start + size]
            descent.zero_grad()
            cost = torch.nn.functional.softplus(-labels[chosen] * (rows[chosen] @ w)).mean()
            cost.backward()
            descent.step()
    return w.detach().numpy()


def in_numpy(size: int, epochs: int) -> np.ndarray:
    """Loop in NumPy with the gradient written by hand."""
    w = np.zeros(COLUMNS)
    for _ in range(epochs):
        order = random.permutation(ROWS)
        for start in range(0, ROWS, size):
            chosen = order[start : start + size]
            rows, labels = X[chosen], Y[chosen]
            w = w - RATE * (rows.T @ (-labels / (1 + np.exp(labels * (rows @ w))))) / len(chosen)
    return w


CONTENDERS: dict[str, Callable[[int, int], np.ndarray]] = {
    "torch, eager": in_torch,
    "NumPy, gradient by hand": in_numpy,
    "fl.minimize": in_fallline,
}


def seconds_of(call: Callable[[], np.ndarray]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def epoch_of(call: Callable[[int, int], np.ndarray], size: int) -> tuple[float, float]:
    """Return the seconds of a call of `EPOCHS` epochs, and of one more epoch."""
    one, many = seconds_of(lambda: call(size, 1)), seconds_of(lambda: call(size, EPOCHS))
    return many, (many - one) / (EPOCHS - 1)


def main() -> None:
    print(f"\n### Mini-batch epochs of a logistic loss, {ROWS:,} x {COLUMNS}\n\n{conditions()}")
    print(f"Medians of {REPEATS}, in turns, after one untimed call. fl.minimize also keeps every step and verifies.\n")
    print(f"| | batch | an epoch | ratio | a call of {EPOCHS} epochs | ratio |\n|---|---:|---:|---:|---:|---:|")
    for size in SIZES:
        answers = {name: call(size, 1) for name, call in CONTENDERS.items()}
        for name, answer in answers.items():
            np.testing.assert_allclose(answer, answers["fl.minimize"], atol=0.3, err_msg=name)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in CONTENDERS}
        for _ in range(REPEATS):
            for name, call in CONTENDERS.items():
                taken[name].append(epoch_of(call, size))
        medians = {
            name: [statistics.median(column) for column in zip(*pairs, strict=True)] for name, pairs in taken.items()
        }
        ours = medians["fl.minimize"]
        for name, (whole, epoch) in medians.items():
            cells = [name, str(size), shown(epoch), f"{epoch / ours[1]:.3g}", shown(whole), f"{whole / ours[0]:.3g}"]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    with pinned():
        main()
    sys.stdout.flush()
