"""The parts of a serialised ``Detection2DArray`` in which texts are, kept from image to image."""

from typing import Dict, List, Mapping, Optional

import numpy as np

from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.detection_layout import (
    DetectionLayout,
    LayoutError,
    MessageParts,
    Serialize,
    cut_message,
)

# Class numbers and frame_ids are foreign: a network may give other numbers in each image, and each
# text is kept with the frame_id.
_MOST = 4096
_LONGEST_FRAME_ID = 1024


class DetectionTexts:
    """Has the type support serialise each text once, as long as labels and frame_id stay.

    Where they change, or a class is seen for the first time, that costs as much as a message.
    """

    def __init__(self, layout: DetectionLayout, serialize: Serialize) -> None:
        self._layout = layout
        self._serialize = serialize
        self._texts: Optional[Mapping[int, str]] = None
        self._frame_id = ""
        self._start = self._before_number = b""
        # The first detection of a message may be aligned in another way.
        self._first: Dict[int, bytes] = {}
        self._others: Dict[int, bytes] = {}

    def parts(self, class_ids: List[int], frame_id: str, texts: Mapping[int, str]) -> MessageParts:
        """The parts of a message that are text.

        Args:
            texts: of each class. What is in them must not change.

        Raises:
            LayoutError: the message of these texts cannot be cut, or is too long to be kept.
            UnicodeError: a text cannot be sent.
        """
        if len(frame_id) > _LONGEST_FRAME_ID:
            raise LayoutError(f"a frame_id of {len(frame_id)} characters")
        if texts is not self._texts or frame_id != self._frame_id:
            self._forget()
            self._learn(class_ids, frame_id, texts)
        try:
            return self._known(class_ids)
        except KeyError:
            self._learn(class_ids, frame_id, texts)
            return self._known(class_ids)

    def _known(self, class_ids: List[int]) -> MessageParts:
        detections = list(map(self._others.__getitem__, class_ids))
        if detections:
            detections[0] = self._first[class_ids[0]]
        return MessageParts(self._start, self._before_number, detections)

    def _learn(self, class_ids: List[int], frame_id: str, texts: Mapping[int, str]) -> None:
        """Cut a message of all classes of an image, between the first and one that only ends it."""
        if len(self._others) > _MOST:
            self._forget()
        first = class_ids[:1]
        numbers = [*first, *set(class_ids), *first]
        count = len(numbers)
        found = Detections(
            np.zeros((count, 4), np.float32),
            np.zeros(count, np.float32),
            np.array(numbers, np.int32),
        )
        message = cut_message(self._serialize, found, frame_id, texts)
        parts = [detection[: -self._layout.block_size] for detection in message.detections[:-1]]
        self._first.update(zip(first, parts))
        self._others.update(zip(numbers[1:], parts[1:]))
        self._start, self._before_number = message.start, message.frame_id
        self._texts, self._frame_id = texts, frame_id

    def _forget(self) -> None:
        self._texts = None
        self._first.clear()
        self._others.clear()
