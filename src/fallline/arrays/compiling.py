"""Compiling: small programs in haste, large ones with all that XLA can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["QUICK", "compiled_soon"]

QUICK = {
    "xla_cpu_use_fusion_emitters": False,
    "xla_backend_optimization_level": 2,
    "xla_cpu_parallel_codegen_split_count": 1,
    "xla_cpu_copy_insertion_use_region_analysis": True,
    "xla_disable_hlo_passes": "tree_reduction_rewriter,while-loop-invariant-code-motion,"
    "while-loop-expensive-invariant-code-motion",
}
"""What XLA leaves out for small programs: they then compile in a third of the time or less, and run faster.

What a loop does not change is not taken out of it: each such number would be a kernel of its own. A program is compiled
in one piece, since cut up for several threads it takes longer; and a loop's state is copied only where it must be.
"""

UNKNOWN = "No such compile option"
"""What XLA says of a setting that it has, or had, in another version."""


def compiled_soon(function: Callable[..., Any], *, small: bool) -> Callable[..., Any]:
    """Return `function` compiled by JAX when it is first called, a `small` program with XLA's settings in `QUICK`.

    Settings differ between versions of XLA: where one of them is unknown, the program is compiled without any.

    Examples
    --------
    >>> float(compiled_soon(lambda x: x + 1, small=True)(2.0))
    3.0
    """
    import jax

    if not small:
        return jax.jit(function)
    known = jax.jit(function, compiler_options=QUICK)

    def call(*given: Any) -> Any:
        nonlocal known
        try:
            return known(*given)
        except jax.errors.JaxRuntimeError as error:
            if UNKNOWN not in str(error):
                raise
        known = jax.jit(function)
        return known(*given)

    return call
