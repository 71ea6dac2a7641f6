"""A TensorFlow function: its gradient by a gradient tape, as a graph that is traced once where it can be."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from fallline.arrays.layout import Layout
from fallline.arrays.tensors import as_array
from fallline.objectives.base import Objective
from fallline.objectives.plain import one_number

if TYPE_CHECKING:
    import tensorflow as tf

__all__ = ["TensorFlowFunction"]


class TensorFlowFunction(Objective):
    """A function of TensorFlow tensors, called with new ones each time: none of the user's variables is touched.

    Parameters
    ----------
    function : callable
        Returns the cost as a tensor of one element.
    layout : Layout
        How the parameters lie in the flat vector; of TensorFlow tensors.
    args : tuple
        Further arguments.
    data : tuple of tensor
        Rows that come before those; see `on`.
    in_graph : bool
        Whether TensorFlow is to trace the function into a graph, or to call it anew each time.
    """

    source = "tensorflow"
    pure = False

    def __init__(
        self,
        function: Callable[..., Any],
        layout: Layout,
        args: tuple[Any, ...],
        data: tuple[Any, ...] = (),
        in_graph: bool = True,
    ) -> None:
        super().__init__()
        self.layout, self.data = layout, data
        self.size, self.dtype = layout.size, layout.dtype
        self.calls = _Calls(lambda leaves, rows: function(layout.tree(leaves), *rows, *args), in_graph)

    def on(self, data: tuple[Any, ...]) -> TensorFlowFunction:
        """Return the function on other rows, by the same graphs where they are as many."""
        other = object.__new__(TensorFlowFunction)
        Objective.__init__(other)
        other.layout, other.data, other.calls = self.layout, data, self.calls
        other.size, other.dtype = self.size, self.dtype
        return other

    def value(self, x: np.ndarray) -> float:
        self.counts.function += 1
        return one_number(self.calls.cost(self._leaves(x), self.data))

    def value_and_gradient(self, x: np.ndarray) -> tuple[float, np.ndarray]:
        self.counts.function += 1
        self.counts.gradient += 1
        cost, slopes = self.calls.slopes(self._leaves(x), self.data)
        return one_number(cost), self._flat(slopes)

    def hessian_products(self, x: np.ndarray, directions: np.ndarray) -> np.ndarray:
        import tensorflow as tf

        leaves, products = self._leaves(x), np.empty_like(directions)
        try:
            for row, direction in enumerate(directions):
                bent = self.calls.products(leaves, self._leaves(direction), self.data)
                # a gradient that leads back to no parameter may be constant, or not differentiable: differences tell
                if all(part is None for part in bent):
                    return super().hessian_products(x, directions)
                pairs = zip(bent, leaves, strict=True)
                products[row] = self._flat([tf.zeros_like(leaf) if part is None else part for part, leaf in pairs])
        # some operations, and custom gradients, can be differentiated only once
        except (LookupError, RuntimeError, TypeError, ValueError, tf.errors.OpError):
            return super().hessian_products(x, directions)
        self.counts.curvature += len(directions)
        return products

    def _leaves(self, x: np.ndarray) -> list[tf.Tensor]:
        return self.layout.parts(self.layout.arguments(x))

    def _flat(self, tensors: list[tf.Tensor]) -> np.ndarray:
        return np.concatenate([as_array(tensor).ravel() for tensor in tensors]).astype(self.dtype, copy=False)


class _Calls:
    """The cost of leaves and rows, its slopes and its Hessian's products: as graphs, one for each shape of rows."""

    def __init__(self, function: Callable[[list[Any], tuple[Any, ...]], Any], in_graph: bool) -> None:
        import tensorflow as tf

        self.function = function
        graph = tf.function(autograph=False) if in_graph else _as_it_is
        self.cost, self.slopes, self.products = graph(function), graph(self._slopes), graph(self._products)

    def _slopes(self, leaves: list[Any], rows: tuple[Any, ...]) -> tuple[Any, list[Any]]:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(leaves)
            cost = self.function(leaves, rows)
        if not tf.is_tensor(cost):
            return cost, [tf.zeros_like(leaf) for leaf in leaves]
        slopes = tape.gradient(cost, leaves, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        return cost, [tf.convert_to_tensor(slope) for slope in slopes]

    def _products(self, leaves: list[Any], direction: list[Any], rows: tuple[Any, ...]) -> list[Any]:
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(leaves)
            _, slopes = self._slopes(leaves, rows)
        bent = tape.gradient(slopes, leaves, output_gradients=direction)
        return [None if part is None else tf.convert_to_tensor(part) for part in bent]


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    return function
