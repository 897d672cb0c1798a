"""Detections as ready-made bytes where the type support allows it, or else as a message."""

import functools
from typing import Any, Callable, Optional, Union

from rclpy.serialization import deserialize_message, serialize_message
from vision_msgs.msg import Detection2DArray

from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.class_texts import ClassTexts
from trt_inference.ros.messages.detection_bytes import DetectionBytes
from trt_inference.ros.messages.detection_layout import (
    DetectionLayout,
    LayoutError,
    Serialize,
    learn_layout,
    prove_layout,
)
from trt_inference.ros.messages.headers import AnyHeader
from trt_inference.ros.messages.result_messages import DetectionMessages


class DetectionWriter:
    """Makes what a publisher of ``Detection2DArray`` takes: bytes that it sends as they are, or a
    message where there is no layout or a text cannot be sent, which the publisher then reports."""

    def __init__(self, layout: Optional[DetectionLayout]) -> None:
        self._messages = DetectionMessages()
        self._write = layout and DetectionBytes(layout, serializer())

    def __call__(
        self, detections: Detections, header: AnyHeader, texts: ClassTexts
    ) -> Union[bytes, Detection2DArray]:
        """As ``DetectionMessages``. What is in ``texts`` must not change."""
        if self._write is not None:
            try:
                return self._write(detections, header, texts)
            except (LayoutError, UnicodeError):
                pass
        return self._messages(detections, header, texts)


def detection_writer() -> DetectionWriter:
    """A writer for the type support of this process."""
    return DetectionWriter(_layout_here())


def serializer() -> Serialize:
    """Serialises messages of detections in the normal way."""
    messages = DetectionMessages()
    return lambda found, header, texts: serialize_message(messages(found, header, texts))


def proven_layout(serialize: Serialize, read: Callable[[bytes], Any]) -> Optional[DetectionLayout]:
    """The layout of messages, or None where they cannot be written by one.

    Args:
        read: a serialised message -> what can be compared; bytes that only align may differ.
    """
    try:
        layout = learn_layout(serialize)
        prove_layout(DetectionBytes(layout, serialize), serialize, read)
    except Exception:  # whatever it is: a type that differs is published in the normal way
        return None
    return layout


@functools.lru_cache(maxsize=None)
def _layout_here() -> Optional[DetectionLayout]:
    """It takes 0.1 to 0.2 s to prove it, once in a process: nothing in it changes the type."""
    return proven_layout(
        serializer(), lambda message: deserialize_message(message, Detection2DArray)
    )
