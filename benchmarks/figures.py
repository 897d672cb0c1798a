"""What a benchmark has measured: figures with their samples, and the tables that show them.

The tables of ``python3 -m benchmarks`` and the runs that ``--save`` stores are made of the same
figures, so that whatever is shown can be compared later.
"""

from typing import Dict, Iterable, List, NamedTuple, Sequence, Tuple

import numpy as np
from rich.table import Table

LESS, MORE, NEITHER = "less", "more", "neither"
_FEW = 8  # samples, below which quartiles mean nothing


class Figure(NamedTuple):
    """One cell of a table.

    Attributes:
        row: of the table.
        column: of the table.
        unit: such as ``ms`` or ``/s``; empty for a ratio.
        samples: of the parts of the run, one value for each: rounds of a loop, or sessions of a
            node. The cell shows their median.
        better: whether ``less`` or ``more`` is better; ``neither`` is shown only.
        ours: whether it is of this project. What is not, such as a bare loop, changes with the
            machine alone.
        digits: that are shown behind the point.
    """

    row: str
    column: str
    unit: str
    samples: Tuple[float, ...]
    better: str = LESS
    ours: bool = True
    digits: int = 2

    @property
    def value(self) -> float:
        """The median of the samples."""
        return float(np.median(self.samples))

    @property
    def spread(self) -> float:
        """How far samples of the same run lie apart: between the quartiles of many, and between
        the ends of few."""
        ends = (0, 100) if len(self.samples) < _FEW else (25, 75)
        low, high = np.percentile(self.samples, ends)
        return float(high - low)


class Sheet(NamedTuple):
    """The figures of one table.

    Attributes:
        key: tells its figures from those of other tables, when runs are compared.
        title: above the table.
        head: of the column with the names of the rows.
        figures: of any rows and columns, in the order in which they are shown.
        caption: what the reader has to know.
    """

    key: str
    title: str
    head: str
    figures: Sequence[Figure]
    caption: str = ""

    def table(self) -> Table:
        """Rows and columns in the order of their first figures. The unit stands in the head of
        a column that has but one, and else beside the names of the rows."""
        columns = _units(self.figures, by_row=False)
        rows = _units(self.figures, by_row=True)
        cells = {(one.row, one.column): f"{one.value:.{one.digits}f}" for one in self.figures}
        heads = [_with_unit(name, found) for name, found in columns.items()]
        table = Table(self.head, *heads, title=self.title, caption=self.caption or None)
        mixed = {name for name, found in columns.items() if len(set(found)) > 1}
        for row, found in rows.items():
            beside = [unit for name, unit in zip(self._columns_of(row), found) if name in mixed]
            shown = (cells.get((row, column), "") for column in columns)
            table.add_row(_with_unit(row, beside), *shown)
        return table

    def _columns_of(self, row: str) -> List[str]:
        return [figure.column for figure in self.figures if figure.row == row]


def samples_of(values: Iterable[float]) -> Tuple[float, ...]:
    """Samples of whatever NumPy gives."""
    return tuple(float(value) for value in values)


def _units(figures: Sequence[Figure], by_row: bool) -> Dict[str, List[str]]:
    """The units in each row, or in each column."""
    units: Dict[str, List[str]] = {}
    for figure in figures:
        units.setdefault(figure.row if by_row else figure.column, []).append(figure.unit)
    return units


def _with_unit(name: str, units: Sequence[str]) -> str:
    """``node/s``, ``p50 ms``; the name alone where there are several units, or none."""
    if len(set(units)) != 1 or not units[0]:
        return name
    return f"{name}{'' if units[0].startswith('/') else ' '}{units[0]}"
