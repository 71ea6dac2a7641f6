"""A penalised cost about a point, as the smooth function that it is there: for curvatures and gaps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fallline.diagnosis.curvature import Curvature, curvature_at
from fallline.objectives.base import Objective
from fallline.penalties import Penalty
from fallline.penalties.base import Tangent

__all__ = ["FaceFunction", "curvature_on_face", "face_at"]


class FaceFunction(Objective):
    """The Hessian of a penalised cost along the directions in which it is smooth about a point.

    Across them it has the curvature `stiffness`, of a size that is met along them, so that the directions held are
    neither the flattest nor the steepest.

    Attributes
    ----------
    gradient : array, shape (d,)
        Along those directions; zero across them.
    outside : float
        About how much the cost can still fall by reaching the edges that the other directions are held at.
    free : bool
        Whether there is any direction in which it is smooth.
    """

    def __init__(self, objective: Objective, tangent: Tangent, stiffness: float, free: bool) -> None:
        super().__init__()
        self.whole, self.tangent, self.stiffness = objective, tangent, stiffness
        self.size, self.dtype, self.source = objective.size, objective.dtype, objective.source
        self.exact = objective.exact
        self.gradient, self.outside, self.free = tangent.slope, tangent.outside, free

    def value(self, x: np.ndarray) -> float:
        return self.whole.value(x)

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        return self.whole.value_and_gradient(x)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        project, bend = self.tangent.project, self.tangent.bend
        along = project(directions)
        products = project(self.whole.hessian_products(x, along.astype(x.dtype))) + bend * along
        return (products + self.stiffness * (directions - along)).astype(x.dtype)


def face_at(objective: Objective, penalty: Penalty, x: np.ndarray, gradient: np.ndarray) -> FaceFunction:
    """Return the penalised cost about `x`, shape (d,), where the smooth part has this gradient.

    Which directions are held is judged by a proximal step over the curvature along the slope.
    """
    bend = _curvature_along(objective, x, np.asarray(penalty.slope(x, gradient), dtype=x.dtype))
    tangent = penalty.tangent(x, gradient, 1 / bend if bend > 0 else 1.0)
    some = tangent.project(np.random.default_rng(0).standard_normal((1, x.size)))[0].astype(x.dtype)
    bent = np.broadcast_to(tangent.bend, some.shape)
    added = float(some @ (bent * some)) / max(float(some @ some), np.finfo(x.dtype).tiny)
    stiffness = abs(_curvature_along(objective, x, some) + added)
    return FaceFunction(objective, tangent, stiffness, bool(some.any()))


def curvature_on_face(face: FaceFunction, x: np.ndarray) -> Curvature:
    """Measure the curvature of a penalised cost about `x`; the gap counts what the held directions still allow.

    Where all directions are held, nothing is left that curves: the curvatures are infinite.
    """
    if not face.free:
        nowhere = np.zeros(x.size)
        return Curvature(np.inf, np.inf, nowhere, nowhere, face.outside, 0.0, 0.0)
    curvature = curvature_at(face, x, face.gradient)
    return replace(curvature, gap=curvature.gap + face.outside)


def _curvature_along(objective: Objective, x: np.ndarray, direction: np.ndarray) -> float:
    square = float(direction @ direction)
    bend = float(direction @ objective.hessian_products(x, direction[None])[0]) / square if square > 0 else 0.0
    return bend if np.isfinite(bend) else 0.0
