"""One file per family of detection heads.

A family recognises its outputs, decodes them in ONNX for the engine, and in NumPy for the
verification: ``[N, A, 4]`` boxes (x1, y1, x2, y2 in input pixels) and ``[N, A, C]`` scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import onnx


class Head(Protocol):
    """A head of known layout."""

    @property
    def description(self) -> str:
        """Family and layout, for people and for the manifest."""

    @property
    def anchors(self) -> int:
        """A, the number of boxes."""

    @property
    def classes(self) -> int:
        """C, the number of classes."""

    @property
    def needs_nms(self) -> bool:
        """Whether overlapping boxes are still to be suppressed."""

    @property
    def input(self) -> str:
        """The output of the network that is decoded."""

    def stage(self, opset: int) -> onnx.ModelProto:
        """The decoding as an ONNX model: from ``input`` to the inputs of the output stage."""

    def decode(self, outputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The decoding in NumPy: boxes ``[N, A, 4]`` and class scores ``[N, A, C]``."""
