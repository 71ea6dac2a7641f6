"""The lie of the land at a point: curvatures, and from them the gap to the minimum and the distance to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fallline.objectives.base import Objective

__all__ = ["DENSE", "Curvature", "curvature_at", "gap_at_least"]

DENSE = 128
"""Parameters up to which the whole Hessian is formed."""

KRYLOV = 40
"""Hessian-vector products of each Lanczos run beyond that; fewer where the parameters are many."""

SLIGHT = 1e-6
"""Share of the largest curvature up to which a negative one may be a remainder of the slope."""

BASIS = 20_000_000
"""Numbers that a Lanczos basis may hold."""


@dataclass(frozen=True)
class Curvature:
    """What the Hessian says about a point.

    Attributes
    ----------
    smallest, largest : float
        Extreme eigenvalues (of a Krylov space of the Hessian where there are many parameters).
    steepest, downhill : array, shape (d,)
        The directions of the largest and of the smallest.
    gap : float
        ``½ gᵀH⁻¹g``: how far the cost lies above the minimum of the quadratic model; infinite where it has none.
    distance : float
        ``‖H⁻¹g‖``: how far that minimum lies.
    noise : float
        Curvatures below this size cannot be told from zero.
    remainder : float
        As much negative curvature can be what is left of the slope: along directions that the cost does not depend on,
        as by a change of scale between two factors, that is about the slope over the parameters' size.
    """

    smallest: float
    largest: float
    steepest: np.ndarray
    downhill: np.ndarray
    gap: float
    distance: float
    noise: float
    remainder: float = 0.0

    @property
    def curves_down(self) -> bool:
        """Whether some direction curves downwards, beyond doubt."""
        return self.smallest < -max(self.noise, self.remainder)


def curvature_at(objective: Objective, x: np.ndarray, gradient: np.ndarray) -> Curvature:
    """Measure the curvature at `x`, shape (d,), where the gradient is `gradient`.

    Up to 128 parameters by the eigenvalues of the whole Hessian, from d Hessian-vector products; beyond, by Lanczos
    from the gradient (for the gap) and from a random direction (for the extremes), 40 products each.

    References
    ----------
    J. Nocedal and S. Wright, *Numerical Optimization*, 2nd edition, 2006, sections 7.1 and 8.2; G. Golub and
    G. Meurant, *Matrices, Moments and Quadrature*, 2010, for the gap from the tridiagonal matrix.
    """
    precision = float(np.finfo(x.dtype).eps) ** (1.0 if objective.exact else 0.3) * 100
    if objective.noise:
        precision = max(precision, 100 * objective.share**0.5)
    g = gradient.astype(np.float64)
    slope = float(np.linalg.norm(g))
    remainder = slope / max(1.0, float(np.linalg.norm(x)))
    if x.size <= DENSE:
        hessian = objective.hessian(x).astype(np.float64, copy=False)
        if not np.isfinite(hessian).all():
            return _unknown(x.size)
        hessian = (hessian + hessian.T) / 2
        values, vectors = np.linalg.eigh(hessian)
        plain = _summary(values, vectors, vectors.T @ g, precision, remainder)
        if not plain.gap < np.inf:
            return plain
        # parameters in units of their own curvature: what is badly scaled need not be badly conditioned
        own = hessian.diagonal()
        units = 1 / np.sqrt(np.where(own > 0, own, 1))
        values, vectors = np.linalg.eigh(units[:, None] * hessian * units)
        parts = vectors.T @ (units * g)
        steps, gap = _model(values, parts, precision * _size(values), SLIGHT * _size(values))
        return replace(plain, gap=gap, distance=float(np.linalg.norm(units * (vectors @ steps))))
    rng = np.random.default_rng(0)
    spread = _lanczos(objective, x, rng.standard_normal(x.size))
    if spread is None:
        return _unknown(x.size)
    values, vectors, _ = spread
    if slope == 0:
        return _summary(values, vectors, np.zeros(len(values)), precision, 0.0)
    along = _lanczos(objective, x, g / slope)
    if along is None:
        return _unknown(x.size)
    model = _summary(along[0], along[1], slope * along[2], precision, remainder)
    smaller, larger = model.smallest <= values[0], model.largest >= values[-1]
    return Curvature(
        model.smallest if smaller else float(values[0]),
        model.largest if larger else float(values[-1]),
        model.steepest if larger else vectors[:, -1],
        model.downhill if smaller else vectors[:, 0],
        np.inf if values[0] < -max(model.noise, model.remainder) else model.gap,
        np.inf if values[0] < -max(model.noise, model.remainder) else model.distance,
        model.noise,
        model.remainder,
    )


def gap_at_least(objective: Objective, x: np.ndarray, gradient: np.ndarray, enough: float = np.inf) -> float:
    """Return a lower bound of the gap that `curvature_at` would measure, at a small part of its cost.

    Up to 128 parameters it is that gap where the Hessian is positive. Elsewhere, or where that is `enough`, it is what
    the steepest step gains on the quadratic model, ``½ (g·g)² / g·Hg``, from one Hessian-vector product.
    """
    g = gradient.astype(np.float64)
    known = objective.hessian(x).astype(np.float64, copy=False) if x.size <= DENSE and objective.surveys else None
    product = objective.hessian_products(x, gradient[None])[0].astype(np.float64) if known is None else known @ g
    square, bend = float(g @ g), float(g @ product)
    steepest = 0.5 * square * square / bend if bend > 0 else 0.0
    if x.size > DENSE or steepest >= enough:
        return steepest
    whole = objective.hessian(x).astype(np.float64) if known is None else known
    try:
        return float(0.5 * (np.linalg.solve(np.linalg.cholesky(whole), g) ** 2).sum())
    except np.linalg.LinAlgError:
        return steepest


def _summary(
    values: np.ndarray, vectors: np.ndarray, parts: np.ndarray, precision: float, remainder: float
) -> Curvature:
    """Sum up eigenvalues (ascending), their vectors (columns) and the gradient's parts along them."""
    noise, remainder = precision * _size(values), min(remainder, SLIGHT * _size(values))
    steps, gap = _model(values, parts, noise, remainder)
    distance = float(np.linalg.norm(steps)) if gap < np.inf else np.inf
    ends = float(values[0]), float(values[-1]), vectors[:, -1], vectors[:, 0]
    return Curvature(*ends, gap, distance, noise, remainder)


