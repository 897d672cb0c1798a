"""Networks that find masks of objects, known by prototypes of masks beside rows."""

from __future__ import annotations

from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.decoding.scores import are_probabilities
from converter.heads.evidence import Evidence
from converter.inputs.tensor import Tensor

# Coefficients of the mask of an object, https://arxiv.org/abs/1904.02689, YOLACT, as in YOLO.
PROTOTYPES = 32


_BEFORE = (4, 5)  # values before the class scores: a box, and maybe an objectness


def find_masks(evidence: Evidence) -> str:
    """What the outputs are, where they are rows of YOLO beside a map of prototypes; else an empty
    text."""
    maps = [sizes_of(o) for o in evidence.outputs if len(sizes_of(o)) == 3]
    prototypes = any(PROTOTYPES in (sizes[0], sizes[2]) for sizes in maps)
    rows = [output for output in evidence.outputs if _may_be_rows(output)]
    if len(evidence.outputs) != 2 or not prototypes or len(rows) != 1:
        return ""
    if _are_classes_alone(rows[0], evidence):
        return ""
    return (
        f"an instance segmentation model: {rows[0].name} has {PROTOTYPES} coefficients of a "
        "mask after the classes. There is no bundle for masks of objects: export the detection "
        "model, or give --head yolo if these are rows of boxes and classes alone"
    )


def _may_be_rows(output: Tensor) -> bool:
    sizes = sizes_of(output)
    return len(sizes) == 2 and min(sizes) > PROTOTYPES + 4


def _are_classes_alone(output: Tensor, evidence: Evidence) -> bool:
    """Whether labels or values show that nothing but class scores follows the box: coefficients
    are below 0 as often as above."""
    values = evidence.values[output.name]
    rows = values if values.shape[1] >= values.shape[2] else values.transpose(0, 2, 1)
    columns = rows.shape[2]
    if evidence.labels in [columns - before for before in _BEFORE]:
        return True
    return are_probabilities(rows[..., -PROTOTYPES:])
