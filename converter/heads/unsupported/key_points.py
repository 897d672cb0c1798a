"""Networks that find key points: of persons, hands and faces."""

from __future__ import annotations

from converter.heads.decoding.feature_maps import grids, sizes_of
from converter.heads.decoding.output_groups import OutputGroup, find_groups
from converter.heads.decoding.scores import are_probabilities
from converter.heads.evidence import Evidence
from converter.heads.unsupported.landmarks import (
    COLUMNS,
    SCORES_OF_FACES,
    are_boxes_with_landmarks,
    are_landmarks,
)

# A person in COCO has 17 points, a hand 21, with x, y and maybe a score: for the most certain
# person, or for six with a box too, https://www.tensorflow.org/hub/tutorials/movenet.
_POSE, POSES = ((17, 3), (17, 2), (21, 3), (21, 2)), (6, 56)
# BlazeFace, https://arxiv.org/abs/1907.05047, gives a box and six points of a face; of the same
# kind are MediaPipe's detectors of palms and of persons.
_FACES = {16: "a BlazeFace", 18: "a palm detector", 12: "a detector of persons by key points"}
_NO_POINTS = "there is no bundle for key points"


def find_points(evidence: Evidence) -> str:
    """What the outputs are, where they are key points without or with boxes; else an empty
    text."""
    for output in evidence.outputs:
        sizes = sizes_of(output)
        if sizes in _POSE or (sizes[:1] == (1,) and sizes[1:] in _POSE):
            return f"a pose model, which finds {sizes[-2]} points: {_NO_POINTS}"
        if sizes == POSES:
            return f"a pose model, which finds 17 points of persons: {_NO_POINTS}"
    groups = find_groups(evidence)
    if not groups or groups[0].of_maps:
        return _heatmaps(evidence)
    return _faces(groups, evidence) or _faces_of_levels(groups, evidence)


def _faces(groups: tuple[OutputGroup, ...], evidence: Evidence) -> str:
    """Lists of boxes with points in one row, and of one score; or both and a quality, as the
    first YuNet has: 4 + 10, 2 and 1. Probabilities after the box are class scores."""
    *others, values = groups[0].columns
    known = others == [1] and values in _FACES
    if not known and (values != 4 + COLUMNS or tuple(others) not in SCORES_OF_FACES):
        return ""
    if all(_has_class_scores(name, values, evidence) for name in _all_names(groups, values)):
        return ""
    kind = _FACES.get(values, "a face detector")
    return (
        f"{kind}: each row of {', '.join(_all_names(groups, values))} has a box and "
        f"{(values - 4) // 2} points, relative to anchors that are not in the outputs: "
        f"{_NO_POINTS}. Export decoded boxes [N, A, 4] of all levels beside the scores [N, A, 1], "
        "without the points"
    )


def _has_class_scores(name: str, columns: int, evidence: Evidence) -> bool:
    values = evidence.values[name]
    rows = values if values.shape[2] == columns else values.transpose(0, 2, 1)
    return are_probabilities(rows[..., 4:])


def _faces_of_levels(groups: tuple[OutputGroup, ...], evidence: Evidence) -> str:
    """For each of several levels boxes, five points and scores. Of one level, or all together,
    boxes and scores can be read without the points, see
    ``landmark_names``."""
    if len(groups) < 2 or not are_boxes_with_landmarks(groups[0]):
        return ""
    if not all(are_landmarks(group, evidence) for group in groups):
        return ""
    return (
        f"a face detector before its decoding, such as SCRFD or YuNet: {len(groups)} levels with "
        f"boxes, scores and five points ({', '.join(_all_names(groups, COLUMNS))}): {_NO_POINTS}"
        ". Export decoded boxes [N, A, 4] of all levels beside the scores [N, A, 1], without the "
        "points"
    )


def _all_names(groups: tuple[OutputGroup, ...], columns: int) -> list[str]:
    return [name for group in groups for name in group.names(columns)]


def _heatmaps(evidence: Evidence) -> str:
    """A map with a channel for each point beside one with two, as in PoseNet,
    https://arxiv.org/abs/1803.08225."""
    sizes = {(grid.height, grid.width): grid for grid in grids(evidence)}
    channels = sorted(grid.channels for grid in grids(evidence))
    points = channels[0] if channels else 0
    alike = len(sizes) == 1 and len(channels) in (2, 4) and points in (17, 21)
    if not alike or channels[1] != 2 * points:
        return ""
    return (
        f"a pose model: heatmaps of {points} points, and maps with the offset of each point: "
        f"{_NO_POINTS}"
    )
