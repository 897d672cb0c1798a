"""What the node publishes for each task, over real DDS."""

from pathlib import Path
from typing import Any, Dict, List, Set, Tuple

import numpy as np
import pytest
from lifecycle_msgs.msg import Transition
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification, LabelInfo

from examples.shapes.monitor import Stamp, stamp_of
from test.task_bundles import COLORS, HEIGHT, SEGMENTS, WIDTH
from test.trt_inference.ros.client import TIMEOUT, Client
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.messages.result_topics import LATCHED

TOPICS = {"detections", "classification", "segmentation", "label_info"}


class Receiver:
    """Keeps the messages of one topic of the detector by their stamps."""

    def __init__(self, client: Client, kind: Any, topic: str) -> None:
        self.messages: Dict[Stamp, Any] = {}
        self._client = client
        client.create_subscription(kind, f"detector/{topic}", self._take, 10)

    def result(self, image: Image) -> Any:
        """Publish an image, again if need be, and wait for the message with its stamp."""
        stamp = stamp_of(image.header)
        for _ in range(int(TIMEOUT / 0.5)):
            self._client.send(image)
            if self._client.spin(0.5, until=lambda: stamp in self.messages):
                return self.messages[stamp]
        raise TimeoutError(f"no message for the image with the stamp {stamp}")

    def _take(self, message: Any) -> None:
        self.messages[stamp_of(message.header)] = message


def plain(bgr: Tuple[int, int, int], scale: int = 5) -> np.ndarray:
    return np.full((HEIGHT * scale, WIDTH * scale, 3), bgr, np.uint8)


def latest_labels(client: Client, until: Any = lambda message: True) -> LabelInfo:
    """Subscribe to the labels as a latecomer does, and wait for a message."""
    received: List[LabelInfo] = []
    subscription = client.create_subscription(
        LabelInfo, "detector/label_info", received.append, LATCHED
    )
    arrived = client.spin(TIMEOUT, until=lambda: bool(received) and until(received[-1]))
    client.destroy_subscription(subscription)
    assert arrived, received
    return received[-1]


def test_a_classification_has_the_header_of_its_image_and_the_best_classes(
    start_node: Start, classification_bundle: Path
) -> None:
    _, client = start_node(bundle=classification_bundle)
    receiver = Receiver(client, Classification, "classification")
    client.start()
    image = client.image(plain((51, 0, 102)))
    message = receiver.result(image)
    assert message.header == image.header
    # Softmax of 2, 1 and 0 is 0.665, 0.245 and 0.090; the bundle's threshold is 0.2.
    assert [result.class_id for result in message.results] == ["red", "blue"]
    scores = [result.score for result in message.results]
    assert scores == pytest.approx([0.6652, 0.2447], abs=1e-4)


def test_thresholds_of_a_classification_are_live(
    start_node: Start, classification_bundle: Path
) -> None:
    _, client = start_node(bundle=classification_bundle)
    receiver = Receiver(client, Classification, "classification")
    client.start()

    def count() -> int:
        return len(receiver.result(client.image(plain((51, 0, 102)))).results)

    assert count() == 2
    assert client.set_parameter("score_threshold", 0.0) == ""
    assert count() == 3
    assert client.set_parameter("max_detections", 1) == ""
    assert count() == 1
    assert client.set_parameter("score_threshold", 0.9) == ""
    assert count() == 0


@pytest.mark.parametrize(("width", "height"), [(640, 480), (512, 96), (96, 192)])
def test_a_segmentation_is_a_mono_image_of_the_cameras_size(
    start_node: Start, segmentation_bundle: Path, width: int, height: int
) -> None:
    _, client = start_node(bundle=segmentation_bundle)
    receiver = Receiver(client, Image, "segmentation")
    client.start()
    # The middle of each part is told; what lies under the edges is up to the size of the cells.
    pixels = np.full((height, width, 3), 128, np.uint8)
    pixels[:, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    image = client.image(pixels)
    message = receiver.result(image)
    assert message.header == image.header
    assert (message.height, message.width) == (height, width)
    assert (message.encoding, message.step, message.is_bigendian) == ("mono8", width, 0)
    classes = np.frombuffer(message.data, np.uint8).reshape(height, width)
    assert SEGMENTS[classes[height // 4, width // 4]] == "background"
    assert SEGMENTS[classes[3 * height // 4, width // 4]] == "red"
    assert SEGMENTS[classes[height // 4, 3 * width // 4]] == "green"
    assert SEGMENTS[classes[3 * height // 4, 3 * width // 4]] == "green"


def test_each_frame_gets_a_segmentation_of_its_own(
    start_node: Start, segmentation_bundle: Path
) -> None:
    _, client = start_node(bundle=segmentation_bundle)
    receiver = Receiver(client, Image, "segmentation")
    client.start()
    for bgr, name in (((0, 0, 255), "red"), ((255, 0, 0), "blue"), ((0, 0, 255), "red")):
        classes = np.frombuffer(receiver.result(client.image(plain(bgr))).data, np.uint8)
        assert {SEGMENTS[class_id] for class_id in np.unique(classes)} == {name}


@pytest.mark.parametrize(
    ("fixture", "labels", "threshold"),
    [("classification_bundle", COLORS, 0.2), ("segmentation_bundle", SEGMENTS, 0.5)],
)
def test_a_latecomer_gets_the_names_of_the_classes_before_any_image(
    start_node: Start,
    request: pytest.FixtureRequest,
    fixture: str,
    labels: Tuple[str, ...],
    threshold: float,
) -> None:
    _, client = start_node(bundle=request.getfixturevalue(fixture))
    client.transition(Transition.TRANSITION_CONFIGURE)
    message = latest_labels(client)
    assert {entry.class_id: entry.class_name for entry in message.class_map} == dict(
        enumerate(labels)
    )
    assert message.threshold == pytest.approx(threshold)
    assert message.header.stamp.sec > 0


def test_a_detectors_latecomers_get_the_names_too(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    message = latest_labels(client)
    assert [entry.class_name for entry in message.class_map] == ["blue", "green", "red"]


def test_the_names_come_again_with_a_new_threshold(
    start_node: Start, classification_bundle: Path
) -> None:
    _, client = start_node(bundle=classification_bundle, score_threshold=0.3)
    client.start()
    assert latest_labels(client).threshold == pytest.approx(0.3)
    assert client.set_parameter("score_threshold", 0.75) == ""
    message = latest_labels(client, until=lambda message: message.threshold == 0.75)
    assert len(message.class_map) == len(COLORS)


@pytest.mark.parametrize("task", ["classification", "segmentation"])
def test_only_the_topics_of_the_task_exist_and_only_while_configured(
    start_node: Start, request: pytest.FixtureRequest, task: str
) -> None:
    _, client = start_node(bundle=request.getfixturevalue(f"{task}_bundle"))

    def topics() -> Set[str]:
        """Those that the detector publishes; the client itself subscribes to detections."""
        return {name for name in TOPICS if client.count_publishers(f"detector/{name}")}

    client.start()
    assert client.spin(TIMEOUT, until=lambda: topics() == {task, "label_info"}), topics()
    client.transition(Transition.TRANSITION_DEACTIVATE)
    client.transition(Transition.TRANSITION_CLEANUP)
    assert client.spin(TIMEOUT, until=lambda: not topics()), topics()


def test_diagnostics_name_the_task(start_node: Start, segmentation_bundle: Path) -> None:
    _, client = start_node(bundle=segmentation_bundle)
    client.start()
    assert client.spin(TIMEOUT, until=lambda: "task" in client.record.diagnostics)
    assert client.record.diagnostics["task"] == "segmentation"
