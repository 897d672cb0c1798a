"""Networks that find masks of objects, known by prototypes of masks beside rows."""

from __future__ import annotations

from converter.heads.decoding.feature_maps import sizes_of
from converter.heads.evidence import Evidence
from converter.inputs.tensor import Tensor

# Coefficients of the mask of an object, https://arxiv.org/abs/1904.02689, YOLACT, as in YOLO.
PROTOTYPES = 32


def find_masks(evidence: Evidence) -> str:
    """What the outputs are, where they are rows of YOLO beside a map of prototypes; else an empty
    text."""
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
