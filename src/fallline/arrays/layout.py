"""The user's parameters (a number, an array, a tree of arrays) as one flat vector, and back."""

from __future__ import annotations

import sys
from collections import OrderedDict
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fallline.arrays.namespace import namespace
from fallline.arrays.tensors import (
    Library,
    TensorType,
    as_array,
    is_tensor,
    refuse_complex,
    refuse_foreign,
    refuse_model,
)
from fallline.arrays.tree import Branch, Fixed, Leaf, Node, build, decode, encode, gather, list_names
from fallline.errors import InputError, InputTypeError, shown

__all__ = ["Branch", "Layout", "Leaf", "flatten"]


@dataclass(frozen=True)
class Layout:
    """How a tree of parameters lies in a flat vector of `size` elements of type `dtype`.

    `label` is what the user's function calls its argument: ``theta`` in ``lambda theta: theta**2``.
    """

    root: Leaf | Branch
    size: int
    dtype: np.dtype
    label: str = "x"

    def unflatten(self, vector: Any) -> Any:
        """Return the tree whose flat vector is given.

        Arrays are views of `vector`, tensors are new, numbers are Python floats.
        """
        return build(self.root, lambda leaf: _leaf(leaf, vector))

    def answer(self, vector: np.ndarray) -> Any:
        """Return the tree whose flat vector is given, with new variables where the start had variables."""
        return build(self.root, lambda leaf: _answer(leaf, vector))

    def arguments(self, vector: Any) -> Any:
        """Return the tree as a function receives it: like `unflatten`, but numbers stay zero-dimensional."""
        return build(self.root, lambda leaf: _argument(leaf, vector))

    def columns(self, rows: np.ndarray) -> Any:
        """Return the tree of columns, each of shape ``(n, *shape)``, of `n` flat vectors given as rows."""
        return build(
            self.root, lambda leaf: rows[:, leaf.start : leaf.start + leaf.size].reshape(len(rows), *leaf.shape)
        )

    @property
    def leaves(self) -> list[Leaf]:
        """The numbers and arrays of the tree, in the order of the flat vector."""
        return self.parts(self.root)

    def parts(self, tree: Any) -> list[Any]:
        """Return what such a tree has in the places of the leaves, in their order."""
        found: list[Any] = []
        gather(self.root, tree, found)
        return found

    def tree(self, parts: list[Any]) -> Any:
        """Return the tree with these parts in the places of the leaves."""
        return build(self.root, dict(zip(self.leaves, parts, strict=True)).__getitem__)

    def vector(self, tree: Any) -> Any:
        """Return the flat vector of such a tree of arrays, NumPy's or another library's."""
        parts = self.parts(tree)
        return namespace(parts[0]).concat([part.reshape(-1) for part in parts])

    @cached_property
    def tensor(self) -> TensorType | None:
        """The type of the first tensor, None where all are NumPy's arrays and numbers."""
        types = [leaf.tensor for leaf in self.leaves if leaf.tensor is not None]
        # where some are float64, so is the arithmetic
        return next((kind for kind in types if kind.dtype == self.dtype.name), types[0] if types else None)

    @property
    def library(self) -> Library:
        """The library of the parameters, in which the user's function is written."""
        return "numpy" if self.tensor is None else self.tensor.library

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which the user's function is called."""
        return nullcontext() if self.tensor is None else self.tensor.scope()

    def rows(self, array: Any) -> Any:
        """Return data as the user's function receives it: NumPy's arrays as tensors where the parameters are."""
        if self.tensor is None or is_tensor(array):
            return array
        return self.tensor.rows(array)

    @property
    def of_arrays(self) -> Layout:
        """The same layout with NumPy arrays in the places of tensors."""
        return self.from_json(self.to_json())

    def names(self) -> list[str]:
        """Return one readable name for each element: ``theta``, ``x[3]``, ``w[0, 1]``, ``layer.b``."""
        found: list[str] = []
        list_names(self.root, "", self.label, found)
        return found

    def name_of(self, index: int) -> str:
        """Return the readable name of one element."""
        return self.names()[index]

    def to_json(self) -> dict[str, Any]:
        return {"root": encode(self.root), "size": self.size, "dtype": self.dtype.name, "label": self.label}

    @staticmethod
    def from_json(saved: dict[str, Any]) -> Layout:
        return Layout(decode(saved["root"]), int(saved["size"]), np.dtype(saved["dtype"]), saved["label"])


