"""The certificate beside the true gap, on real tables: a bound must never be below it, and should be near."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from harness import pinned
from sklearn import datasets

import fallline as fl

TOLERANCES = np.logspace(0, -12, 13)
PICTURE = Path(__file__).parent.parent / "out" / "certificates.png"


def cases() -> dict[str, tuple[Any, Any, Any]]:
    """Return, by name, a model without its tolerance, a table and its targets, all from scikit-learn's own data."""
    cancer: Any = datasets.load_breast_cancer()
    digits: Any = datasets.load_digits()
    return {
        "breast cancer, ridge": (fl.LogisticRegression(1e-3), cancer.data, cancer.target),
        "breast cancer, absolute values": (fl.LogisticRegression(1e-2, l1_ratio=1.0), cancer.data, cancer.target),
        "digits, softmax": (fl.LogisticRegression(1e-3), digits.data, digits.target),
    }


def points(model: Any, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the true gaps and the certificates' of fits that stop early and late, shape (tolerances,)."""
    costs, gaps = [], []
    for tolerance in TOLERANCES:
        fitted = model.set_params(tol=float(tolerance)).fit(X, y)
        costs.append(fitted.cost_history_[-1])
        gaps.append(fitted.certificate_.gap)
    lowest = model.set_params(tol=0.0).fit(X, y).cost_history_[-1]
    return np.array(costs) - min(lowest, *costs), np.array(gaps)


def main() -> None:
    """Print a table, check every bound, and draw the picture."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 5.5), layout="constrained")
    ax = figure.add_subplot()
    print("\n### Certificates beside true gaps\n\n| table | fits | bounds below the gap | median of bound / gap |")
    print("|---|---:|---:|---:|")
    for (name, (model, X, y)), mark in zip(cases().items(), "os^", strict=True):
        true, bound = points(model, X, y)
        # a cost is known to within its rounding only
        rounding = 1e-15
        below = int((bound < true - rounding).sum())
        told = true > rounding
        ratio = float(np.median(bound[told] / true[told])) if told.any() else np.nan
        print(f"| {name} | {len(true)} | {below} | {ratio:.3g} |")
        ax.loglog(np.maximum(true, 1e-17), np.maximum(bound, 1e-17), mark, label=name, alpha=0.8)
    ends = [1e-17, 1.0]
    ax.loglog(ends, ends, color="0.5", linewidth=0.8, label="bound = gap")
    ax.set_xlabel("true gap (1e-17: none in double precision)")
    ax.set_ylabel("certificate_.gap")
    ax.legend()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=120)
    print(f"\nPicture: {PICTURE.name}")


if __name__ == "__main__":
    warnings.simplefilter("ignore", fl.ConvergenceWarning)  # a tolerance of 0 need not be reached
    with pinned():
        main()
