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

from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES
from trt_inference.bundles.names import CLASS_MAP, CLASSIFICATION, DETECTION, SEGMENTATION

DECODED = {
    DETECTION: (ALL_BOXES, CLASS_SCORES),
    CLASSIFICATION: (CLASS_SCORES,),
    SEGMENTATION: (CLASS_MAP,),
}


def most_candidates(head: Head) -> int:
    """How many candidates a network has at most: boxes, each once or once for each of its
    classes, or classes of the image; 0 where the task has none."""
    if head.task == CLASSIFICATION:
        return head.classes
    return head.anchors * (head.classes if head.each_class else 1)


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
    def each_class(self) -> bool:
        """Whether a box of a detector is given once for each of its classes, as by models that
        suppress class by class, and not for its best class alone."""

    @property
    def needs_nms(self) -> bool:
        """Whether overlapping boxes are still to be suppressed."""

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as an ONNX model: its inputs are ``inputs`` in that order (by any names),
        its outputs those that ``DECODED`` lists for the task."""

    def decode(self, outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The decoding in NumPy, from outputs of the network by name to ``DECODED`` by name."""
