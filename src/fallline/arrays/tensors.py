"""Torch tensors, for those who bring them: torch is never imported here before the user has."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fallline.errors import InputTypeError, shown

if TYPE_CHECKING:
    import torch

__all__ = ["TensorType", "as_array", "is_tensor"]


@dataclass(frozen=True)
class TensorType:
    """What makes a tensor of the kind of another: its type, such as ``float32``, and its device, such as ``cpu``."""

    dtype: str
    device: str

    @staticmethod
    def of(tensor: Any, name: str) -> TensorType:
        """Return the type of parameters like `tensor`; whole numbers become float64.

        Raises
        ------
        InputTypeError
            Where it does not hold real numbers that NumPy has too, one beside the other.
        """
        import torch

        whole = not (tensor.is_floating_point() or tensor.is_complex())
        if tensor.layout != torch.strided or not (whole or tensor.dtype in (torch.float32, torch.float64)):
            raise InputTypeError(
                f"{name} must be a dense tensor of real numbers in float64 or float32; got {shown(tensor)}. "
                "The descent runs in these. Convert it, for example by .double()."
            )
        return TensorType("float64" if whole else str(tensor.dtype).removeprefix("torch."), str(tensor.device))

    def tensor(self, array: Any) -> torch.Tensor:
        """Return a new tensor of this type with the numbers in `array`."""
        import torch

        return torch.tensor(array, dtype=getattr(torch, self.dtype), device=self.device)


def is_tensor(x: Any) -> bool:
    """Tell whether `x` is a torch tensor.

    Examples
    --------
    >>> is_tensor(3.0)
    False
    """
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def as_array(x: Any) -> np.ndarray:
    """Return `x`, a torch tensor with or without a gradient or anything that NumPy takes, as a NumPy array."""
    return x.detach().cpu().numpy() if is_tensor(x) else np.asarray(x)