def flatten(x0: Any, name: str = "x0", label: str = "x", finite: bool = True) -> tuple[np.ndarray, Layout, bool]:
    """Return the flat vector of `x0` (a new array), its layout, and whether whole numbers were made float64.

    Parameters
    ----------
    x0 : number, list of numbers, array, or a dict, list or tuple of these; also of JAX, torch or TensorFlow
        float32 is kept where everything is float32; anything else real becomes float64.
    name, label : str
        What to call it in errors, and in names of parameters.
    finite : bool
        Whether to refuse values that are not finite.

    Raises
    ------
    InputTypeError
        Where something in it is no real number, or not all of it belongs to one library.
    InputError
        Where it is empty, or a value is not finite.
    """
    parts: list[np.ndarray] = []
    root = _collect(x0, parts, name)
    leaves: list[Leaf] = []
    gather(root, root, leaves)
    if not parts or sum(part.size for part in parts) == 0:
        raise InputError(f"{name} must hold at least one number; got {shown(x0)}. There is nothing to change.")
    _check_kinds(leaves, x0, name)
    whole = any(part.dtype.kind in "iub" for part in parts)
    dtype = _type_of_all(leaves, parts)
    vector = np.concatenate([part.astype(dtype).ravel() for part in parts])
    if finite and not np.isfinite(vector).all():
        bad = int(np.flatnonzero(~np.isfinite(vector))[0])
        where = "" if vector.size == 1 else f" at {Layout(root, vector.size, dtype, name).names()[bad]}"
        raise InputError(
            f"{name} must be finite; got {vector[bad]}{where}. A descent cannot start there. Start from finite numbers."
        )
    return vector, Layout(root, vector.size, dtype, label), whole


def _collect(x: Any, parts: list[np.ndarray], name: str) -> Leaf | Branch:
    if type(x) is np.ndarray and x.dtype.kind == "f":  # as most are, and nothing can be wrong with it
        parts.append(x)
        return Leaf("array", x.shape, sum(part.size for part in parts[:-1]))
    if isinstance(x, dict):
        fixed = _counters(x)
        children = tuple(
            Fixed(child) if key in fixed else _collect(child, parts, f"{name}[{key!r}]") for key, child in x.items()
        )
        return Branch("dict", tuple(x), children, OrderedDict if isinstance(x, OrderedDict) else None)
    fields = getattr(type(x), "_fields", None) if isinstance(x, tuple) else None
    if fields is not None:
        children = tuple(_collect(child, parts, f"{name}.{key}") for key, child in zip(fields, x, strict=True))
        return Branch("named", tuple(fields), children, type(x))
    if isinstance(x, (list, tuple)) and not _is_numbers(x):
        children = tuple(_collect(child, parts, f"{name}[{i}]") for i, child in enumerate(x))
        return Branch("list" if isinstance(x, list) else "tuple", tuple(range(len(x))), children)
    if (node := _jax_node(x, parts, name)) is not None:
        return node
    refuse_foreign(x, name)
    refuse_complex(x, name)
    refuse_model(x, name)
    tensor = TensorType.of(x, name) if is_tensor(x) else None
    array = _numeric(x, name)
    is_number = array.ndim == 0 and not isinstance(x, np.ndarray) and tensor is None
    leaf = Leaf("number" if is_number else "array", array.shape, sum(part.size for part in parts), tensor)
    parts.append(array)
    return leaf