def _size(values: np.ndarray) -> float:
    """Return the largest size of ascending values."""
    return max(-float(values[0]), float(values[-1]))


def _model(values: np.ndarray, parts: np.ndarray, noise: float, remainder: float) -> tuple[np.ndarray, float]:
    """Return the steps to the minimum of the quadratic model, and how far that lies below; infinite without one."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        steps = np.where(parts == 0, 0.0, parts / np.maximum(values, noise))
    gap = float(0.5 * np.abs(parts * steps).sum()) if values[0] >= -max(noise, remainder) else np.inf
    return steps, gap


def _unknown(size: int) -> Curvature:
    nowhere = np.zeros(size)
    return Curvature(np.nan, np.nan, nowhere, nowhere, np.inf, np.inf, np.inf)


def _lanczos(
    objective: Objective, x: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Return Ritz values (m,), the vectors (d, 2) of the smallest and the largest, and the start's parts (m,).

    None where a product is not finite.
    """
    basis = np.empty((max(8, min(KRYLOV, x.size, BASIS // x.size)), x.size))
    basis[0] = start / np.linalg.norm(start)
    diagonal: list[float] = []
    beside: list[float] = []
    for k in range(len(basis)):
        product = objective.hessian_products(x, basis[k : k + 1].astype(x.dtype))[0].astype(np.float64)
        if not np.isfinite(product).all():
            return None
        diagonal.append(float(product @ basis[k]))
        known = basis[: k + 1]
        for _ in range(2):  # once is not enough to keep the basis orthogonal
            product -= known.T @ (known @ product)
        length = float(np.linalg.norm(product))
        if k + 1 == len(basis) or length <= 1e-10 * max(map(abs, diagonal)):
            break
        beside.append(length)
        basis[k + 1] = product / length
    count = len(diagonal)
    matrix = np.diag(diagonal) + np.diag(beside[: count - 1], 1) + np.diag(beside[: count - 1], -1)
    values, vectors = np.linalg.eigh(matrix)
    ends = basis[:count].T @ vectors[:, [0, -1]]
    return values, ends, vectors[0]
