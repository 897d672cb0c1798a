"""Networks that find key points: of persons, hands and faces."""

from __future__ import annotations

from converter.heads.decoding.feature_maps import grids, sizes_of
from converter.heads.decoding.output_groups import OutputGroup, find_groups
from converter.heads.evidence import Evidence

# A person in COCO has 17 points, a hand 21, with x, y and maybe a score: for the most certain
# person, or for six with a box too, https://www.tensorflow.org/hub/tutorials/movenet.
_POSE, POSES = ((17, 3), (17, 2), (21, 3), (21, 2)), (6, 56)
# BlazeFace, https://arxiv.org/abs/1907.05047, gives a box and six points of a face; of the same
# kind are MediaPipe's detectors of palms and of persons.
_FACES = {16: "a BlazeFace", 18: "a palm detector", 12: "a detector of persons by key points"}
# What a face detector may have beside boxes and points: scores, maybe with the background or a
# quality, https://arxiv.org/abs/1905.00641, RetinaFace, https://arxiv.org/abs/2105.04714, SCRFD.
_LANDMARKS, SCORES_OF_FACES = 10, {(1,), (2,), (1, 1), (1, 2)}
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
    return _faces(groups) or _faces_of_levels(groups)


def _faces(groups: tuple[OutputGroup, ...]) -> str:
    """Lists of boxes with points in one row, and of one score; or both and a quality, as the
    first YuNet has: 4 + 10, 2 and 1."""
    *others, values = groups[0].columns
    known = others == [1] and values in _FACES
    if not known and (values != 4 + _LANDMARKS or tuple(others) not in SCORES_OF_FACES):
        return ""
    kind = _FACES.get(values, "a face detector")
    return (
        f"{kind}: each row of {', '.join(_all_names(groups, values))} has a box and "
        f"{(values - 4) // 2} points, relative to anchors that are not in the outputs: "
        f"{_NO_POINTS}. Export decoded boxes [N, A, 4] of all levels beside the scores [N, A, 1], "
        "without the points"
    )


def _faces_of_levels(groups: tuple[OutputGroup, ...]) -> str:
    """For each of several levels boxes, five points and scores. Of one level, or all together,
    boxes and scores can be read without the points, see ``landmark_names``."""
    if len(groups) < 2 or not are_boxes_with_landmarks(groups[0]):
        return ""
    return (
        f"a face detector before its decoding, such as SCRFD or YuNet: {len(groups)} levels with "
        f"boxes, scores and five points ({', '.join(_all_names(groups, _LANDMARKS))}): {_NO_POINTS}"
        ". Export decoded boxes [N, A, 4] of all levels beside the scores [N, A, 1], without the "
        "points"
    )


def are_boxes_with_landmarks(group: OutputGroup) -> bool:
    """Whether outputs have the columns of a face detector: a box, five points, and scores."""
    others = list(group.columns)
    if 4 not in others or _LANDMARKS not in others:
        return False
    others.remove(4)
    others.remove(_LANDMARKS)
    return tuple(others) in SCORES_OF_FACES


def landmark_names(evidence: Evidence) -> list[str]:
    """The outputs with the points of a face beside boxes and scores that can be read without
    them, as RetinaFace has them for all its anchors; none where ten columns may be classes."""
    groups = find_groups(evidence)
    if len(groups) != 1 or groups[0].of_maps or not are_boxes_with_landmarks(groups[0]):
        return []
    return [] if evidence.labels in (_LANDMARKS, _LANDMARKS - 1) else groups[0].names(_LANDMARKS)


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
