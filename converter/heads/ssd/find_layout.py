"""Which outputs are offsets from anchors, and which are the scores that go with them."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.anchors import anchors_in
from converter.heads.decoding.box_formats import MOST, ordered_fraction, positive_fraction
from converter.heads.decoding.error_messages import listed
from converter.heads.decoding.feature_maps import Grid, Rows, grids, sizes_of
from converter.heads.evidence import Evidence
from converter.inputs.tensor import Tensor

NAME = "ssd"
ANCHOR_NAMES = re.compile("anchor|prior")
_SCORE_NAMES = re.compile("score|class|cls|logit|prob|conf")


@dataclass(frozen=True)
class OffsetsAndScores:
    """Offsets and scores of the same anchors."""

    offsets: Rows
    scores: Rows

    @property
    def names(self) -> tuple[str, ...]:
        """The outputs that they are from."""
        return tuple(dict.fromkeys(self.offsets.names + self.scores.names))


def find_lists(evidence: Evidence) -> OffsetsAndScores | None:
    """The one pair of lists [N, A, 4] and [N, A, C]; None without one.

    Where there are several, those that are no boxes come first, then those that fit the labels,
    then those whose names show what they are.

    Raises:
        HeadError: there are several, and the boxes are not decoded already.
    """
    lists = [output for output in lists_of(evidence) if not is_fixed(output, evidence)]
    pairs = [
        (offsets, scores)
        for offsets in lists
        for scores in lists
        if offsets is not scores and _may_be_pair(offsets, scores)
    ]
    raw = [pair for pair in pairs if not look_like_boxes(evidence.values[pair[0].name])]
    pairs = _narrowed(raw or pairs, evidence)
    if len(pairs) == 1:
        offsets, scores = pairs[0]
        return OffsetsAndScores(Rows((offsets,), 4), Rows((scores,), sizes_of(scores)[1]))
    if raw:
        raise _undecided(evidence)
    return None


def find_joined(evidence: Evidence) -> OffsetsAndScores | None:
    """The one list [N, A, 4+C] with offsets before the scores, where the user gives anchors or
    shows that it is this family; of several, that with as many rows as there are anchors.

    Raises:
        HeadError: there are several.
    """
    given = evidence.options.anchors
    if given is None and evidence.options.head != NAME:
        return None
    lists = [output for output in lists_of(evidence) if sizes_of(output)[1] > 4]
    if given is not None and len(lists) > 1:
        lists = [output for output in lists if sizes_of(output)[0] == len(given)] or lists
    if len(lists) > 1:
        raise _undecided(evidence)
    for output in lists:
        width = sizes_of(output)[1]
        return OffsetsAndScores(Rows((output,), width, (0, 4)), Rows((output,), width, (4, width)))
    return None


def find_maps(evidence: Evidence) -> OffsetsAndScores | None:
    """Two maps [N, h, w, 4a] and [N, h, w, Ca] for each of several levels, finest level first;
    None without them. Unless the user gives anchors, a is at least 2, because a head with one
    box in each cell needs no anchors.

    Raises:
        HeadError: it cannot be determined which are which.
    """
    given = evidence.options.anchors is not None
    levels = _levels(evidence)
    channels = {tuple(grid.channels for grid in level) for level in levels}
    if len(levels) < (1 if given else 2) or len(channels) != 1:
        return None
    first, second = zip(*levels, strict=True)
    orders = [(first, second)]
    if not all(_have_names(*level) for level in levels):
        if 4 in channels.pop() and not given:
            return None
        orders.append((second, first))
    found = [pair for order in orders for pair in _as_pair(*order, 1 if given else 2)]
    if len(found) > 1 and evidence.labels is not None:
        columns = (evidence.labels, evidence.labels + 1)
        found = [pair for pair in found if pair.scores.values in columns] or found
    if len(found) > 1:
        raise _undecided(evidence)
    return found[0] if found else None


def lists_of(evidence: Evidence) -> list[Tensor]:
    """The outputs float32 [N, A, values]."""
    return [
        output
        for output in evidence.outputs
        if output.dtype == "float32" and len(sizes_of(output)) == 2 and min(sizes_of(output)) > 0
    ]


def is_fixed(output: Tensor, evidence: Evidence, count: int | None = None) -> bool:
    """Whether an output can be ``count`` anchors: the same valid boxes on several images, or
    without a batch, or named so."""
    count = count or sizes_of(output)[0]
    if anchors_in(output, count, evidence) is None:
        return False
    several = evidence.values[output.name].size > 4 * count or len(sizes_of(output)) == 1
    return several or bool(ANCHOR_NAMES.search(output.name.lower()))


def look_like_boxes(values: np.ndarray) -> bool:
    """Whether they have ordered corners or positive sides, which offsets have by chance only."""
    return ordered_fraction(values) >= MOST or positive_fraction(values) >= MOST


def _narrowed(
    pairs: list[tuple[Tensor, Tensor]], evidence: Evidence
) -> list[tuple[Tensor, Tensor]]:
    if len(pairs) > 1 and evidence.labels is not None:
        columns = (evidence.labels, evidence.labels + 1)
        pairs = [pair for pair in pairs if sizes_of(pair[1])[1] in columns] or pairs
    if len(pairs) > 1:
        pairs = [pair for pair in pairs if _have_names(*pair)] or pairs
    return pairs


def _may_be_pair(offsets: Tensor, scores: Tensor) -> bool:
    """[N, A, 4] and [N, A, C]; names decide where C is 4 too."""
    (count, four), (other, columns) = sizes_of(offsets), sizes_of(scores)
    return count == other and four == 4 and (columns != 4 or _have_names(offsets, scores))


def _levels(evidence: Evidence) -> list[list[Grid]]:
    """The two grids of each level, that which is named like scores last, otherwise that with
    more channels."""
    by_size: dict[tuple[int, int], list[Grid]] = defaultdict(list)
    for grid in grids(evidence):
        by_size[grid.height, grid.width].append(grid)
    levels = [
        sorted(level, key=lambda grid: (_named_scores(grid), grid.channels))
        for level in by_size.values()
        if len(level) == 2 and not any(grid.channels_first for grid in level)
    ]
    return sorted(levels, key=lambda level: -level[0].cells)


def _as_pair(
    offsets: tuple[Grid, ...], scores: tuple[Grid, ...], least: int
) -> list[OffsetsAndScores]:
    """One pair if the channels allow for ``least`` boxes in a cell, else none."""
    boxes, rest = divmod(offsets[0].channels, 4)
    if rest or boxes < least or scores[0].channels % boxes:
        return []
    return [OffsetsAndScores(Rows(offsets, 4), Rows(scores, scores[0].channels // boxes))]


def _have_names(offsets: Tensor | Grid, scores: Tensor | Grid) -> bool:
    """Whether their names show what they are."""
    return _named_scores(scores) and not _named_scores(offsets)


def _named_scores(output: Tensor | Grid) -> bool:
    return bool(_SCORE_NAMES.search(output.name.lower()))


def _undecided(evidence: Evidence) -> HeadError:
    return HeadError(
        f"it cannot be determined which of the outputs ({listed(evidence)}) are offsets from "
        "anchors and "
        "which are scores: choose one of each only with --outputs, or export scores with 'class' "
        "in their names"
    )
