"""Stochastic and mini-batch epochs of logistic regression on 400,000 × 50, against scikit-learn's and torch's."""

import sys
import warnings

import numpy as np
from harness import compare

import fallline as fl

ROWS, COLUMNS, ALPHA = 400_000, 50, 1e-4
RATE, SINGLE_RATE = 0.01, 0.001
FEW, MORE = 2, 5
"""Epochs of a short fit and of a longer one: their difference leaves out what a fit does but once."""


def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, COLUMNS))
    return X, (X @ rng.normal(size=COLUMNS) / 7 + rng.logistic(size=ROWS) > 0).astype(float)


def fallline(X, y, batch_size, epochs, method="sgd"):
    """Fit by stochastic descent; every epoch ends with the cost and slope over all rows."""
    rate = SINGLE_RATE if batch_size == 1 else RATE
    model = fl.LogisticRegression(
        ALPHA, method=method, learning_rate=rate, batch_size=batch_size, max_iter=epochs, tol=0.0, random_state=0
    )
    return model.fit(X, y)


def scikit_learn(X, y, epochs):
    """Fit by the same updates, at the same rate."""
    from sklearn.linear_model import SGDClassifier

    model = SGDClassifier(
        "log_loss", alpha=ALPHA, learning_rate="constant", eta0=SINGLE_RATE, max_iter=epochs, tol=None, random_state=0
    )
    return model.fit(X, y)


def torch_loop(X, y, batch_size, epochs, optimizer="SGD"):
    """Make the same updates by torch's eager loop, as its tutorials do."""
    import torch

    table, target = torch.from_numpy(X), torch.from_numpy(y)
    w, b = torch.zeros(COLUMNS, dtype=torch.float64, requires_grad=True), torch.zeros((), dtype=torch.float64)
    b.requires_grad_()
    groups = [{"params": [w], "weight_decay": ALPHA}, {"params": [b]}]
    optimizer = getattr(torch.optim, optimizer)(groups, lr=RATE)
    for _ in range(epochs):
        order = torch.randperm(ROWS)
        for start in range(0, ROWS, batch_size):
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            z = table[rows] @ w + b
            torch.nn.functional.binary_cross_entropy_with_logits(z, target[rows]).backward()
            optimizer.step()
    return w.detach().numpy()


def agree(X, y):
    """Make sure that all of them go to the same place before any is timed."""
    ours = fallline(X, y, 256, 3).coef_[0]
    np.testing.assert_allclose(torch_loop(X, y, 256, 3), ours, atol=0.02)
    single = fallline(X, y, 1, 1).coef_[0]
    np.testing.assert_allclose(scikit_learn(X, y, 1).coef_[0], single, atol=0.1)


def an_epoch(title, fits, repeats):
    """Print the times of a short and a longer fit of each, and return the seconds that an epoch adds."""
    contenders = {f"{name}, {k} epochs": lambda fit=fit, k=k: fit(k) for name, fit in fits.items() for k in (FEW, MORE)}
    medians = compare(title, contenders, repeats=repeats)
    return {
        name: (medians[f"{name}, {MORE} epochs"] - medians[f"{name}, {FEW} epochs"]) / (MORE - FEW) for name in fits
    }


def told(name, seconds, bar):
    ours, peer = seconds["fallline"], seconds[name]
    print(
        f"\nAn epoch: fallline {ours * 1000:.3g} ms, {name} {peer * 1000:.3g} ms: "
        f"**{peer / ours:.3g} times** as fast (bar: {bar})."
    )


def main(repeats):
    import torch

    torch.set_num_threads(1)
    X, y = data()
    agree(X, y)
    size = f"{ROWS:,} × {COLUMNS}"
    single = {"fallline": lambda k: fallline(X, y, 1, k), "SGDClassifier": lambda k: scikit_learn(X, y, k)}
    told(
        "SGDClassifier",
        an_epoch(f"Logistic regression, {size}, single rows in a new order each epoch", single, repeats),
        2,
    )
    cases = ((32, "sgd", "SGD", 10), (256, "sgd", "SGD", 3.5), (32, "adam", "Adam", 10))
    for batch_size, method, optimizer, bar in cases:
        fits = {
            "fallline": lambda k, m=batch_size, name=method: fallline(X, y, m, k, name),
            "torch, eager": lambda k, m=batch_size, name=optimizer: torch_loop(X, y, m, k, name),
        }
        title = f"The same by {optimizer}, batches of {batch_size}"
        told("torch, eager", an_epoch(title, fits, repeats), bar)


if __name__ == "__main__":
    warnings.simplefilter("ignore", fl.ConvergenceWarning)  # a few epochs need not converge
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
