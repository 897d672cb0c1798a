"""Whether a list has all boxes of a network, with all that is known of each.

Heads with several outputs have lists that look like rows of boxes and class scores, such as the
scores of one level: 80 probabilities are four sides above 0 and 76 classes.
"""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.decoding.output_groups import are_levels, cells_of_strides
from converter.heads.decoding.scores import TOLERANCE, activated, are_probabilities
from converter.heads.evidence import Evidence
from converter.heads.yolo.layout import SIDES, Layout
from converter.inputs.tensor import Tensor

# Along a list row by row, y is correlated with the place in it by nearly 1, x by nearly 0. Fewer
# boxes may be so by chance.
_ALONG, _ACROSS, _FEWEST = 0.75, 0.5, 20
_LOW = 0.25  # more than the mean of the scores of a class over all boxes


def is_complete(name: str, layout: Layout, evidence: Evidence) -> bool:
    """Whether an output is such a list: neither one level of several, nor as long as another list
    that has the rest, unless labels fit or its values show that it begins with boxes.

    Raises:
        HeadError: an output that ``--outputs`` leaves out shows that it is none, or another may
            be the objectness.
    """
    if _is_level(name, layout, evidence):
        return False
    rows = layout.rows(evidence.values[name])
    shown = layout.classes == evidence.labels or begin_with_boxes(rows)
    others = [output for output in evidence.outputs if output.name != name]
    if any(not shown and _is_as_long(layout, other) for other in others):
        return False
    _check_no_objectness(name, layout, rows, evidence)
    for other in evidence.left_out:
        if _is_as_long(layout, other) and (not shown or _is_single(other)):
            raise HeadError(
                f"output {name} has as many rows as {other.name}, which --outputs leaves out: each "
                "is only a part of what the network finds. Leave --outputs out, or give --head "
                "yolo if the rows are boxes with all of their class scores"
            )
    return shown or not (_has_cells_of_one_level(layout, evidence) and _are_all_scores(rows))


def _is_as_long(layout: Layout, other: Tensor) -> bool:
    """Whether another list has as many rows, so that it may have a part of what is known of each
    box."""
    return len(sizes_of(other)) == 2 and layout.anchors in sizes_of(other)


def _is_single(other: Tensor) -> bool:
    """Whether it has a single value for each box, which may have to be multiplied."""
    return 1 in sizes_of(other)


def _check_no_objectness(name: str, layout: Layout, rows: np.ndarray, evidence: Evidence) -> None:
    """
    Raises:
        HeadError: another output has one value for each box, which is neither the best score of
            the box nor its class.
    """
    for other in evidence.outputs:
        single = other.name != name and _is_as_long(layout, other) and _is_single(other)
        if single and not _repeats_best(evidence.values[other.name], rows):
            raise HeadError(
                f"beside the rows of boxes and scores in {name} there is {other}, which may be an "
                "objectness of each box: give --head yolo or yolo-objectness to leave it out, or "
                "export the rows with it"
            )


def _repeats_best(values: np.ndarray, rows: np.ndarray) -> bool:
    """Whether a value for each box is its best score, with or without an objectness, or the number
    of its best class."""
    if values.size != rows[..., 0].size:
        return False
    scores = rows[..., SIDES:]
    classes = scores[..., 1:] if scores.shape[-1] > 1 else scores
    best, with_object = scores.max(axis=-1), classes.max(axis=-1) * scores[..., 0]
    numbers = (scores.argmax(axis=-1), classes.argmax(axis=-1))
    ways = (best, activated(best, "sigmoid"), with_object, *numbers)
    return any(np.allclose(values.reshape(way.shape), way, atol=TOLERANCE) for way in ways)


def begin_with_boxes(rows: np.ndarray) -> bool:
    """Whether the values of ``[images, A, values]`` show that each row begins with a box: its
    centres go over the image row by row, or it is in pixels, and the rest are probabilities, or
    all are fractions, and the centres are about the middle of the image, the rest mostly low."""
    if _go_over_the_image(rows[..., :2]):
        return True
    if not are_probabilities(rows[..., SIDES:]):
        return False
    return not are_probabilities(rows[..., :SIDES]) or _lie_about_the_middle(rows)


def _lie_about_the_middle(rows: np.ndarray) -> bool:
    """Whether boxes in fractions do so on average, unlike the scores of the same rows."""
    means = np.nan_to_num(rows).mean(axis=(0, 1))
    middle = (means[:2] > _LOW) & (means[:2] < 1 - _LOW)
    return bool(middle.all() and means[SIDES:].max() < _LOW)


def _is_level(name: str, layout: Layout, evidence: Evidence) -> bool:
    """Whether other outputs have as many values in a row, and rows as another level has."""
    lengths = {
        max(sizes_of(other))
        for other in (*evidence.outputs, *evidence.left_out)
        if other.name != name and len(sizes_of(other)) == 2 and layout.values in sizes_of(other)
    }
    return any(are_levels((layout.anchors, length), evidence.input_size) for length in lengths)


def _has_cells_of_one_level(layout: Layout, evidence: Evidence) -> bool:
    return any(layout.anchors in cells for cells in cells_of_strides(evidence.input_size).values())


def _are_all_scores(rows: np.ndarray) -> bool:
    """Whether all columns of ``[images, A, values]`` may be class scores: probabilities, of which
    the first two are not larger than the rest, as centres in fractions of the image are."""
    means = np.nan_to_num(rows).mean(axis=(0, 1))
    return are_probabilities(rows) and bool(means[:2].min() <= means[SIDES:].max())


def _go_over_the_image(centres: np.ndarray) -> bool:
    """Whether y of x, y ``[images, A, 2]`` grows steadily along the list while x does not; with
    several levels, along its first half, where the finest is. True without finite boxes."""
    finite = np.isfinite(centres).all(axis=(0, 2))
    places, means = np.flatnonzero(finite), centres[:, finite].astype(np.float64).mean(axis=0)
    if not len(places):
        return True
    half = int((places < centres.shape[1] / 2).sum())
    return any(_grow_in_y(means[:end], places[:end]) for end in (half, len(places)))


def _grow_in_y(centres: np.ndarray, places: np.ndarray) -> bool:
    if len(places) < _FEWEST or (centres.std(axis=0) == 0).any():
        return False
    x, y = (np.corrcoef(centres[:, axis], places)[0, 1] for axis in (0, 1))
    return bool(y > _ALONG and abs(x) < _ACROSS)
