"""Arrays of other libraries, for those who bring them: none is imported here before the user has."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from fallline.errors import InputTypeError, shown

__all__ = [
    "JaxType",
    "Library",
    "TensorFlowType",
    "TensorType",
    "TorchType",
    "as_array",
    "is_tensor",
    "refuse_complex",
    "refuse_foreign",
    "refuse_model",
    "taken",
]

Library = Literal["numpy", "jax", "torch", "tensorflow"]

FOREIGN = {
    "cupy": "cupy.asnumpy(…)",
    "mlx": "numpy.array(…)",
    "paddle": "its method numpy()",
    "dask": "its method compute()",
}
"""Libraries whose arrays are refused, and what makes NumPy arrays of theirs."""


@dataclass(frozen=True)
class TensorType(ABC):
    """What makes an array of the kind of another: its type, its device, and what variable it is the value of.

    `device` is "" for the library's default, `variable` is "" where it is none. A Keras variable is one of the
    library that Keras runs on.
    """

    library: ClassVar[Library]

    dtype: str
    device: str = ""
    variable: Literal["", "tensorflow", "keras"] = ""

    @staticmethod
    def of(x: Any, name: str) -> TensorType:
        """Return the type of parameters like `x`; whole numbers become float64.

        Raises
        ------
        InputTypeError
            Where it does not hold real numbers that NumPy has too, one beside the other.
        """
        if _is_keras(x):
            inner = TensorType.of(x.value, name)
            return type(inner)(inner.dtype, inner.device, "keras")
        if _is_torch(x):
            return TorchType(_float_type(str(x.dtype).removeprefix("torch."), x, name), str(x.device))
        if _is_jax(x):
            return JaxType(_float_type(x.dtype.name, x, name))
        tensorflow = sys.modules["tensorflow"]
        kind = "tensorflow" if isinstance(x, tensorflow.Variable) else ""
        return TensorFlowType(_float_type(x.dtype.name, x, name), variable=kind)

    @abstractmethod
    def tensor(self, array: Any) -> Any:
        """Return a new tensor of this type with the numbers in `array`."""

    @abstractmethod
    def rows(self, array: np.ndarray) -> Any:
        """Return data as a tensor beside parameters of this type: fractions in its type, whole numbers as they are."""

    def answer(self, array: np.ndarray) -> Any:
        """Return a new tensor of this type, or a new variable with that value."""
        if self.variable == "keras":
            import keras

            return keras.Variable(self.tensor(array), dtype=self.dtype)
        return self.tensor(array)

    def scope(self) -> AbstractContextManager[Any]:
        """Return the context in which functions of such parameters are called."""
        return nullcontext()


class TorchType(TensorType):
    """Of a torch tensor."""

    library: ClassVar[Library] = "torch"

    def tensor(self, array: Any) -> Any:
        import torch

        return torch.tensor(array, dtype=getattr(torch, self.dtype), device=self.device)

    def rows(self, array: np.ndarray) -> Any:
        import torch

        return torch.tensor(_cast(array, self.dtype), device=self.device)

    def scope(self) -> AbstractContextManager[Any]:
        import torch

        # the function may differentiate within itself, wherever it is called from
        return torch.enable_grad()


class JaxType(TensorType):
    """Of a JAX array; float64 is switched on where it is needed, and only there."""

    library: ClassVar[Library] = "jax"

    def tensor(self, array: Any) -> Any:
        import jax

        with self.scope():
            return array.astype(self.dtype) if isinstance(array, jax.Array) else jax.numpy.array(array, self.dtype)

    def rows(self, array: np.ndarray) -> Any:
        import jax

        with self.scope():
            return jax.numpy.array(_cast(array, self.dtype))

    def scope(self) -> AbstractContextManager[Any]:
        import jax

        return jax.enable_x64(True) if self.dtype == "float64" else nullcontext()


class TensorFlowType(TensorType):
    """Of a TensorFlow tensor or variable."""

    library: ClassVar[Library] = "tensorflow"

    def tensor(self, array: Any) -> Any:
        import tensorflow

        return tensorflow.constant(array, self.dtype)

    def rows(self, array: np.ndarray) -> Any:
        import tensorflow

        return tensorflow.constant(_cast(array, self.dtype))

    def answer(self, array: np.ndarray) -> Any:
        if self.variable == "tensorflow":
            import tensorflow

            return tensorflow.Variable(self.tensor(array))
        return super().answer(array)


def is_tensor(x: Any) -> bool:
    """Tell whether `x` is an array of JAX, torch or TensorFlow, or a variable of Keras.

    Examples
    --------
    >>> is_tensor(3.0)
    False
    """
    return _is_torch(x) or _is_jax(x) or _is_tensorflow(x) or _is_keras(x)


def as_array(x: Any) -> np.ndarray:
    """Return `x`, a tensor with or without a gradient or anything that NumPy takes, as a NumPy array."""
    if _is_keras(x):
        return as_array(x.value)
    if _is_torch(x):
        here = x.detach().cpu()
        return (here.float() if str(here.dtype) == "torch.bfloat16" else here).numpy()
    array = np.asarray(x)
    # a type that NumPy has from another package, and does not count as real
    return array.astype(np.float32) if array.dtype.name == "bfloat16" else array


def taken(array: Any, rows: np.ndarray) -> Any:
    """Return a new array, or tensor, of some rows of one."""
    if _is_torch(array):
        import torch

        return array[torch.from_numpy(rows)]
    if _is_tensorflow(array):
        import tensorflow

        return tensorflow.gather(array, rows)
    return array[rows]


def refuse_foreign(x: Any, name: str) -> None:
    """Refuse arrays whose library fallline does not know, and those with a mask.

    Raises
    ------
    InputTypeError
        Where `x` is one.
    """
    library = type(x).__module__.partition(".")[0]
    if library in FOREIGN:
        raise InputTypeError(
            f"{name} must be of NumPy, JAX, torch or TensorFlow; got an array of {library}. fallline does not run in "
            f"that library. Make a NumPy array of it by {FOREIGN[library]}."
        )
    if isinstance(x, np.ma.MaskedArray):
        raise InputTypeError(
            f"{name} must be an array without a mask; got {shown(x)}. What is masked has no number to start from. "
            "Give it one, by .filled(0.0), or leave it out, by .compressed()."
        )


_COMPLEX = (
    "{name} must be real numbers; got complex ones: {got}. A descent goes along real parameters. Split them into real "
    "and imaginary parts, as a dict of two arrays, say, and put them together in the function."
)


def refuse_complex(x: Any, name: str) -> None:
    """Refuse complex numbers, in an array or alone."""
    if isinstance(x, (complex, np.complexfloating)) or (isinstance(x, np.ndarray) and x.dtype.kind == "c"):
        raise InputTypeError(_COMPLEX.format(name=name, got=shown(x)))


def refuse_model(x: Any, name: str) -> None:
    """Refuse a module of torch's or a model of Keras's, and tell where its parameters are."""
    if isinstance(x, _class("torch.nn", "Module")):
        raise InputTypeError(
            f"{name} must be the parameters, not the module; got {type(x).__name__}. A descent changes what it is "
            "given. Start from dict(module.named_parameters()) or module.state_dict(), and let the function of the "
            "values compute by torch.func.functional_call(module, values, X)."
        )
    if isinstance(x, (_class("keras", "Layer"), _class("tensorflow", "Module"))):
        raise InputTypeError(
            f"{name} must be the parameters, not the model; got {type(x).__name__}. A descent changes what it is "
            "given. Start from model.trainable_variables, and let the function of the values compute by "
            "model.stateless_call(values, model.non_trainable_variables, X)."
        )


def _float_type(dtype: str, x: Any, name: str) -> str:
    """Return the type to descend in for elements of this type: theirs, or float64 for whole numbers."""
    if dtype.startswith("complex"):
        raise InputTypeError(_COMPLEX.format(name=name, got=shown(x)))
    strided = not _is_torch(x) or x.layout == sys.modules["torch"].strided
    if not strided or not (dtype in ("float32", "float64") or dtype.startswith(("int", "uint", "bool"))):
        raise InputTypeError(
            f"{name} must be a dense tensor of real numbers in float64 or float32; got {shown(x)}. "
            "The descent runs in these. Convert it, for example by .double() in torch or .astype('float64') in JAX."
        )
    return dtype if dtype.startswith("float") else "float64"


def _cast(array: np.ndarray, dtype: str) -> np.ndarray:
    return array.astype(dtype) if array.dtype.kind == "f" else array


def _is_torch(x: Any) -> bool:
    return isinstance(x, _class("torch", "Tensor"))


def _is_jax(x: Any) -> bool:
    return isinstance(x, _class("jax", "Array"))


def _is_tensorflow(x: Any) -> bool:
    return isinstance(x, (_class("tensorflow", "Tensor"), _class("tensorflow", "Variable"))) and not _is_keras(x)


def _is_keras(x: Any) -> bool:
    return isinstance(x, _class("keras", "Variable"))


def _class(library: str, name: str) -> Any:
    """Return a class of a library, or none where the library was not imported, is being, or has no such class."""
    return getattr(sys.modules.get(library), name, ())
