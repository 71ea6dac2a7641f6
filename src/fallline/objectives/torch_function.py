"""A torch function: its gradient by torch's own autograd, its curvature by going through that twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.tensors import as_array, is_tensor
from fallline.objectives.base import Objective
from fallline.objectives.plain import one_number

if TYPE_CHECKING:
    import torch

__all__ = ["TorchFunction"]


class TorchFunction(Objective):
    """A function of torch tensors, called with new ones each time: none of the user's is touched, nor its ``grad``.

    Parameters
    ----------
    function : callable
        Returns the cost as a tensor of one element.
    layout : Layout
        How the parameters lie in the flat vector; of tensors.
    args : tuple
        Further arguments.
    """

    source = "torch"
    pure = False

    def __init__(self, function: Callable[..., Any], layout: Layout, args: tuple[Any, ...]) -> None:
        super().__init__()
        self.function, self.layout, self.args = function, layout, args
        self.size, self.dtype = layout.size, layout.dtype

    def value(self, x: np.ndarray) -> float:
        self.counts.function += 1
        with self.layout.scope():
            return one_number(self.function(self.layout.arguments(x), *self.args))

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1
        self.counts.gradient += 1
        cost, slopes, _ = self._slopes(x, again=False)
        return cost, self._flat(slopes)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        try:
            _, slopes, leaves = self._slopes(x, again=True)
            # a gradient that leads back to no parameter may be constant, or not differentiable: differences can tell
            if not any(slope.requires_grad for slope in slopes):
                return super().hessian_products(x, directions)
            products = np.array([self._flat(_through(slopes, leaves, self._leaves(row))) for row in directions])
        # some of torch's operations, and of the users' own, can be differentiated only once
        except RuntimeError:
            return super().hessian_products(x, directions)
        self.counts.curvature += len(directions)
        return products.astype(self.dtype, copy=False)

    def _slopes(self, x: np.ndarray, again: bool) -> tuple[float, list[torch.Tensor], list[torch.Tensor]]:
        """Return the cost, its gradient by leaf, and the leaves; ready to be differentiated `again`."""
        import torch

        with torch.enable_grad():
            leaves = [leaf.requires_grad_() for leaf in self._leaves(x)]
            # the function may write into what it is given, which autograd forbids for the leaves themselves
            cost = self.function(self.layout.tree([leaf.clone() for leaf in leaves]), *self.args)
            number = one_number(cost)
            if not is_tensor(cost) or not cost.requires_grad:
                return number, [torch.zeros_like(leaf) for leaf in leaves], leaves
            slopes = torch.autograd.grad(cost.sum(), leaves, create_graph=again, materialize_grads=True)
        return number, list(slopes), leaves

    def _leaves(self, x: np.ndarray) -> list[torch.Tensor]:
        return self.layout.parts(self.layout.arguments(x))

    def _flat(self, tensors: list[torch.Tensor]) -> np.ndarray:
        return np.concatenate([as_array(tensor).ravel() for tensor in tensors]).astype(self.dtype, copy=False)


def _through(
    slopes: list[torch.Tensor], leaves: list[torch.Tensor], direction: list[torch.Tensor]
) -> list[torch.Tensor]:
    """Return the Hessian's product with a direction, by leaf."""
    import torch

    bent = [(slope, part) for slope, part in zip(slopes, direction, strict=True) if slope.requires_grad]
    outputs, parts = zip(*bent, strict=True)
    return list(torch.autograd.grad(outputs, leaves, parts, retain_graph=True, materialize_grads=True))
