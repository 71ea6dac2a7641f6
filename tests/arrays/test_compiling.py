"""Small programs are compiled in haste, and whatever XLA says of the settings, they are compiled."""

import jax
import numpy as np
import pytest

from fallline.arrays import compiling
from fallline.arrays.compiling import compiled_soon


def pairwise_sum(x):
    return jax.numpy.sum(x[1:] * x[:-1])


@pytest.mark.parametrize("small", [True, False])
def test_a_compiled_program_gives_what_the_function_does(small):
    """The settings change how a program is compiled, not what it gives."""
    x = np.arange(100, dtype=np.float32)
    assert compiled_soon(pairwise_sum, small=small)(x) == np.sum(x[1:] * x[:-1])


def test_a_setting_that_xla_does_not_know_is_done_without(monkeypatch):
    """A version of XLA without one of the settings compiles the program all the same."""
    monkeypatch.setitem(compiling.QUICK, "xla_cpu_setting_of_the_past", True)
    program = compiled_soon(pairwise_sum, small=True)
    assert program(np.arange(4.0, dtype=np.float32)) == 8.0
    assert program(np.arange(3.0, dtype=np.float32)) == 2.0


def test_other_errors_of_a_program_are_not_hidden():
    """What goes wrong in running a program is told, as JAX tells it."""

    def refuse(x):
        raise ArithmeticError("it cannot be")

    def broken(x):
        return jax.pure_callback(refuse, jax.ShapeDtypeStruct((), np.float32), x)

    with pytest.raises(jax.errors.JaxRuntimeError, match="it cannot be"):
        compiled_soon(broken, small=True)(np.float32(1)).block_until_ready()
