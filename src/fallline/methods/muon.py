"""Muon: momentum whose steps are orthogonalised matrices."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Any, ClassVar, Literal

from fallline.arrays.layout import Layout
from fallline.arrays.namespace import namespace
from fallline.errors import InputError
from fallline.methods.base import Method
from fallline.methods.ranges import check_not_negative, check_positive, check_share, check_whole

__all__ = ["Muon"]


@dataclass(frozen=True, kw_only=True)
class Muon(Method):
    """Step by the momentum's matrix with all its singular values made about equal.

    ``B = momentum*B + (1-momentum)*g``, ``U = (1-momentum)*g + momentum*B`` (or B, without `nesterov`), and from
    ``X = U/||U||`` `ns_steps` times ``A = X Xᵀ, X = a*X + (b*A + c*A²) X``. The direction is
    ``scale*X + weight_decay*x`` with ``scale = sqrt(max(1, rows/columns))``. Every parameter must be a matrix.

    Parameters
    ----------
    momentum : float
        Share of the momentum kept, in [0, 1).
    nesterov : bool
        Whether to look ahead by the momentum.
    weight_decay : float
        Share of `x` taken off at a step, in units of the learning rate.
    ns_coefficients : tuple of three floats
        a, b and c of the iteration.
    eps : float
        The least norm that U is divided by, positive.
    ns_steps : int
        Iterations, at least 1.
    adjust_lr_fn : "original" or "match_rms_adamw" or None
        "match_rms_adamw" has ``scale = 0.2*sqrt(max(rows, columns))``, so that AdamW's learning rates serve.
    layout : Layout or None
        How the matrices lie in the flat vector; `fallline.minimize` fills it in.
    learning_rate : float, schedule, step rule or None
        None for 1e-3.

    Raises
    ------
    InputError
        Where a parameter is out of its range; at the start of a run on anything but matrices.

    References
    ----------
    K. Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; conventions of
    ``torch.optim.Muon``, which rounds X to bfloat16 where this computes in the parameters' own precision.

    Examples
    --------
    >>> import numpy as np
    >>> import fallline as fl
    >>> result = fl.minimize(lambda m: np.sum((m - 1) ** 2), np.zeros((2, 3)), method="muon", learning_rate=0.1)
    >>> bool(result.fun < 0.1 * result.trace.fun[0])
    True
    """

    name: ClassVar[str] = "muon"
    default_rate: ClassVar[Any] = 1e-3

    momentum: float = 0.95
    nesterov: bool = True
    weight_decay: float = 0.1
    ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315)
    eps: float = 1e-7
    ns_steps: int = 5
    adjust_lr_fn: Literal["original", "match_rms_adamw"] | None = None
    layout: Layout | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        check_share("momentum", self.momentum, "The momentum would never change. The usual one is 0.95.")
        check_not_negative(
            "weight_decay", self.weight_decay, "It pulls the parameters towards 0. With 0 there is none."
        )
        check_positive("eps", self.eps, "It keeps the step finite where the gradient is zero. The usual one is 1e-7.")
        check_whole("ns_steps", self.ns_steps, 1, "It counts iterations. The usual number is 5.")
        if self.adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise InputError(
                f'adjust_lr_fn must be "original", "match_rms_adamw" or None; got {self.adjust_lr_fn!r}. '
                "It says how steps scale with the matrix. None is the original."
            )

    def laid_out(self, layout: Layout) -> Muon:
        for leaf in layout.leaves:
            if len(leaf.shape) != 2:
                raise InputError(
                    f"x0 must hold nothing but matrices with Muon; got {layout.name_of(leaf.start)} of an array of "
                    f"shape {leaf.shape}. It evens out the singular values of a step. Use method='adamw'."
                )
        return replace(self, layout=layout)

    def init(self, x: Any) -> Any:
        return namespace(x).zeros_like(x)

    def update(self, gradient: Any, state: Any, x: Any) -> tuple[Any, Any]:
        if self.layout is None:
            raise InputError("layout must be given to Muon; got None. It must know the matrices. Call laid_out first.")
        state = self.momentum * state + (1 - self.momentum) * gradient
        ahead = (1 - self.momentum) * gradient + self.momentum * state if self.nesterov else state
        turned = [
            self._scale(*leaf.shape)
            * self._orthogonalised(ahead[leaf.start : leaf.start + leaf.size].reshape(leaf.shape))
            for leaf in self.layout.leaves
        ]
        direction = namespace(x).concat([matrix.reshape(-1) for matrix in turned])
        return direction + self.weight_decay * x, state

    def _scale(self, rows: int, columns: int) -> float:
        if self.adjust_lr_fn == "match_rms_adamw":
            return 0.2 * sqrt(max(rows, columns))
        return sqrt(max(1, rows / columns))

    def _orthogonalised(self, matrix: Any) -> Any:
        """Return the matrix with its singular values brought near 1, by Newton and Schulz's iteration."""
        if matrix.shape[0] > matrix.shape[1]:
            return self._orthogonalised(matrix.T).T
        xp, (a, b, c) = namespace(matrix), self.ns_coefficients
        norm = xp.sqrt(xp.sum(matrix * matrix))
        matrix = matrix / xp.maximum(norm, 0 * norm + self.eps)
        for _ in range(self.ns_steps):
            gram = matrix @ matrix.T
            matrix = a * matrix + (b * gram + c * (gram @ gram)) @ matrix
        return matrix