def _counters(x: dict[Any, Any]) -> set[Any]:
    """Return the keys of a torch module's state that are no parameters.

    A state dict that was made with ``keep_vars=True`` tells its parameters from its buffers. In any other, whole
    numbers beside real ones are buffers, and what a batch normalisation keeps beside its counter.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(x, OrderedDict):
        return set()
    if not all(isinstance(part, torch.Tensor) for part in x.values()):
        return set()
    parameters = {key for key, part in x.items() if isinstance(part, torch.nn.Parameter)}
    if parameters:
        return set(x) - parameters
    real = {key for key, part in x.items() if part.is_floating_point()}
    layers = [key.removesuffix(_COUNTER) for key in set(x) - real if str(key).endswith(_COUNTER)]
    kept = {layer + name for layer in layers for name in ("running_mean", "running_var")}
    return set(x) - (real - kept) if real - kept else set()


def _jax_node(x: Any, parts: list[np.ndarray], name: str) -> Branch | None:
    """Return the branch of a node that JAX knows and Python does not; None of anything else."""
    jax = sys.modules.get("jax")
    if jax is None or isinstance(x, (np.ndarray, np.generic, float, int, list, tuple)) or x is None:
        return None
    if jax.tree_util.all_leaves([x]):
        return None
    found, definition = jax.tree_util.tree_flatten_with_path(x, is_leaf=lambda part: part is not x)
    keys = tuple(jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in found)
    children: tuple[Node, ...] = tuple(
        Fixed(None) if child is None else _collect(child, parts, f"{name}.{key}")
        for key, (_, child) in zip(keys, found, strict=True)
    )
    return Branch("node", keys, children, definition)


def _check_kinds(leaves: list[Leaf], x0: Any, name: str) -> None:
    libraries = {"numpy" if leaf.tensor is None else leaf.tensor.library for leaf in leaves}
    if len(libraries) > 1 and libraries != {"numpy", "jax"}:
        library = min(libraries - {"numpy"})
        raise InputTypeError(
            f"{name} must be of {library} tensors only, or have none; got {shown(x0)}. One library differentiates the "
            f"function. Make tensors of them all, for example by {_MAKERS[library]}."
        )


_COUNTER = "num_batches_tracked"
_MAKERS = {"jax": "jax.numpy.array(…)", "torch": "torch.tensor(…)", "tensorflow": "tensorflow.constant(…)"}


def _type_of_all(leaves: list[Leaf], parts: list[np.ndarray]) -> np.dtype:
    """Return the type to descend in; a plain number beside JAX's arrays takes theirs, as in JAX."""
    weak = any(leaf.tensor is not None for leaf in leaves)
    decisive = [part for leaf, part in zip(leaves, parts, strict=True) if not (weak and leaf.kind == "number")]
    return np.dtype(np.float32 if all(part.dtype == np.float32 for part in decisive) else np.float64)


def _is_numbers(x: list | tuple) -> bool:
    """Tell whether a list is a table of plain numbers, to be read as one array."""
    return _table_shape(x) is not None


def _table_shape(x: Any) -> tuple[int, ...] | None:
    """Return the shape of a number or an even table of numbers, None of anything else."""
    if isinstance(x, (int, float, np.number)) and not isinstance(x, bool):
        return ()
    if not isinstance(x, (list, tuple)):
        return None
    shapes = {_table_shape(item) for item in x}
    if not shapes:
        return (0,)
    shape = shapes.pop()
    return None if shapes or shape is None else (len(x), *shape)


def _numeric(x: Any, name: str) -> np.ndarray:
    if x is None or isinstance(x, (str, bytes, bool, set, frozenset)) or callable(x):
        raise _refusal(x, name)
    try:
        array = as_array(x)
        if array.dtype == object:
            array = array.astype(np.float64)
    except (ValueError, TypeError) as error:
        raise _refusal(x, name) from error
    if array.dtype.kind not in "iufb":
        raise _refusal(x, name)
    return array


def _refusal(x: Any, name: str) -> InputTypeError:
    return InputTypeError(
        f"{name} must be a number, an array of real numbers, or a dict, list or tuple of these; "
        f"got {shown(x)} ({type(x).__name__}). Start from numbers, such as 3.0 or np.zeros(2)."
    )


def _argument(leaf: Leaf, vector: Any) -> Any:
    part = vector[leaf.start : leaf.start + leaf.size].reshape(leaf.shape)
    return part[()] if leaf.tensor is None else leaf.tensor.tensor(part)


def _leaf(leaf: Leaf, vector: Any) -> Any:
    if leaf.kind == "number":
        return float(vector[leaf.start])
    part = vector[leaf.start : leaf.start + leaf.size].reshape(leaf.shape)
    return part if leaf.tensor is None else leaf.tensor.tensor(part)


def _answer(leaf: Leaf, vector: np.ndarray) -> Any:
    if leaf.tensor is None or not leaf.tensor.variable:
        return _leaf(leaf, vector)
    return leaf.tensor.answer(vector[leaf.start : leaf.start + leaf.size].reshape(leaf.shape))
