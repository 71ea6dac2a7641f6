"""PyArrow's functions on columns; they are made at run time, so that type checkers know none of them."""

from typing import Any

import pyarrow.compute

__all__ = ["compute"]

compute: Any = pyarrow.compute
