"""Detections as ready-made bytes are the messages that the type support makes."""

from typing import Any, Callable, List, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from rclpy.serialization import deserialize_message, serialize_message
from vision_msgs.msg import Detection2DArray

from test.trt_inference.ros.messages.seen_images import Seen, detections, seen_images
from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.class_texts import ClassTexts, class_texts
from trt_inference.ros.messages.detection_bytes import DetectionBytes
from trt_inference.ros.messages.detection_layout import DetectionLayout
from trt_inference.ros.messages.detection_writer import (
    detection_writer,
    proven_layout,
    serializer,
    writer_of,
)
from trt_inference.ros.messages.headers import ImageHeader, Stamp, header_message
from trt_inference.ros.messages.result_messages import DetectionMessages

TEXTS = class_texts(("cat", "dog", ""), "name")
FRONT = ImageHeader(Stamp(1795935000, 999_999_999), "front_camera")


def expected(seen: Seen) -> Detection2DArray:
    """What a subscriber gets of the message that is made field by field."""
    made = DetectionMessages()(seen.found, header_message(seen.header), seen.texts)
    return deserialize_message(serialize_message(made), Detection2DArray)


def assert_written(write: Callable[..., Any], seen: Seen) -> None:
    written = write(seen.found, seen.header, seen.texts)
    assert type(written) is bytes
    assert deserialize_message(written, Detection2DArray) == expected(seen)


@given(seen_images())
@settings(max_examples=60)
def test_bytes_are_the_message_whatever_is_in_it(seen: List[Seen]) -> None:
    writer = detection_writer()
    for one in seen:
        assert_written(writer, one)


def test_the_header_of_a_message_is_taken_as_well() -> None:
    header = header_message(FRONT)
    found = detections([1, 0])
    written, same = (detection_writer()(found, one, TEXTS) for one in (header, FRONT))
    # Not the bytes: those that only align are whatever was in memory.
    assert deserialize_message(written, Detection2DArray) == deserialize_message(
        same, Detection2DArray
    )


def test_what_was_written_does_not_change_with_the_next() -> None:
    writer = detection_writer()
    first = writer(detections([0, 1]), FRONT, TEXTS)
    kept = bytes(bytearray(first))
    writer(detections([1, 1], [9, 8, 7, 6, 5]), FRONT, TEXTS)
    assert first == kept


def test_infinite_boxes_are_written_as_the_message_has_them() -> None:
    found = detections([0], [-np.inf, 0, 5, np.inf, np.nan])
    written = detection_writer()(found, FRONT, TEXTS)
    box = deserialize_message(written, Detection2DArray).detections[0]
    assert (box.bbox.center.position.x, box.bbox.center.position.y) == (-np.inf, np.inf)
    assert (box.bbox.size_x, box.bbox.size_y) == (np.inf, np.inf)
    assert np.isnan(box.results[0].hypothesis.score)


@pytest.mark.parametrize(
    ("header", "texts"),
    [
        (FRONT._replace(frame_id="\ud800"), TEXTS),
        (FRONT, ClassTexts(["cat", "\udfff"])),
    ],
)
def test_a_text_that_cannot_be_sent_fails_as_ever_and_harms_no_other_image(
    header: ImageHeader, texts: ClassTexts
) -> None:
    writer = detection_writer()
    for _ in range(2):
        message = writer(detections([1]), header, texts)
        with pytest.raises(UnicodeEncodeError):
            serialize_message(message)
        assert_written(writer, Seen(detections([1]), FRONT, TEXTS))


def test_a_frame_id_of_any_length_is_published_and_none_that_is_long_is_kept() -> None:
    writer = detection_writer()
    for length in (1024, 1025, 100_000):
        seen = Seen(detections([0, 1]), FRONT._replace(frame_id="x" * length), TEXTS)
        message = writer(*seen)
        assert isinstance(message, bytes) == (length == 1024)
        if not isinstance(message, bytes):
            assert message == expected(seen)


def test_texts_are_serialised_once_while_labels_and_frame_id_stay() -> None:
    counted = Counted()
    write = DetectionBytes(layout_here(), counted)
    for count in (3, 1, 0, 300):
        write(detections([1] * count), FRONT, TEXTS)
    assert counted.calls == 1
    write(detections([1]), FRONT._replace(stamp=Stamp(1, 2)), TEXTS)
    assert counted.calls == 1
    write(detections([1]), FRONT._replace(frame_id="rear_camera"), TEXTS)
    assert counted.calls == 2


def test_class_numbers_of_a_network_that_gives_any_are_not_kept_for_ever() -> None:
    counted = Counted()
    write = DetectionBytes(layout_here(), counted)
    write(detections([0]), FRONT, TEXTS)
    for start in range(0, 6000, 300):
        write(detections(range(start, start + 300)), FRONT, TEXTS)
    counted.calls = 0
    assert_written(write, Seen(detections([0]), FRONT, TEXTS))
    assert counted.calls == 1


class Counted:
    """Serialises in the normal way, and counts."""

    def __init__(self) -> None:
        self.calls = 0
        self._serialize = serializer()

    def __call__(self, found: Detections, header: ImageHeader, texts: Mapping[int, str]) -> bytes:
        self.calls += 1
        return self._serialize(found, header, texts)


def read(message: bytes) -> Any:
    return deserialize_message(message, Detection2DArray)


def layout_here() -> DetectionLayout:
    layout = proven_layout(serializer(), read)
    assert layout is not None
    return layout


def test_without_a_layout_the_message_is_published() -> None:
    seen = Seen(detections([0, 1]), FRONT, TEXTS)
    message = writer_of(None)(*seen)
    assert isinstance(message, Detection2DArray)
    assert message == expected(seen)
