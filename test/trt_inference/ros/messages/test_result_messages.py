"""Results as ROS messages, and detections back."""

from typing import Any, Callable

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification, Segmentation
from trt_inference.ros.messages.class_texts import class_texts
from trt_inference.ros.messages.headers import AnyHeader, ImageHeader, Stamp
from trt_inference.ros.messages.result_messages import (
    DetectionMessages,
    classification_to_message,
    detections_to_message,
    message_to_detections,
    segmentation_to_message,
    vision_info_message,
)

LABELS = ("cat", "dog")
TEXTS = class_texts(LABELS, "name")
FOUND = Detections(
    np.array([[10, 20, 50, 100], [0, 0, 1, 2]], np.float32),
    np.array([0.9, 0.25], np.float32),
    np.array([1, 0], np.int32),
)


def test_a_box_is_given_by_centre_and_size() -> None:
    message = detections_to_message(FOUND, Header(frame_id="camera"), TEXTS)
    box = message.detections[0].bbox
    assert (box.center.position.x, box.center.position.y) == (30, 60)
    assert (box.size_x, box.size_y, box.center.theta) == (40, 80, 0)
    assert message.detections[0].results[0].hypothesis.class_id == "dog"
    assert [detection.header.frame_id for detection in message.detections] == ["camera"] * 2


def test_a_receiver_gets_the_same_detections_back() -> None:
    back = message_to_detections(detections_to_message(FOUND, Header(), TEXTS), LABELS)
    np.testing.assert_array_equal(back.xyxy, FOUND.xyxy)
    np.testing.assert_array_equal(back.scores, FOUND.scores)
    np.testing.assert_array_equal(back.class_ids, FOUND.class_ids)


def test_class_id_is_a_number_where_that_is_asked_for() -> None:
    message = detections_to_message(FOUND, Header(), class_texts(LABELS, "index"))
    ids = [detection.results[0].hypothesis.class_id for detection in message.detections]
    assert ids == ["1", "0"]
    np.testing.assert_array_equal(message_to_detections(message, LABELS).class_ids, [1, 0])


def test_names_that_are_numbers_are_taken_for_what_the_sender_means() -> None:
    labels = ("1", "0")
    by_index = detections_to_message(FOUND, Header(), class_texts(labels, "index"))
    assert message_to_detections(by_index, labels, "index").class_ids.tolist() == [1, 0]
    by_name = detections_to_message(FOUND, Header(), class_texts(labels, "name"))
    assert message_to_detections(by_name, labels).class_ids.tolist() == [1, 0]


STRANGE = (-1, 2, 2**31 - 1, -(2**31))
AS_TEXT = ["-1", "2", "2147483647", "-2147483648"]


@pytest.mark.parametrize("policy", ["name", "index"])
def test_a_class_without_a_label_has_its_number_and_no_other_name(policy: str) -> None:
    boxes, scores = np.ones((4, 4), np.float32), np.ones(4, np.float32)
    strange = Detections(boxes, scores, np.array(STRANGE, np.int32))
    texts = class_texts(LABELS, policy)
    message = detections_to_message(strange, Header(), texts)
    ids = [detection.results[0].hypothesis.class_id for detection in message.detections]
    assert ids == AS_TEXT
    classes = Classification(scores, strange.class_ids)
    results = classification_to_message(classes, Header(), texts).results
    assert [result.class_id for result in results] == AS_TEXT
    for known in (None, policy):
        assert tuple(message_to_detections(message, LABELS, known).class_ids) == STRANGE


def test_the_number_of_a_class_without_a_label_is_not_the_label_of_another_class() -> None:
    digits = ("1", "2", "3", "#4")
    texts = class_texts(digits, "name")
    assert [texts[number] for number in (0, 3, 4, 5, -1)] == ["1", "#4", "4", "5", "-1"]
    clashing = class_texts(("1", "2", "3"), "name")
    assert (clashing[2], clashing[3]) == ("3", "#3")
    boxes, scores = np.ones((2, 4), np.float32), np.ones(2, np.float32)
    message = detections_to_message(
        Detections(boxes, scores, np.array([2, 3], np.int32)), Header(), clashing
    )
    assert message_to_detections(message, ("1", "2", "3")).class_ids.tolist() == [2, 3]


@pytest.mark.parametrize("text", ["", "-", "1.5", "99999999999", "2147483648", "²", "3 "])
def test_what_is_neither_a_label_nor_a_number_is_refused(text: str) -> None:
    message = detections_to_message(FOUND, Header(), TEXTS)
    message.detections[0].results[0].hypothesis.class_id = text
    with pytest.raises(ValueError, match="neither a number nor one of cat, dog"):
        message_to_detections(message, LABELS)


def test_a_label_policy_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="number"):
        class_texts(LABELS, "number")


def test_a_message_that_is_used_again_holds_only_what_is_new() -> None:
    """Many detections, none, and others: each message is sent before the next is made."""
    messages = DetectionMessages()
    rng = np.random.default_rng(3)
    for count in (5, 0, 2, 7):
        corners = rng.uniform(0, 100, (count, 4)).astype(np.float32)
        found = Detections(
            corners, rng.random(count, np.float32), rng.integers(0, 2, count, np.int32)
        )
        header = Header(frame_id=f"camera {count}")
        sent = serialize_message(messages(found, header, TEXTS))
        received = deserialize_message(sent, Detection2DArray)
        back = message_to_detections(received, LABELS)
        np.testing.assert_allclose(back.xyxy, found.xyxy, rtol=1e-6)
        np.testing.assert_array_equal(back.scores, found.scores)
        np.testing.assert_array_equal(back.class_ids, found.class_ids)
        headers = [received.header, *(detection.header for detection in received.detections)]
        assert all(one == header for one in headers)


def test_version_of_labels_changes_with_them_only() -> None:
    def version(*labels: str) -> int:
        return int(vision_info_message("net", "/models/net", labels, Time()).database_version)

    assert version("cat", "dog") == version("cat", "dog")
    assert len({version("cat", "dog"), version("dog", "cat"), version("cat")}) == 3


def test_an_unknown_class_name_is_refused() -> None:
    with pytest.raises(ValueError, match="dog"):
        message_to_detections(detections_to_message(FOUND, Header(), TEXTS), ("cat",))


def test_a_segmentation_is_copied_row_by_row_because_its_array_is_used_again() -> None:
    class_map = np.arange(6, dtype=np.uint8).reshape(2, 3)
    message = segmentation_to_message(Segmentation(class_map), Header(frame_id="camera"), TEXTS)
    class_map[:] = 9
    assert message.header.frame_id == "camera"
    assert (message.height, message.width, message.step) == (2, 3, 3)
    assert message.data.tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "make",
    [
        lambda header: detections_to_message(FOUND, header, TEXTS),
        lambda header: classification_to_message(
            Classification(FOUND.scores, FOUND.class_ids), header, TEXTS
        ),
        lambda header: segmentation_to_message(
            Segmentation(np.zeros((2, 3), np.uint8)), header, TEXTS
        ),
    ],
)
def test_a_plain_header_is_that_of_the_message(make: Callable[[AnyHeader], Any]) -> None:
    header = Header(stamp=Time(sec=3, nanosec=4), frame_id="camera")
    assert make(ImageHeader(Stamp(3, 4), "camera")) == make(header)
    assert make(header).header == header
