"""Results as ROS messages, and detections back."""

from __future__ import annotations

import numpy as np
import pytest
from std_msgs.msg import Header

from trt_inference.detections import Detections
from trt_inference.results import Segmentation
from trt_inference.ros.messages import (
    detections_to_message,
    message_to_detections,
    segmentation_to_message,
)

LABELS = ("cat", "dog")
FOUND = Detections(
    np.array([[10, 20, 50, 100], [0, 0, 1, 2]], np.float32),
    np.array([0.9, 0.25], np.float32),
    np.array([1, 0], np.int32),
)


def test_a_box_is_given_by_centre_and_size() -> None:
    message = detections_to_message(FOUND, Header(frame_id="camera"), LABELS)
    box = message.detections[0].bbox
    assert (box.center.position.x, box.center.position.y) == (30, 60)
    assert (box.size_x, box.size_y, box.center.theta) == (40, 80, 0)
    assert message.detections[0].results[0].hypothesis.class_id == "dog"
    assert [detection.header.frame_id for detection in message.detections] == ["camera"] * 2


def test_a_receiver_gets_the_same_detections_back() -> None:
    back = message_to_detections(detections_to_message(FOUND, Header(), LABELS), LABELS)
    np.testing.assert_array_equal(back.xyxy, FOUND.xyxy)
    np.testing.assert_array_equal(back.scores, FOUND.scores)
    np.testing.assert_array_equal(back.class_ids, FOUND.class_ids)


def test_an_unknown_class_name_is_refused() -> None:
    with pytest.raises(ValueError, match="dog"):
        message_to_detections(detections_to_message(FOUND, Header(), LABELS), ("cat",))


def test_a_segmentation_is_copied_row_by_row_because_its_array_is_used_again() -> None:
    class_map = np.arange(6, dtype=np.uint8).reshape(2, 3)
    message = segmentation_to_message(Segmentation(class_map), Header(frame_id="camera"), LABELS)
    class_map[:] = 9
    assert message.header.frame_id == "camera"
    assert (message.height, message.width, message.step) == (2, 3, 3)
    assert message.data.tolist() == [0, 1, 2, 3, 4, 5]
