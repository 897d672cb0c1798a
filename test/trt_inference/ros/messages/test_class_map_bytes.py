"""Class maps that are written as bytes are what the type support makes of their messages."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Image

from trt_inference.inference.results import Segmentation
from trt_inference.ros.messages.bytes_or_message import BytesOrMessage
from trt_inference.ros.messages.class_map_bytes import (
    class_map_writer,
    writes_the_same,
)
from trt_inference.ros.messages.class_texts import ClassTexts
from trt_inference.ros.messages.headers import ImageHeader, Stamp, header_message
from trt_inference.ros.messages.result_messages import segmentation_to_message

NO_TEXTS = ClassTexts(())
FRONT = ImageHeader(Stamp(12, 34), "front_camera")
WRITER = class_map_writer()  # one for all: it keeps what it has learnt of the one before


def class_map(height: int, width: int, first: int = 0) -> Segmentation:
    values = (np.arange(height * width) + first) % 256
    return Segmentation(values.astype(np.uint8).reshape(height, width))


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(-(2**31), 2**31 - 1),
    st.integers(0, 2**32 - 1),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)
def test_any_map_is_written_as_its_message(
    height: int, width: int, sec: int, nanosec: int, frame_id: str
) -> None:
    found, header = class_map(height, width, nanosec), ImageHeader(Stamp(sec, nanosec), frame_id)
    written = WRITER(found, header, NO_TEXTS)
    assert isinstance(written, bytes)
    assert deserialize_message(written, Image) == segmentation_to_message(found, header, NO_TEXTS)


def test_a_header_of_rclpy_is_taken_as_well() -> None:
    found = class_map(3, 5)
    written = WRITER(found, header_message(FRONT), NO_TEXTS)
    assert deserialize_message(written, Image) == segmentation_to_message(found, FRONT, NO_TEXTS)


def test_what_was_written_does_not_change_with_the_map() -> None:
    found = class_map(3, 5)
    written = WRITER(found, FRONT, NO_TEXTS)
    kept = bytes(bytearray(written))
    found.class_map[:] = 7
    WRITER(found, FRONT, NO_TEXTS)
    assert written == kept


def test_a_frame_id_that_cannot_be_sent_is_left_to_the_publisher() -> None:
    message: Any = WRITER(class_map(2, 2), ImageHeader(Stamp(1, 2), "\udc80"), NO_TEXTS)
    assert isinstance(message, Image)
    with pytest.raises(UnicodeEncodeError):
        serialize_message(message)
    assert isinstance(WRITER(class_map(2, 2), FRONT, NO_TEXTS), bytes)


def test_without_a_proof_messages_are_made() -> None:
    message = BytesOrMessage(None, segmentation_to_message)(class_map(2, 2), FRONT, NO_TEXTS)
    assert message == segmentation_to_message(class_map(2, 2), FRONT, NO_TEXTS)


def serialized(found: Segmentation, header: Any) -> bytes:
    return bytes(serialize_message(segmentation_to_message(found, header, NO_TEXTS)))


def with_more_behind(found: Segmentation, header: Any) -> bytes:
    return serialized(found, header) + bytes(8)


def with_the_stamp_in_the_frame_id(found: Segmentation, header: Any) -> bytes:
    seconds = header.stamp.sec
    return serialized(found, ImageHeader(header.stamp, f"{header.frame_id}{seconds % 3}"))


@pytest.mark.parametrize("serialize", [with_more_behind, with_the_stamp_in_the_frame_id])
def test_a_type_support_that_lays_messages_out_in_another_way_is_noticed(serialize: Any) -> None:
    assert writes_the_same(serialized)
    assert not writes_the_same(serialize)
