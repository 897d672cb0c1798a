"""Networks for tasks that have no bundle, recognised by their outputs: poses, masks of objects, and
boxes that are still to be put together.

Read as detections, some of these would seem to work, with classes or boxes that mean nothing.
"""

from __future__ import annotations

from converter.errors import HeadError
from converter.heads.decoding.error_messages import listed
from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.evidence import Evidence
from converter.inputs.tensor import Tensor

# A person in COCO has 17 points with x, y and a score, for the most certain person, or for six
# with a box too, https://www.tensorflow.org/hub/tutorials/movenet.
_POSE, POSES = (17, 3), (6, 56)
# Coefficients of the mask of an object, https://arxiv.org/abs/1904.02689, YOLACT, as in YOLO.
PROTOTYPES = 32
# YOLOv8's boxes have 16 values for the distance to each side, https://arxiv.org/abs/2006.04388.
DISTANCES = 64
# BlazeFace, https://arxiv.org/abs/1907.05047, gives a box and six points of a face.
FACE = 16
# YOLOv3 and v4, https://arxiv.org/abs/1804.02767: anchors in each cell of a map, and what each
# of them has before the scores of the classes.
IN_CELL, BEFORE, _COARSEST = 3, 5, 32


def refuse_unsupported_tasks(evidence: Evidence) -> None:
    """Refuse outputs that clearly belong to a task that is not supported.

    Raises:
        HeadError: they do; the message names the task.
    """
    for find in (_pose, _masks, _distances, _faces, _raw_maps):
        found = find(evidence)
        if found:
            raise HeadError(f"the outputs ({listed(evidence)}) are those of {found}")


def _pose(evidence: Evidence) -> str:
    for output in evidence.outputs:
        if sizes_of(output)[-2:] == _POSE or sizes_of(output) == POSES:
            return "a pose model, which finds 17 points of a person: there is no bundle for poses"
    return ""


def _masks(evidence: Evidence) -> str:
    """Rows of YOLO beside a map of prototypes."""
    maps = [sizes_of(o) for o in evidence.outputs if len(sizes_of(o)) == 3]
    prototypes = any(PROTOTYPES in (sizes[0], sizes[2]) for sizes in maps)
    rows = [output for output in evidence.outputs if _may_be_rows(output)]
    if len(evidence.outputs) == 2 and prototypes and len(rows) == 1:
        return (
            f"an instance segmentation model: {rows[0].name} has {PROTOTYPES} coefficients of a "
            "mask after the classes. There is no bundle for masks of objects: export the detection "
            "model, or give --head yolo if these are rows of boxes and classes alone"
        )
    return ""


def _may_be_rows(output: Tensor) -> bool:
    sizes = sizes_of(output)
    return len(sizes) == 2 and min(sizes) > PROTOTYPES + 4


def _distances(evidence: Evidence) -> str:
    """Two lists of one length, of which one has 64 values for each box."""
    lists = [output for output in evidence.outputs if len(sizes_of(output)) == 2]
    if len(lists) != 2 or evidence.labels == DISTANCES:
        return ""
    boxes, scores = sorted(lists, key=lambda output: sizes_of(output)[1] != DISTANCES)
    (rows, values), (others, columns) = sizes_of(boxes), sizes_of(scores)
    if values != DISTANCES or others != rows or (columns == 4 and "box" not in boxes.name.lower()):
        return ""
    return (
        f"a YOLOv8 whose boxes are not put together yet: {boxes.name} has 16 values for the "
        "distance to each of four sides. Export the model with its decoding, as boxes [N, A, 4] in "
        "pixels beside the scores"
    )


def _faces(evidence: Evidence) -> str:
    """Two lists of one length, with one score and a box with six points for each anchor."""
    lists = [sizes_of(output) for output in evidence.outputs if len(sizes_of(output)) == 2]
    if len(lists) != 2 or len({rows for rows, _ in lists}) > 1:
        return ""
    if sorted(columns for _, columns in lists) != [1, FACE]:
        return ""
    return (
        "a BlazeFace, whose boxes and points are relative to anchors that are not in the outputs: "
        "there is no bundle for points of a face. Export decoded boxes [N, A, 4] beside the scores"
    )


def _raw_maps(evidence: Evidence) -> str:
    """Maps of several sizes, each half of the next, the coarsest 1/32 of the input, with one
    number of channels."""
    sizes = sorted(sizes_of(output) for output in evidence.outputs)
    if len(sizes) < 2 or any(len(size) != 3 for size in sizes):
        return ""
    if sizes[0][0] * _COARSEST != evidence.input_size[0]:
        return ""
    values, rest = divmod(sizes[0][2], IN_CELL)
    halves = all(
        (2 * small[0], 2 * small[1], small[2]) == large
        for small, large in zip(sizes, sizes[1:], strict=False)
    )
    if not halves or rest or values <= BEFORE or sizes[0][2] == evidence.labels:
        return ""
    return (
        f"a YOLOv3 or v4 before its decoding: maps with {IN_CELL} boxes in each cell and "
        f"{values - BEFORE} classes. Export the model with its decoding, as rows [N, A, "
        f"{BEFORE}+C], or as boxes [N, A, 4] beside scores [N, A, C]"
    )
