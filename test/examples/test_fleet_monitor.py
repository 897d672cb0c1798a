"""What is noted of a robot, from the messages that come of it."""

from typing import List, Tuple

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from examples.fleet import fleet_monitor
from examples.fleet.answerers import Judge, Result
from examples.fleet.fleet_monitor import MOST_WAITING, RobotWatch
from examples.fleet.narrator import current_answerer
from examples.fleet.receipts import EITHER, NEITHER, ROBOT, SERVER
from examples.shapes.camera import as_message_data
from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.result_messages import detections_to_message

LABELS = ("circle", "square")


class Asked(Judge):
    """What a robot's results are looked at with; nobody does."""

    def __init__(self) -> None:
        self.results: List[Result] = []

    def ask(self, result: Result) -> None:
        self.results.append(result)


@pytest.fixture
def watched() -> Tuple[RobotWatch, Asked]:
    asked = Asked()
    return RobotWatch(LABELS, asked), asked


def header(second: int) -> Header:
    return Header(stamp=Time(sec=second, nanosec=7), frame_id="camera")


def image(second: int) -> Image:
    """Of one colour, which is the second."""
    data = as_message_data(np.full((4, 6, 3), second, np.uint8))
    return Image(header=header(second), height=4, width=6, encoding="bgr8", step=18, data=data)


def result(second: int) -> Detection2DArray:
    """With one score, which is a hundredth of the second."""
    found = Detections(
        np.array([[0, 0, 2, 2]], np.float32),
        np.array([second / 100], np.float32),
        np.array([1], np.int32),
    )
    return detections_to_message(found, header(second), LABELS)


def test_each_result_is_looked_at_with_its_own_image_whichever_comes_first(
    watched: Tuple[RobotWatch, Asked],
) -> None:
    robot, asked = watched
    robot.on_image(image(1))
    robot.on_detections(result(2))
    assert asked.results == []
    robot.on_image(image(2))
    robot.on_detections(result(1))
    assert [int(one.image[0, 0, 0]) for one in asked.results] == [2, 1]
    assert [float(one.received.scores[0]) for one in asked.results] == pytest.approx([0.02, 0.01])
    asked.results[1].tell(SERVER)
    assert robot.receipts.answered_by == {(1, 7): SERVER}


def test_the_first_receipt_of_an_image_counts_and_a_second_one_is_noted(
    watched: Tuple[RobotWatch, Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    robot, asked = watched
    for now in (10.0, 11.0):
        monkeypatch.setattr(fleet_monitor.time, "time", lambda now=now: now)
        robot.on_detections(result(1))
    robot.on_image(image(1))
    assert robot.receipts.received == {(1, 7): 10.0}
    assert robot.receipts.twice == [(1, 7)]
    assert len(asked.results) == 1


def test_images_without_results_do_not_fill_the_memory(watched: Tuple[RobotWatch, Asked]) -> None:
    robot, asked = watched
    for second in range(MOST_WAITING + 1):
        robot.on_image(image(second))
    robot.on_detections(result(0))
    assert asked.results == []
    robot.on_detections(result(1))
    assert len(asked.results) == 1


@pytest.mark.parametrize(
    ("answered", "who"),
    [
        ([SERVER, SERVER], ""),
        ([ROBOT, SERVER, SERVER, SERVER], SERVER),
        ([SERVER, SERVER, SERVER, ROBOT], ""),
        ([SERVER, ROBOT, EITHER, ROBOT, NEITHER, ROBOT, EITHER], ROBOT),
    ],
)
def test_three_results_in_a_row_tell_who_answers_now(
    watched: Tuple[RobotWatch, Asked], answered: List[str], who: str
) -> None:
    robot, _ = watched
    robot.receipts.answered_by = {(second, 0): one for second, one in enumerate(answered)}
    assert current_answerer(robot) == who
