"""Trees of parameters: dicts, lists, tuples and JAX's own nodes, with numbers and arrays as their leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

import numpy as np

from fallline.arrays.tensors import TensorType

__all__ = ["Branch", "Fixed", "Leaf", "Node", "build", "decode", "encode", "entries", "gather", "list_names"]


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


@dataclass(frozen=True, eq=False)
class Fixed:
    """Something in the tree that is no parameter: a counter of a torch module, an empty place of a JAX node."""

    value: Any

    def copy(self) -> Any:
        return None if self.value is None else self.value.detach().clone()


@dataclass(frozen=True)
class Branch:
    """A dict, list, tuple or another node of the tree.

    `make` makes one of its children, where it is no plain dict, list or tuple: the class of an ordered dict or a named
    tuple, or what JAX knows of a node of its own.
    """

    kind: Literal["dict", "list", "tuple", "named", "node"]
    keys: tuple[Any, ...]
    children: tuple[Node, ...]
    make: Any = None


Node = Leaf | Fixed | Branch


def build(node: Node, make: Callable[[Leaf], Any]) -> Any:
    """Return the tree with what `make` makes of each leaf."""
    if isinstance(node, Leaf):
        return make(node)
    if isinstance(node, Fixed):
        return node.copy()
    children = [build(child, make) for child in node.children]
    if node.kind == "dict":
        return (node.make or dict)(zip(node.keys, children, strict=True))
    if node.kind == "named":
        return node.make(*children)
    if node.kind == "node":
        return node.make.unflatten(children)
    return children if node.kind == "list" else tuple(children)


def gather(node: Node, tree: Any, found: list[Any]) -> None:
    """Collect what a tree in the structure of `node`, or that structure itself, has in the places of its leaves."""
    if isinstance(node, Leaf):
        found.append(tree)
    elif isinstance(node, Branch):
        for child, part in zip(node.children, _children(node, tree), strict=True):
            gather(child, part, found)


def _children(node: Branch, tree: Any) -> Any:
    if isinstance(tree, Branch):
        return tree.children
    if node.kind == "node":
        return node.make.flatten_up_to(tree)
    return tree if node.kind == "named" else [tree[key] for key in node.keys]


def entries(node: Branch, tree: Any) -> dict[Any, Any] | None:
    """Return by key what a tree has in the places of a branch's children; None where it is no branch itself."""
    if isinstance(tree, dict):
        return tree
    if isinstance(tree, (list, tuple)):
        names = node.keys if node.kind == "named" and type(tree) is node.make else range(len(tree))
        return dict(zip(names, tree, strict=True))
    if node.kind != "node":
        return None
    try:
        return dict(zip(node.keys, node.make.flatten_up_to(tree), strict=True))
    except ValueError:
        return None


def list_names(node: Node, prefix: str, label: str, found: list[str]) -> None:
    """Append a readable name for each element below `node`."""
    if isinstance(node, Branch):
        for key, child in zip(node.keys, node.children, strict=True):
            if node.kind in ("list", "tuple"):
                list_names(child, f"{prefix or label}[{key}]", label, found)
            else:
                list_names(child, f"{prefix}.{key}" if prefix else str(key), label, found)
    elif isinstance(node, Leaf):
        name = prefix or label
        found.extend(f"{name}[{', '.join(map(str, index))}]" if index else name for index in np.ndindex(*node.shape))


def encode(node: Leaf | Branch) -> dict[str, Any]:
    """Return the structure as JSON can hold it; named tuples and other nodes are dicts there."""
    if isinstance(node, Leaf):
        return {"kind": node.kind, "shape": list(node.shape), "start": node.start}
    kept = [(key, child) for key, child in zip(node.keys, node.children, strict=True) if not isinstance(child, Fixed)]
    kind = node.kind if node.kind in ("list", "tuple") else "dict"
    keys = list(range(len(kept))) if kind != "dict" else [_encode_key(key) for key, _ in kept]
    return {"kind": kind, "keys": keys, "children": [encode(child) for _, child in kept]}


def decode(saved: dict[str, Any]) -> Leaf | Branch:
    """Return the structure that `encode` wrote."""
    if "children" in saved:
        keys = tuple(map(_decode_key, saved["keys"]))
        return Branch(saved["kind"], keys, tuple(decode(child) for child in saved["children"]))
    return Leaf(saved["kind"], tuple(saved["shape"]), int(saved["start"]))


def _encode_key(key: Any) -> Any:
    if isinstance(key, tuple):
        return {"tuple": [_encode_key(part) for part in key]}
    return key if key is None or type(key) in (str, int, float, bool) else str(key)


def _decode_key(key: Any) -> Any:
    return tuple(map(_decode_key, key["tuple"])) if isinstance(key, dict) else key
