"""Lists that hold only one level each of a head, or only a part of what a box has."""

from __future__ import annotations

from collections import defaultdict

from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.decoding.output_groups import are_levels, find_groups
from converter.heads.dfl.find_layout import find_distances
from converter.heads.evidence import Evidence


def find_level_lists(evidence: Evidence) -> str:
    """What the outputs are, where they are lists for several levels; else an empty text. Where
    the user gives anchors, the outputs are maps or have distributions, families may take them."""
    if evidence.options.anchors is not None or find_distances(evidence) is not None:
        return ""
    rows = _rows_of_lists(evidence)
    if not rows or not are_levels(rows, evidence.input_size):
        return ""
    return (
        f"a detector of {len(set(rows))} levels, with lists for each of them, of which none is "
        "complete. Export the model with the levels put together: rows [N, A, 4+C], or decoded "
        "boxes [N, A, 4] in pixels beside scores [N, A, C]"
    )


def _rows_of_lists(evidence: Evidence) -> list[int]:
    """The lengths of the lists of each level: of groups with the same columns, or of single
    lists with the same columns; none where the lists differ."""
    groups = find_groups(evidence)
    maps = [output for output in evidence.outputs if len(sizes_of(output)) == 3]
    if groups and not maps:
        return [group.rows for group in groups]
    by_columns: dict[int, list[int]] = defaultdict(list)
    for output in evidence.outputs:
        sizes = sizes_of(output)
        if output.dtype == "float32" and len(sizes) == 2:
            by_columns[min(sizes)].append(max(sizes))
    return next(iter(by_columns.values())) if len(by_columns) == 1 else []
