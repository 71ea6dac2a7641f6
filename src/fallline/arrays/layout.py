"""The user's parameters (a number, an array, a tree of arrays) as one flat vector, and back."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np

from fallline.arrays.namespace import namespace
from fallline.arrays.tensors import TensorType, as_array, is_tensor
from fallline.errors import InputError, InputTypeError, shown

__all__ = ["Branch", "Layout", "Leaf", "flatten"]


@dataclass(frozen=True)
class Leaf:
    """One number or array of the tree: where it starts in the flat vector, its shape, and for a tensor its type."""

    kind: Literal["number", "array"]
    shape: tuple[int, ...]
    start: int
    tensor: TensorType | None = None

    @property
    def size(self) -> int:
        return prod(self.shape)


@dataclass(frozen=True)
class Branch:
    """A dict, list or tuple of the tree."""

    kind: Literal["dict", "list", "tuple"]
    keys: tuple[Any, ...]
    children: tuple[Leaf | Branch, ...]


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
        return _build(self.root, lambda leaf: _leaf(leaf, vector))

    def arguments(self, vector: Any) -> Any:
        """Return the tree as a function receives it: like `unflatten`, but numbers stay zero-dimensional."""
        return _build(self.root, lambda leaf: _argument(leaf, vector))

    def columns(self, rows: np.ndarray) -> Any:
        """Return the tree of columns, each of shape ``(n, *shape)``, of `n` flat vectors given as rows."""
        return _build(
            self.root, lambda leaf: rows[:, leaf.start : leaf.start + leaf.size].reshape(len(rows), *leaf.shape)
        )

    @property
    def leaves(self) -> list[Leaf]:
        """The numbers and arrays of the tree, in the order of the flat vector."""
        return self.parts(self.root)

    def parts(self, tree: Any) -> list[Any]:
        """Return what such a tree has in the places of the leaves, in their order."""
        found: list[Any] = []
        _gather(self.root, tree, found)
        return found

    def tree(self, parts: list[Any]) -> Any:
        """Return the tree with these parts in the places of the leaves."""
        return _build(self.root, dict(zip(self.leaves, parts, strict=True)).__getitem__)

    def vector(self, tree: Any) -> Any:
        """Return the flat vector of such a tree of arrays, NumPy's or another library's."""
        parts = self.parts(tree)
        return namespace(parts[0]).concat([part.reshape(-1) for part in parts])

    @property
    def holds_tensors(self) -> bool:
        """Whether the parameters are torch tensors."""
        return self.leaves[0].tensor is not None

    @property
    def of_arrays(self) -> Layout:
        """The same layout with NumPy arrays in the places of tensors."""
        return self.from_json(self.to_json())

    def names(self) -> list[str]:
        """Return one readable name for each element: ``theta``, ``x[3]``, ``w[0, 1]``, ``layer.b``."""
        found: list[str] = []
        _name(self.root, "", self.label, found)
        return found

    def name_of(self, index: int) -> str:
        """Return the readable name of one element."""
        return self.names()[index]

    def to_json(self) -> dict[str, Any]:
        return {"root": _encode(self.root), "size": self.size, "dtype": self.dtype.name, "label": self.label}

    @staticmethod
    def from_json(saved: dict[str, Any]) -> Layout:
        return Layout(_decode(saved["root"]), int(saved["size"]), np.dtype(saved["dtype"]), saved["label"])


def flatten(x0: Any, name: str = "x0", label: str = "x", finite: bool = True) -> tuple[np.ndarray, Layout, bool]:
    """Return the flat vector of `x0` (a new array), its layout, and whether whole numbers were made float64.

    Parameters
    ----------
    x0 : number, list of numbers, array, or a dict, list or tuple of these; or of torch tensors
        float32 is kept where everything is float32; anything else real becomes float64.
    name, label : str
        What to call it in errors, and in names of parameters.
    finite : bool
        Whether to refuse values that are not finite.

    Raises
    ------
    InputTypeError
        Where something in it is no real number, or some of it are tensors and some are not.
    InputError
        Where it is empty, or a value is not finite.
    """
    parts: list[np.ndarray] = []
    root = _collect(x0, parts, name)
    if not parts or sum(part.size for part in parts) == 0:
        raise InputError(f"{name} must hold at least one number; got {shown(x0)}. There is nothing to change.")
    _check_kinds(root, x0, name)
    whole = any(part.dtype.kind in "iub" for part in parts)
    dtype = np.dtype(np.float32 if all(part.dtype == np.float32 for part in parts) else np.float64)
    vector = np.concatenate([part.astype(dtype).ravel() for part in parts])
    if finite and not np.isfinite(vector).all():
        bad = int(np.flatnonzero(~np.isfinite(vector))[0])
        where = "" if vector.size == 1 else f" at {Layout(root, vector.size, dtype, name).names()[bad]}"
        raise InputError(
            f"{name} must be finite; got {vector[bad]}{where}. A descent cannot start there. Start from finite numbers."
        )
    return vector, Layout(root, vector.size, dtype, label), whole


def _collect(x: Any, parts: list[np.ndarray], name: str) -> Leaf | Branch:
    if isinstance(x, dict):
        children = tuple(_collect(child, parts, f"{name}[{key!r}]") for key, child in x.items())
        return Branch("dict", tuple(x), children)
    if isinstance(x, (list, tuple)) and not _is_numbers(x):
        children = tuple(_collect(child, parts, f"{name}[{i}]") for i, child in enumerate(x))
        return Branch("list" if isinstance(x, list) else "tuple", tuple(range(len(x))), children)
    tensor = TensorType.of(x, name) if is_tensor(x) else None
    array = _numeric(x, name)
    is_number = array.ndim == 0 and not isinstance(x, np.ndarray) and tensor is None
    leaf = Leaf("number" if is_number else "array", array.shape, sum(part.size for part in parts), tensor)
    parts.append(array)
    return leaf


def _check_kinds(root: Leaf | Branch, x0: Any, name: str) -> None:
    found: list[Leaf] = []
    _gather(root, root, found)
    if len({leaf.tensor is None for leaf in found}) > 1:
        raise InputTypeError(
            f"{name} must be of torch tensors only, or have none; got {shown(x0)}. One library differentiates the "
            "function. Make tensors of them all, for example by torch.tensor(…)."
        )


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


def _build(node: Leaf | Branch, make: Any) -> Any:
    if isinstance(node, Leaf):
        return make(node)
    children = [_build(child, make) for child in node.children]
    if node.kind == "dict":
        return dict(zip(node.keys, children, strict=True))
    return children if node.kind == "list" else tuple(children)


def _gather(node: Leaf | Branch, tree: Any, found: list[Any]) -> None:
    """Collect what a tree in the structure of `node`, or that structure itself, has in the places of its leaves."""
    if isinstance(node, Leaf):
        found.append(tree)
        return
    children = tree.children if isinstance(tree, Branch) else [tree[key] for key in node.keys]
    for child, part in zip(node.children, children, strict=True):
        _gather(child, part, found)


def _argument(leaf: Leaf, vector: Any) -> Any:
    part = vector[leaf.start : leaf.start + leaf.size].reshape(leaf.shape)
    return part[()] if leaf.tensor is None else leaf.tensor.tensor(part)


def _leaf(leaf: Leaf, vector: Any) -> Any:
    if leaf.kind == "number":
        return float(vector[leaf.start])
    part = vector[leaf.start : leaf.start + leaf.size].reshape(leaf.shape)
    return part if leaf.tensor is None else leaf.tensor.tensor(part)


def _name(node: Leaf | Branch, prefix: str, label: str, found: list[str]) -> None:
    if isinstance(node, Branch):
        for key, child in zip(node.keys, node.children, strict=True):
            if node.kind == "dict":
                _name(child, f"{prefix}.{key}" if prefix else str(key), label, found)
            else:
                _name(child, f"{prefix or label}[{key}]", label, found)
        return
    name = prefix or label
    found.extend(f"{name}[{', '.join(map(str, index))}]" if index else name for index in np.ndindex(*node.shape))


def _encode(node: Leaf | Branch) -> dict[str, Any]:
    if isinstance(node, Leaf):
        return {"kind": node.kind, "shape": list(node.shape), "start": node.start}
    return {"kind": node.kind, "keys": list(node.keys), "children": [_encode(child) for child in node.children]}


def _decode(saved: dict[str, Any]) -> Leaf | Branch:
    if "children" in saved:
        return Branch(saved["kind"], tuple(saved["keys"]), tuple(_decode(child) for child in saved["children"]))
    return Leaf(saved["kind"], tuple(saved["shape"]), int(saved["start"]))
