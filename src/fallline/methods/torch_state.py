"""The state of torch's optimizers as plain bytes and back: numbers and tensors, nothing that could run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from fallline.arrays.tensors import as_array
from fallline.errors import InputTypeError, shown

if TYPE_CHECKING:
    import torch

__all__ = ["packed", "unpacked"]

STATE = "state"


def packed(optimizer: torch.optim.Optimizer) -> np.ndarray:
    """Return what an optimizer has learnt, and its settings, as an array of bytes in the safetensors format.

    Raises
    ------
    InputTypeError
        Where it keeps anything but tensors, numbers, texts, and lists and dictionaries of these.

    Examples
    --------
    >>> import torch
    >>> x = torch.zeros(2, requires_grad=True)
    >>> one, other = torch.optim.Adam([x], lr=0.5), torch.optim.Adam([x])
    >>> unpacked(other, packed(one))
    >>> other.param_groups[0]["lr"]
    0.5
    """
    from safetensors.numpy import save

    arrays: dict[str, np.ndarray] = {}
    text = json.dumps(_plain(optimizer.state_dict(), arrays, type(optimizer).__name__))
    arrays[STATE] = np.frombuffer(text.encode(), dtype=np.uint8)
    return np.frombuffer(save(arrays), dtype=np.uint8)


def unpacked(optimizer: torch.optim.Optimizer, content: np.ndarray) -> None:
    """Give an optimizer of the same kind and parameters what another one had learnt."""
    from safetensors.numpy import load

    arrays = load(content.tobytes())
    saved = _lively(json.loads(arrays.pop(STATE).tobytes()), arrays)
    optimizer.load_state_dict(saved)
    # loading gives tensors the parameters' type, which some of them did not have: other bits would follow
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for place, kept in saved["state"].items():
        if isinstance(place, int):
            optimizer.state[parameters[place]] = kept


def _plain(state: Any, arrays: dict[str, np.ndarray], name: str) -> Any:
    """Return a state as JSON holds it, its tensors put into `arrays` under the numbers that stand for them."""
    import torch

    if state is None or isinstance(state, (bool, int, float, str)):
        return state
    if isinstance(state, torch.Tensor):
        key = str(len(arrays))
        arrays[key] = np.array(as_array(state), order="C")
        return {"tensor": key, "dtype": str(state.dtype).removeprefix("torch."), "device": str(state.device)}
    if isinstance(state, (list, tuple)):
        return {"tuple" if isinstance(state, tuple) else "list": [_plain(part, arrays, name) for part in state]}
    if isinstance(state, dict):
        return {"dict": [[_plain(part, arrays, name) for part in pair] for pair in state.items()]}
    raise InputTypeError(
        f"method must keep nothing but tensors and numbers to be checkpointed; got {name}, which keeps {shown(state)}. "
        "It is written to the file. Take another method, or leave checkpoint out."
    )


def _lively(state: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Return the state that was made plain."""
    import torch

    if not isinstance(state, dict):
        return state
    if "tensor" in state:
        return torch.tensor(arrays[state["tensor"]], dtype=getattr(torch, state["dtype"]), device=state["device"])
    if "dict" in state:
        return {_lively(key, arrays): _lively(part, arrays) for key, part in state["dict"]}
    parts = [_lively(part, arrays) for part in state.get("list", state.get("tuple", ()))]
    return tuple(parts) if "tuple" in state else parts
