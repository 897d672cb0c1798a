"""Outputs that belong together: lists of one length, or maps of one size, for one or more levels.

A list that is as long as another holds only part of what is known of each box, and the list of one
level only part of the boxes: neither is a detector's output on its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from converter.heads.decoding.feature_maps import grids, sizes_of
from converter.heads.evidence import Evidence
from converter.inputs.tensor import Tensor

_STRIDES = (4, 8, 16, 32, 64, 128)
_MOST_BOXES = 9  # in each cell: three scales in three proportions


@dataclass(frozen=True)
class OutputGroup:
    """Outputs with values for the same ``rows``: the name of each, and its ``columns`` for a
    row. ``of_maps``: the rows are the cells of maps."""

    rows: int
    parts: tuple[tuple[str, int], ...]
    of_maps: bool = False

    @property
    def columns(self) -> tuple[int, ...]:
        """The numbers of columns, the smallest first."""
        return tuple(sorted(columns for _, columns in self.parts))

    def names(self, columns: int) -> list[str]:
        """The outputs with so many columns."""
        return [name for name, number in self.parts if number == columns]


def find_groups(evidence: Evidence) -> tuple[OutputGroup, ...]:
    """The levels of a head with several outputs each, the finest first: lists [N, A, columns] or
    [N, columns, A], otherwise maps. One group where there is one level; none where the groups
    differ in their columns, or an output stands alone."""
    maps = [(grid.cells, grid.name, grid.channels) for grid in grids(evidence)]
    for groups in (_grouped(_lists(evidence), False), _grouped(maps, True)):
        alike = {group.columns for group in groups}
        if len(alike) == 1 and len(alike.pop()) > 1:
            return groups
    return ()


def _lists(evidence: Evidence) -> list[tuple[int, str, int]]:
    """Rows, name and columns of all lists; the rows are along the axis that is longer over
    all."""
    lists = [output for output in evidence.outputs if _is_list(output)]
    lengths = [sum(sizes_of(output)[axis] for output in lists) for axis in (0, 1)]
    rows = int(lengths[1] > lengths[0])
    return [(sizes_of(output)[rows], output.name, sizes_of(output)[1 - rows]) for output in lists]


def _grouped(entries: Sequence[tuple[int, str, int]], of_maps: bool) -> tuple[OutputGroup, ...]:
    """The groups of outputs with as many rows, from rows, name and columns of each."""
    by_rows: dict[int, list[tuple[str, int]]] = defaultdict(list)
    for rows, name, columns in entries:
        by_rows[rows].append((name, columns))
    lengths = sorted(by_rows, reverse=True)
    return tuple(OutputGroup(rows, tuple(by_rows[rows]), of_maps) for rows in lengths)


def _is_list(output: Tensor) -> bool:
    sizes = sizes_of(output)
    return output.dtype == "float32" and len(sizes) == 2 and min(sizes) > 0


def cells_of_strides(input_size: tuple[int, int]) -> dict[int, set[int]]:
    """For each usual stride the numbers of cells that a map of the input may have, with the last
    cells whole or left out."""
    height, width = input_size
    return {
        stride: {(height // stride) * (width // stride), -(-height // stride) * -(-width // stride)}
        for stride in _STRIDES
    }


def are_levels(rows: Sequence[int], input_size: tuple[int, int]) -> bool:
    """Whether two or more lists have the lengths of the levels of one head: each is the cells of
    another stride, times one number of boxes in a cell."""
    if len(set(rows)) < 2:
        return False
    levels = cells_of_strides(input_size).values()
    return any(
        all(any(count in {boxes * cells for cells in level} for level in levels) for count in rows)
        for boxes in range(1, _MOST_BOXES + 1)
    )
