"""The trace of a run: every step kept, in columns."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from fallline.arrays.layout import Layout, Leaf
from fallline.trace.drawing import view
from fallline.trace.record import Record
from fallline.trace.recorder import NAMES, Rows

if TYPE_CHECKING:
    import pandas
    import pyarrow

__all__ = ["Trace"]


class Trace:
    """The steps of a run in columns; row 0 is the start.

    A row's rate and step are those that led to it. Indexing gives a `Record`, slicing a `Trace`.

    Parameters
    ----------
    blocks : Rows or list of Rows
        The steps in order, with flat parameters; a column is joined when it is first asked for.
    layout : Layout, optional
        How the user's parameters lie in a flat row; an array of shape (d,) by default.
    note : str
        Why these steps were taken, where the method was chosen for the data.

    Examples
    --------
    >>> import fallline as fl
    >>> trace = fl.minimize(lambda theta: theta**2, 3.0, learning_rate=0.25, max_iterations=2).trace
    >>> trace.x
    array([3.  , 1.5 , 0.75])
    >>> trace[1].fun
    2.25
    """

    def __init__(self, blocks: Rows | list[Rows], layout: Layout | None = None, note: str = "") -> None:
        self._blocks = [blocks] if isinstance(blocks, Rows) else blocks
        x = self._blocks[0].x
        self.layout = layout or Layout(Leaf("array", (x.shape[1],), 0), x.shape[1], x.dtype)
        self.note = note
        self._columns: dict[str, np.ndarray] = {}

    def _column(self, name: str) -> np.ndarray:
        if name not in self._columns:
            parts = [getattr(block, name) for block in self._blocks]
            self._columns[name] = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return self._columns[name]

    @property
    def blocks(self) -> list[Rows]:
        """The steps as they were kept, block by block."""
        return self._blocks

    @property
    def _rows(self) -> Rows:
        return Rows(*(self._column(name) for name in NAMES))

    @property
    def iteration(self) -> np.ndarray:
        """Iteration numbers, shape (n,)."""
        return self._column("iteration")

    @property
    def x(self) -> Any:
        """The iterates, shape ``(n, *shape of x0)``, in the structure of ``x0``."""
        return self.layout.columns(self._column("x"))

    @property
    def flat_x(self) -> np.ndarray:
        """The iterates as flat rows, shape (n, d)."""
        return self._column("x")

    @property
    def fun(self) -> np.ndarray:
        """The cost at each iterate, shape (n,)."""
        return self._column("fun")

    @property
    def gradient_norm(self) -> np.ndarray:
        """The 2-norm of the gradient at each iterate, shape (n,)."""
        return self._column("gradient_norm")

    @property
    def learning_rate(self) -> np.ndarray:
        """The rate that led to each iterate, shape (n,); not a number at the start."""
        return self._column("learning_rate")

    @property
    def step_norm(self) -> np.ndarray:
        """The 2-norm of the step that led to each iterate, shape (n,); not a number at the start."""
        return self._column("step_norm")

    @property
    def seconds(self) -> np.ndarray:
        """Seconds since the run began, shape (n,)."""
        return self._column("seconds")

    def __len__(self) -> int:
        return sum(map(len, self._blocks))

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Trace: ...
    def __getitem__(self, index: int | slice) -> Record | Trace:
        if isinstance(index, slice):
            return Trace(self._rows.take(index), self.layout, self.note)
        row = range(len(self))[index]
        return Record(
            int(self.iteration[row]),
            self.layout.unflatten(self.flat_x[row].copy()),
            float(self.fun[row]),
            float(self.gradient_norm[row]),
            float(self.learning_rate[row]),
            float(self.step_norm[row]),
            float(self.seconds[row]),
        )

    def __iter__(self) -> Iterator[Record]:
        return (self[row] for row in range(len(self)))

    def __str__(self) -> str:
        return view("trace_text")(self)

    def __repr__(self) -> str:
        if len(self) == 0:
            return "Trace(0 rows)"
        return f"Trace({len(self)} rows, iterations {self.iteration[0]} to {self.iteration[-1]})"

    def _repr_html_(self) -> str:
        return view("trace_html")(self)

    def to_dict(self) -> dict[str, np.ndarray]:
        """Return the columns by name; each parameter is a column of its own: ``x``, ``x[0]``, ``w[0, 1]``.

        A parameter that is named as another column has an ``x.`` before its name: ``x.fun``.
        """
        others = {name: getattr(self, name) for name in NAMES if name not in ("iteration", "x")}
        table: dict[str, np.ndarray] = {"iteration": self.iteration}
        for j, name in enumerate(self.layout.names()):
            free = name
            while free in table or free in others:
                free = f"x.{free}"
            table[free] = self.flat_x[:, j]
        return table | others

    def to_pandas(self) -> pandas.DataFrame:
        """Return the table as a pandas data frame."""
        import pandas

        return pandas.DataFrame(self.to_dict())

    def to_arrow(self) -> pyarrow.Table:
        """Return the table as a PyArrow table."""
        import pyarrow

        return pyarrow.table({name: np.ascontiguousarray(column) for name, column in self.to_dict().items()})

    def save(self, path: str | PathLike[str]) -> None:
        """Write the trace to a file that `Trace.load` reads; data only, nothing in it is ever executed."""
        from fallline.trace.files import save_rows

        save_rows(path, self._rows, self.layout, self.note)

    @staticmethod
    def load(path: str | PathLike[str]) -> Trace:
        """Read a trace that `Trace.save` wrote.

        Raises
        ------
        FileError
            Where the file is missing, is no trace, or was altered.
        """
        from fallline.trace.files import load_rows

        return Trace(*load_rows(path))
