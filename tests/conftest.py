"""What every test stands on: one BLAS thread, JAX on the processor, no window, the same random examples each time."""

import os

os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
os.environ |= {"JAX_PLATFORMS": "cpu", "MPLBACKEND": "Agg", "KERAS_BACKEND": "tensorflow"}
os.environ |= {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
for name in ("FALLLINE_LANG", "FORCE_COLOR", "NO_COLOR", "COLUMNS"):
    os.environ.pop(name, None)

from collections.abc import Iterator

import pytest
from hypothesis import settings
from threadpoolctl import threadpool_limits

settings.register_profile("fallline", deadline=None, derandomize=True, max_examples=30)
settings.load_profile("fallline")


@pytest.fixture(autouse=True, scope="session")
def one_blas_thread() -> Iterator[None]:
    """Hold BLAS to one thread, also where NumPy was imported before the environment was set."""
    with threadpool_limits(limits=1, user_api="blas"):
        yield
