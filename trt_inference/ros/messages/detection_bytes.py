"""Detections as a serialised message, without making the message.

A message is set field by field in Python, and then read field by field by rclpy, to be serialised:
each detection costs 10 us and more. ``publish`` sends bytes as they are. To make and publish 1, 10,
32, 100 and 300 detections took, 30 times a second with a subscriber in another process, in ms of
processor time (two busy cores, x86_64, Kilted)

    message    0.40  0.60  0.88  1.56  3.52
    bytes      0.27  0.32  0.37  0.38  0.50

Calls of NumPy cost 10 us and more at that rate, so there are few. Values that were written into
joined bytes, at positions that NumPy computes, took longer.
"""

from typing import Any, List, Mapping

import numpy as np

from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.detection_layout import (
    NUMBER,
    STAMP,
    DetectionLayout,
    Serialize,
)
from trt_inference.ros.messages.detection_texts import DetectionTexts
from trt_inference.ros.messages.headers import AnyHeader


class DetectionBytes:
    """Joins messages from the texts and blocks of a layout, with new values in the blocks."""

    def __init__(self, layout: DetectionLayout, serialize: Serialize) -> None:
        self._layout = layout
        self._texts = DetectionTexts(layout, serialize)
        self._blocks = _Blocks(layout, 32)

    def __call__(
        self, detections: Detections, header: AnyHeader, texts: Mapping[int, str]
    ) -> bytes:
        """The message with the image's own ``header``, and boxes in its pixels.

        Args:
            texts: of each class, for ``class_id``. What is in them must not change.

        Raises:
            LayoutError: as ``DetectionTexts.parts``.
            UnicodeError: a text cannot be sent.
        """
        class_ids = detections.class_ids.tolist()
        count = len(class_ids)
        start, frame_id, of_classes = self._texts.parts(class_ids, header.frame_id, texts)
        stamp = STAMP.pack(header.stamp.sec, header.stamp.nanosec)
        parts = [start + stamp + frame_id + NUMBER.pack(count)]
        if count:
            parts += [stamp] * (3 * count)
            parts[2::3] = of_classes
            parts[3::3] = self._filled_blocks(detections)
            parts[-1] = parts[-1][: self._layout.last_block]
        return b"".join(parts)

    def _filled_blocks(self, detections: Detections) -> List[Any]:
        """The block of each detection, as bytes or another buffer."""
        count = len(detections)
        if count > self._blocks.count:
            self._blocks = _Blocks(self._layout, 2 * count)
        blocks = self._blocks
        corners = detections.xyxy.astype(np.float64)
        first, second = corners[:, :2], corners[:, 2:]
        centres = blocks.centres[:count]
        np.add(first, second, out=centres)
        centres /= 2
        np.subtract(second, first, out=blocks.sizes[:count])
        blocks.scores[:count] = detections.scores
        return blocks.whole[:count].tolist()


class _Blocks:
    """So many blocks, as views that are made once: each call of NumPy counts.

    Attributes:
        scores: float64 ``[count]``.
        centres: float64 ``[count, 2]``.
        sizes: float64 ``[count, 2]``.
        whole: of all bytes.
    """

    def __init__(self, layout: DetectionLayout, count: int) -> None:
        data = bytearray(layout.block * count)
        blocks = np.frombuffer(data, layout.fields)
        self.count = count
        self.scores, self.centres, self.sizes = (
            blocks[name] for name in ("score", "centre", "size")
        )
        self.whole = np.frombuffer(data, f"V{len(layout.block)}")
