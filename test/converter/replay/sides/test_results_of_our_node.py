"""Messages as our own node makes and serialises them, read back from a bag."""

from pathlib import Path
from typing import Any, List

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import serialize_message
from std_msgs.msg import Header
from vision_msgs.msg import LabelInfo, VisionInfo

from test.converter.recordings.bags import PERIOD, START, BagMessage
from test.converter.replay.recorded_robot import (
    HEIGHT,
    IMAGES,
    WIDTH,
    Looked,
    image_of,
    look_at,
    recorded,
)
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import OUTSIDE, Classification, Result, Segmentation
from trt_inference.ros.messages.class_texts import LABEL_POLICIES, class_texts
from trt_inference.ros.messages.result_messages import (
    label_info_message,
    vision_info_message,
)
from trt_inference.ros.messages.result_topics import TOPICS

LABELS = ("cat", "7", "dog")
IMAGE_COUNT = 12
RANDOM = np.random.default_rng(0)


def detections() -> Detections:
    """Boxes with fractions of pixels, one of a class without a label."""
    corners = RANDOM.uniform(-5, 2000, (6, 2, 2)).astype(np.float32)
    boxes = np.concatenate([corners.min(1), corners.max(1)], 1)
    scores = np.sort(RANDOM.random(6).astype(np.float32))[::-1]
    return Detections(boxes, scores, np.array([0, 1, 2, 5, 1, -3], np.int32))


def classification() -> Classification:
    scores = np.array([0.75, 0.1], np.float32)
    return Classification(scores, RANDOM.permutation(3)[:2].astype(np.int32))


def segmentation() -> Segmentation:
    class_map = RANDOM.integers(0, 3, (HEIGHT, WIDTH), np.uint8)
    class_map[0, 0] = OUTSIDE
    return Segmentation(class_map)


MAKE = {
    "detection": detections,
    "classification": classification,
    "segmentation": segmentation,
}


def message_of(name: str, time: int, content: Any, kind: Any) -> BagMessage:
    """As the middleware sends it: bytes as they are, or a message."""
    if not isinstance(content, bytes):
        content = serialize_message(content)
    package = kind.__module__.partition(".")[0]
    return BagMessage(name, time, content, f"{package}/msg/{kind.__name__}")


def look_at_node(
    folder: Path, task: str, results: List[Result], policy: str, storage: str
) -> Looked:
    """Record what the node publishes, and look at it beside a bundle with labels in another
    order."""
    header_time = Time(sec=START // 10**9)
    messages = [
        message_of(
            "/detector/label_info",
            START,
            label_info_message(LABELS, 0.0625, header_time),
            LabelInfo,
        ),
        message_of(
            "/detector/vision_info",
            START,
            vision_info_message("shapes", "", LABELS, header_time),
            VisionInfo,
        ),
    ]
    texts, write = class_texts(LABELS, policy), TOPICS[task].writer()
    for number, result in enumerate(results):
        stamp = START + number * PERIOD
        seconds, nanoseconds = divmod(stamp, 10**9)
        header = Header(stamp=Time(sec=seconds, nanosec=nanoseconds), frame_id="camera")
        content = write(result, header, texts)
        name = f"/detector/{TOPICS[task].name}"
        messages += [
            image_of(number),
            message_of(name, stamp + PERIOD // 3, content, TOPICS[task].type),
        ]
    bag = recorded(folder / "bag", messages, storage)
    return look_at(bag, labels=("dog", "cat", "7"), task=task)


@pytest.mark.parametrize("storage", ["mcap", "sqlite3"])
@pytest.mark.parametrize("policy", LABEL_POLICIES)
@pytest.mark.parametrize("task", TOPICS)
def test_what_the_node_has_published_is_read_back(
    tmp_path: Path, task: str, policy: str, storage: str
) -> None:
    results: List[Any] = [MAKE[task]() for _ in range(IMAGE_COUNT)]
    looked = look_at_node(tmp_path, task, results, policy, storage)
    assert looked.side.labels == LABELS
    assert looked.side.details.endswith("by shapes")
    assert looked.side.score_threshold == (None if task == "segmentation" else 0.0625)
    assert looked.notes == ()
    for number, result in enumerate(results):
        got = looked.results[IMAGES, number]
        assert got is not None
        assert got.is_finite
        assert type(got.published) is type(result)
        for name in ("xyxy", "scores", "class_ids", "class_map"):
            if hasattr(result, name):
                np.testing.assert_array_equal(getattr(got.published, name), getattr(result, name))
