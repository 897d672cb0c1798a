"""The demo's camera: what it sends beside its images, and for whom."""

import time
from typing import Any, Callable, Dict, Iterator, Tuple

import cv2
import numpy as np
import pytest
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CompressedImage, Image
from vision_msgs.msg import Detection2DArray

from examples.shapes import camera as module
from examples.shapes.camera import EVERY_MESSAGE, Camera
from examples.shapes.monitor import stamp_of

TIMEOUT = 60.0  # seconds against hanging
Received = Dict[Tuple[int, int], Any]


class Viewer(Node):
    """A camera and those who subscribe to it, in one executor."""

    def __init__(self) -> None:
        super().__init__("viewer")
        self.executor_of_all = SingleThreadedExecutor()
        self.camera = Camera(width=320, height=180, rate=30.0, seed=1, still=False)
        for node in (self, self.camera):
            self.executor_of_all.add_node(node)

    def receive(self, type_: Any, topic: str, qos: Any) -> Received:
        """Subscribe; what comes is in the result, by the stamp of its header."""
        received: Received = {}

        def take(message: Any) -> None:
            received[stamp_of(message.header)] = message

        self.create_subscription(type_, topic, take, qos)
        return received

    def spin(self, until: Callable[[], bool]) -> None:
        end = time.monotonic() + TIMEOUT
        while not until():
            assert time.monotonic() < end
            self.executor_of_all.spin_once(timeout_sec=0.05)


@pytest.fixture
def viewer(ros: None) -> Iterator[Viewer]:
    node = Viewer()
    yield node
    node.camera.destroy_node()
    node.destroy_node()


def images_and_truth(viewer: Viewer) -> Tuple[Received, Received]:
    truth = viewer.receive(Detection2DArray, "ground_truth", EVERY_MESSAGE)
    return viewer.receive(Image, "image", qos_profile_sensor_data), truth


def test_nothing_is_encoded_until_somebody_subscribes(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise InterruptedError("encoded")

    monkeypatch.setattr(module, "compressed", refuse)
    images, _ = images_and_truth(viewer)
    viewer.spin(lambda: len(images) >= 5)
    viewer.receive(CompressedImage, "image/compressed", EVERY_MESSAGE)
    with pytest.raises(InterruptedError):
        viewer.spin(lambda: False)


def test_jpegs_are_the_images_with_the_same_header(viewer: Viewer) -> None:
    jpegs = viewer.receive(CompressedImage, "image/compressed", EVERY_MESSAGE)
    images, truth = images_and_truth(viewer)
    viewer.spin(lambda: len(images.keys() & jpegs.keys()) >= 5)
    for stamp in images.keys() & jpegs.keys():
        jpeg = jpegs[stamp]
        assert jpeg.header == images[stamp].header and jpeg.format == "jpeg"
        decoded = cv2.imdecode(np.frombuffer(jpeg.data, np.uint8), cv2.IMREAD_COLOR)
        distances = {other: distance(decoded, images[other]) for other in images}
        assert min(distances, key=distances.__getitem__) == stamp
        assert distances[stamp] < 8  # of which the noise is most
    # Of each image but the last, which is encoded in the pause after it.
    sent = sorted(stamp for stamp in truth if min(jpegs) <= stamp < max(jpegs))
    assert sent and set(sent) <= set(jpegs)


def distance(picture: np.ndarray, image: Image) -> float:
    """The mean difference of two values."""
    pixels = np.frombuffer(image.data, np.uint8).reshape(picture.shape)
    return float(np.abs(picture.astype(int) - pixels).mean())
