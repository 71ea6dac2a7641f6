"""Compiled kernels run anywhere."""

import os
import subprocess
import sys

import numpy as np

from fallline.losses import LOSSES
from fallline.objectives.rows_kernels import row_kernel


def test_a_cost_out_of_bounds_is_told_as_it_is():
    """A diverging run sees infinity and not a number where plain arithmetic would."""
    kernel = row_kernel(LOSSES["squared"], "C")
    with np.errstate(all="ignore"):
        assert kernel(np.ones((3, 1)), np.zeros(3), np.ones(3), np.array([1e200]), 0.0)[0] == np.inf
        assert np.isnan(kernel(np.ones((3, 1)), np.zeros(3), np.ones(3), np.array([np.nan]), 0.0)[0])


def test_kernels_work_where_nothing_can_be_written(tmp_path):
    """Without a place for its cache the compiled code is made anew, and the fit succeeds."""
    program = (
        "import numba.core.caching as caching\n"
        "caching.CacheImpl._locator_classes = []\n"
        "import numpy as np\n"
        "from fallline.losses import LOSSES\n"
        "from fallline.objectives.rows_kernels import row_kernel\n"
        "kernel = row_kernel(LOSSES['squared'], 'C')\n"
        "print(kernel(np.ones((2, 1)), np.zeros(2), np.ones(2), np.array([2.0]), 0.0)[0])\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert done.stdout.strip() == "4.0"
