"""Torch tensors as parameters: their kind, type and shape go through the flat vector and back."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from fallline.arrays.layout import Layout, flatten
from fallline.arrays.tensors import as_array
from fallline.errors import InputError, InputTypeError


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_tree_of_tensors_comes_back_as_it_was(dtype):
    """Structure, shape, type and values survive the flat vector; the tensors returned are new."""
    x0 = {"w": torch.arange(6, dtype=dtype).reshape(2, 3), "b": [torch.tensor(-1.0, dtype=dtype)]}
    flat, layout, whole = flatten(x0)
    assert flat.dtype == str(dtype).removeprefix("torch.") and flat.tolist() == [0, 1, 2, 3, 4, 5, -1] and not whole
    back = layout.unflatten(flat)
    assert torch.equal(back["w"], x0["w"]) and torch.equal(back["b"][0], x0["b"][0]) and back["w"].dtype == dtype
    back["w"][...] = 7
    assert flat[0] == 0 and x0["w"][0, 0] == 0


def test_each_tensor_keeps_its_own_type():
    """A float32 tensor beside a float64 one stays float32; whole numbers become float64."""
    flat, layout, whole = flatten([torch.ones(2, dtype=torch.float32), torch.tensor([3])])
    assert flat.dtype == np.float64 and whole
    assert [part.dtype for part in layout.unflatten(flat)] == [torch.float32, torch.float64]


def test_a_saved_layout_needs_no_torch():
    """Columns are NumPy's, and a layout read from a file gives arrays."""
    flat, layout, _ = flatten(torch.ones(2, 2))
    assert isinstance(layout.columns(flat[None]), np.ndarray)
    loaded = Layout.from_json(layout.to_json())
    assert isinstance(loaded.unflatten(flat), np.ndarray) and loaded == layout.of_arrays


def test_a_tensor_that_requires_its_gradient_is_read():
    """Parameters of a module are read without touching their graph."""
    weight = torch.nn.Parameter(torch.ones(2))
    assert as_array(weight).tolist() == [1, 1] and flatten(weight)[0].tolist() == [1, 1] and weight.grad is None


@pytest.mark.parametrize(
    ("x0", "error", "match"),
    [
        (torch.ones(2, dtype=torch.bfloat16), InputTypeError, "float64 or float32"),
        (torch.ones(2, dtype=torch.complex64), InputTypeError, "real numbers"),
        (torch.eye(2).to_sparse(), InputTypeError, "dense tensor"),
        ([torch.ones(2), np.ones(2)], InputTypeError, "torch tensors only"),
        ({"w": torch.ones(2), "b": 0.0}, InputTypeError, "torch tensors only"),
        (torch.ones(0), InputError, "at least one number"),
        (torch.tensor([1.0, torch.nan]), InputError, r"nan at x0\[1\]"),
    ],
)
def test_tensors_that_cannot_be_used_are_refused(x0, error, match):
    """Types that NumPy does not know, mixtures, and what is not finite are refused in one sentence."""
    with pytest.raises(error, match=match):
        flatten(x0)


def test_torch_is_not_loaded_for_those_who_have_not():
    """A run on arrays never imports torch."""
    code = "import sys, fallline as fl; fl.minimize(lambda t: t**2, 3.0); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_module_is_refused_with_where_its_parameters_are():
    """The sentence names the state dict and the functional call."""
    with pytest.raises(InputTypeError, match=r"not the module; got Linear\..*state_dict\(\).*functional_call"):
        flatten(torch.nn.Linear(2, 1))


@pytest.mark.parametrize("x0", [np.zeros(2, complex), torch.zeros(2, dtype=torch.complex128), 1j])
def test_complex_parameters_are_to_be_split(x0):
    """In NumPy, in torch, and alone."""
    with pytest.raises(InputTypeError, match=r"must be real numbers; got complex ones.*real and imaginary parts"):
        flatten(x0)
