"""Messages in which robots published results, as arrays."""

import math
from types import SimpleNamespace
from typing import Any, Dict, Optional

import numpy as np
import pytest

from converter.errors import RecordingError
from converter.recordings.published.recorded_results import (
    BAD_BOX,
    BAD_SCORE,
    EARLIER_FORM,
    NO_HYPOTHESIS,
    READ_RESULTS,
    ROTATED,
    UNKNOWN_CLASS,
    ResultReader,
    texts_of,
)
from test.converter.recordings.bags import (
    classification_message,
    detections_message,
    image_message,
    new,
)

NUMBERS: Dict[str, int] = {"cat": 0, "dog": 1}


def class_id(text: str) -> Optional[int]:
    return NUMBERS.get(text)


def one_detection(**changes: Any) -> Any:
    """A message with a dog at 10, 20, 50, 100 and ``changes`` of its box."""
    message = detections_message([((10, 20, 50, 100), "dog", 0.75)])
    box = message.detections[0].bbox
    for name, value in changes.items():
        if name == "theta":
            box.center.theta = value
        elif name in ("x", "y"):
            setattr(box.center.position, name, value)
        else:
            setattr(box, name, value)
    return message


def test_boxes_are_edges_and_the_best_score_is_first() -> None:
    message = detections_message([((0, 0, 1, 2), "cat", 0.25), ((10, 20, 50, 100), "dog", 0.75)])
    found = ResultReader("detection").read(message, class_id)
    assert found.xyxy.tolist() == [[10, 20, 50, 100], [0, 0, 1, 2]]
    assert found.scores.tolist() == [0.75, 0.25]
    assert found.class_ids.tolist() == [1, 0]
    assert (found.xyxy.dtype, found.scores.dtype, found.class_ids.dtype) == (
        np.float32,
        np.float32,
        np.int32,
    )


def test_an_image_in_which_nothing_was_seen_has_a_result_without_boxes() -> None:
    found = ResultReader("detection").read(detections_message([]), class_id)
    assert len(found) == 0
    assert found.xyxy.shape == (0, 4)


def test_the_best_of_several_hypotheses_counts() -> None:
    message = one_detection()
    (dog,) = message.detections[0].results
    cat = new("vision_msgs/msg/ObjectHypothesis", class_id="cat", score=0.8)
    message.detections[0].results = [dog, type(dog)(hypothesis=cat, pose=dog.pose)]
    found = ResultReader("detection").read(message, class_id)
    assert (found.class_ids.tolist(), found.scores.tolist()) == ([0], [np.float32(0.8)])


@pytest.mark.parametrize(
    ("degrees", "box"),
    [(90, (-10, 40, 70, 80)), (180, (10, 20, 50, 100)), (-90, (-10, 40, 70, 80))],
)
def test_of_a_rotated_box_the_upright_one_around_it_is_taken(degrees: int, box: Any) -> None:
    reader = ResultReader("detection")
    found = reader.read(one_detection(theta=math.radians(degrees)), class_id)
    np.testing.assert_allclose(found.xyxy, [box], atol=1e-4)
    assert reader.counts[ROTATED] == 1


def test_a_square_on_its_tip_is_as_wide_as_its_diagonal() -> None:
    message = one_detection(theta=math.pi / 4, size_x=10.0, size_y=10.0)
    found = ResultReader("detection").read(message, class_id)
    assert found.xyxy[0, 2] - found.xyxy[0, 0] == pytest.approx(math.hypot(10, 10))


@pytest.mark.parametrize(
    ("changes", "flaw"),
    [
        ({"size_x": -1.0}, BAD_BOX),
        ({"size_y": math.nan}, BAD_BOX),
        ({"x": math.inf}, BAD_BOX),
        ({"theta": math.nan}, BAD_BOX),
        ({"y": 1e300}, BAD_BOX),
    ],
)
def test_a_box_that_is_none_is_left_out_and_counted(changes: Dict[str, float], flaw: str) -> None:
    reader = ResultReader("detection")
    message = one_detection(**changes)
    message.detections.append(one_detection().detections[0])
    assert len(reader.read(message, class_id)) == 1
    assert reader.counts == {flaw: 1, READ_RESULTS: 1}


def test_what_has_no_usable_class_or_score_is_left_out_and_counted() -> None:
    message = detections_message(
        [((0, 0, 9, 9), label, score) for label, score in (("cow", 0.5), ("cat", math.nan))]
    )
    message.detections.append(one_detection().detections[0])
    message.detections[-1].results = []
    reader = ResultReader("detection")
    assert len(reader.read(message, class_id)) == 0
    assert reader.counts == {UNKNOWN_CLASS: 1, BAD_SCORE: 1, NO_HYPOTHESIS: 1}


def test_boxes_of_vision_msgs_before_4_are_read() -> None:
    """There the centre is a geometry_msgs/Pose2D, and before 3.0 a hypothesis has an id."""
    center = SimpleNamespace(x=30.0, y=60.0, theta=0.0)
    detection = SimpleNamespace(
        results=[SimpleNamespace(id="dog", score=0.75, pose=None)],
        bbox=SimpleNamespace(center=center, size_x=40.0, size_y=80.0),
    )
    reader = ResultReader("detection")
    found = reader.read(SimpleNamespace(detections=[detection]), class_id)
    assert found.xyxy.tolist() == [[10, 20, 50, 100]]
    assert found.class_ids.tolist() == [1]
    assert reader.counts[EARLIER_FORM] == 1


def test_classes_of_an_image_are_in_order_of_their_scores() -> None:
    reader = ResultReader("classification")
    message = classification_message(
        [("cat", 0.25), ("cow", 0.5), ("dog", 0.75), ("dog", math.inf)]
    )
    found = reader.read(message, class_id)
    assert found.class_ids.tolist() == [1, 0]
    assert found.scores.tolist() == [0.75, 0.25]
    assert reader.counts == {UNKNOWN_CLASS: 1, BAD_SCORE: 1, READ_RESULTS: 2}


def test_padding_of_a_class_map_is_left_out() -> None:
    padded = np.arange(12, dtype=np.uint8).reshape(3, 4)
    message = image_message(padded, encoding="mono8", size=(3, 2))
    found = ResultReader("segmentation").read(message, class_id)
    assert found.class_map.tolist() == [[0, 1], [4, 5], [8, 9]]


@pytest.mark.parametrize(
    "message",
    [
        image_message(np.zeros((2, 2, 3), np.uint8)),
        image_message(np.zeros((2, 2), np.uint8), encoding="mono8", size=(3, 2)),
        image_message(np.zeros((2, 2), np.uint8), encoding="mono8", size=(2, 3)),
        image_message(np.zeros((2, 2), np.uint8), encoding="mono8", size=(2, 0)),
    ],
    ids=["in colour", "too short", "too wide", "empty"],
)
def test_what_is_no_class_map_is_refused(message: Any) -> None:
    with pytest.raises(RecordingError):
        ResultReader("segmentation").read(message, class_id)


def test_a_message_of_another_type_is_refused() -> None:
    with pytest.raises(RecordingError, match="fields"):
        ResultReader("detection").read(classification_message([]), class_id)


def test_all_hypotheses_name_classes() -> None:
    message = one_detection()
    (dog,) = message.detections[0].results
    cat = new("vision_msgs/msg/ObjectHypothesis", class_id="cat", score=0.1)
    message.detections[0].results.append(type(dog)(hypothesis=cat, pose=dog.pose))
    assert texts_of(message) == {"cat", "dog"}
    assert texts_of(classification_message([("cow", 1.0)])) == {"cow"}
