"""Detections as ready-made bytes where the type support allows it, or else as a message."""

import functools
from typing import Any, Callable, Optional

from rclpy.serialization import deserialize_message, serialize_message
from vision_msgs.msg import Detection2DArray

from trt_inference.ros.messages.bytes_or_message import BytesOrMessage
from trt_inference.ros.messages.detection_bytes import DetectionBytes
from trt_inference.ros.messages.detection_layout import (
    DetectionLayout,
    Serialize,
    learn_layout,
    prove_layout,
)
from trt_inference.ros.messages.result_messages import DetectionMessages


def detection_writer() -> BytesOrMessage:
    """A writer for the type support of this process."""
    return writer_of(_layout_here())


def writer_of(layout: Optional[DetectionLayout]) -> BytesOrMessage:
    """A writer by this layout; None: messages alone."""
    return BytesOrMessage(layout and DetectionBytes(layout, serializer()), DetectionMessages())


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
