"""What every family of heads provides: how the last layers of a network are read.

A family recognises its outputs, decodes them in ONNX for the engine, and in NumPy for the
verification. What the decoding gives depends on the task alone (``DECODED``), so that everything
behind it is the same for every family.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import onnx

DETECTION, CLASSIFICATION, SEGMENTATION = "detection", "classification", "segmentation"

# Boxes float32 [N, A, 4]: x1, y1, x2, y2 in input pixels. Scores float32 in [0, 1]: [N, A, C] of
# boxes, [N, C] of images. Class map uint8 [N, h, w], for h x w equal parts of the input.
BOXES, CLASS_SCORES, CLASS_MAP = "all_boxes", "class_scores", "class_map"
DECODED = {
    DETECTION: (BOXES, CLASS_SCORES),
    CLASSIFICATION: (CLASS_SCORES,),
    SEGMENTATION: (CLASS_MAP,),
}


class Head(Protocol):
    """A recognised head."""

    @property
    def task(self) -> str:
        """``DETECTION``, ``CLASSIFICATION`` or ``SEGMENTATION``."""

    @property
    def description(self) -> str:
        """Family and layout, for people and for the manifest."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The outputs of the network that are decoded."""

    @property
    def classes(self) -> int:
        """C, the number of classes, background not counted."""

    @property
    def anchors(self) -> int:
        """A, the number of boxes; 0 where the task has none."""

    @property
    def needs_nms(self) -> bool:
        """Whether overlapping boxes are still to be suppressed."""

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as an ONNX model: its inputs are ``inputs`` in that order (by any names),
        its outputs those that ``DECODED`` lists for the task."""

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy, from outputs of the network by name to ``DECODED`` by name."""
