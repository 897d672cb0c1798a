"""Images with results on them, published for whom looks at them."""

import time
from typing import Any, Callable, Dict, Iterator, List

import cv2
import numpy as np
import pytest
from rcl_interfaces.msg import Log
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from test.trt_inference.ros.client import wait_until
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Segmentation
from trt_inference.inference.selection import Region
from trt_inference.ros.messages.debug_image import DebugImages
from trt_inference.ros.messages.result_messages import image_message
from trt_inference.ros.messages.serialized_image import read_raw_message
from trt_inference.viewing.drawing import class_color, draw_detections

LABELS = ("cat", "dog")
FOUND = Detections(
    np.array([[20, 40, 90, 80]], np.float32), np.array([0.5], np.float32), np.array([1], np.int32)
)
PIXELS = np.random.default_rng(5).integers(0, 256, (100, 120, 3), np.uint8)
RAW, COMPRESSED = "/front/detector/debug_image", "/front/detector/debug_image/compressed"


class Viewer(Node):
    """Keeps what it receives, by topic."""

    def __init__(self) -> None:
        super().__init__("viewer")
        self.pictures: Dict[str, List[Any]] = {RAW: [], COMPRESSED: []}
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)

    def look_at(self, topic: str) -> Any:
        message = Image if topic == RAW else CompressedImage
        return self.create_subscription(message, topic, self.pictures[topic].append, 10)

    def wait(self, until: Callable[[], bool]) -> None:
        def holds() -> bool:
            self._executor.spin_once(timeout_sec=0.01)
            return until()

        assert wait_until(holds)

    def destroy_node(self) -> None:
        self._executor.shutdown(timeout_sec=0)
        super().destroy_node()


@pytest.fixture
def viewer(ros: None) -> Iterator[Viewer]:
    node = Viewer()
    yield node
    node.destroy_node()


@pytest.fixture
def make(ros: None) -> Iterator[Callable[..., DebugImages]]:
    """Makes the topics of a camera; they are taken away at last."""
    node, made = Node("detector"), []

    def build(task: str = "detection", rate: float = 1000.0, **options: Any) -> DebugImages:
        made.append(DebugImages(node, "/front/detector", task, LABELS, rate, **options))
        return made[-1]

    yield build
    for images in made:
        images.destroy()
    node.destroy_node()


def message(pixels: np.ndarray = PIXELS, encoding: str = "bgr8", frame: str = "front") -> Image:
    header = Header(frame_id=frame)
    header.stamp.sec = 7
    return image_message(pixels, encoding, header)


def pixels_of(image: Image) -> np.ndarray:
    return np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3)


@pytest.mark.parametrize("is_serialized", [False, True])
def test_boxes_are_drawn_on_the_image_that_keeps_its_header(
    make: Callable[..., DebugImages], viewer: Viewer, is_serialized: bool
) -> None:
    images = make()
    image: Any = message(PIXELS[..., ::-1].copy(), "rgb8")
    if is_serialized:
        image = read_raw_message(serialize_message(image))
    viewer.look_at(RAW)
    viewer.wait(images.wanted)
    images.offer(image, FOUND)
    viewer.wait(lambda: bool(viewer.pictures[RAW]))
    picture = viewer.pictures[RAW][0]
    assert (picture.header.frame_id, picture.header.stamp.sec) == ("front", 7)
    assert (picture.encoding, picture.step) == ("bgr8", 360)
    np.testing.assert_array_equal(pixels_of(picture), draw_detections(PIXELS, FOUND, LABELS))


def test_compressed_picture_is_a_jpeg_of_the_quality_that_is_set(
    make: Callable[..., DebugImages], viewer: Viewer
) -> None:
    images = make(quality=100)
    viewer.look_at(COMPRESSED)
    viewer.wait(images.wanted)
    smooth = cv2.GaussianBlur(PIXELS, (0, 0), 5)
    sizes = []
    for number, quality in enumerate((100, 10)):
        images.quality = quality
        images.offer(message(smooth), FOUND)
        viewer.wait(lambda number=number: len(viewer.pictures[COMPRESSED]) > number)
        sizes.append(len(viewer.pictures[COMPRESSED][-1].data))
    first = viewer.pictures[COMPRESSED][0]
    assert first.format.startswith("bgr8; jpeg")
    assert first.header.frame_id == "front"
    picture = cv2.imdecode(np.frombuffer(first.data, np.uint8), cv2.IMREAD_COLOR)
    expected = draw_detections(smooth, FOUND, LABELS)
    assert np.abs(picture.astype(int) - expected).mean() < 5
    assert sizes[1] < sizes[0] / 2
    assert not viewer.pictures[RAW]


def test_images_are_wanted_only_while_somebody_looks_and_not_too_often(
    make: Callable[..., DebugImages], viewer: Viewer
) -> None:
    images = make(rate=20.0)
    assert not images.wanted()
    subscription = viewer.look_at(COMPRESSED)
    viewer.wait(images.wanted)
    began = time.monotonic()
    for _ in range(4):
        images.offer(message(), FOUND)
        viewer.wait(images.wanted)
    assert time.monotonic() - began >= 4 / 20.0
    images.rate = 0.0
    assert not images.wanted()
    images.rate = 20.0
    viewer.wait(images.wanted)
    viewer.destroy_subscription(subscription)
    viewer.wait(lambda: not images.wanted())


def test_class_map_is_drawn_as_it_was_when_it_was_offered(
    make: Callable[..., DebugImages], viewer: Viewer
) -> None:
    images = make("segmentation")
    viewer.look_at(RAW)
    viewer.wait(images.wanted)
    class_map = np.ones(PIXELS.shape[:2], np.uint8)
    images.offer(message(), Segmentation(class_map))
    class_map[:] = 0  # the next frame's
    viewer.wait(lambda: bool(viewer.pictures[RAW]))
    expected = (PIXELS.astype(float) + class_color(1)) / 2
    below = np.s_[60:]  # of the list of classes
    difference = np.abs(pixels_of(viewer.pictures[RAW][0])[below] - expected[below])
    assert difference.max() <= 0.5


def test_region_that_is_looked_at_has_a_frame(
    make: Callable[..., DebugImages], viewer: Viewer
) -> None:
    images = make()
    viewer.look_at(RAW)
    viewer.wait(images.wanted)
    grey = np.full_like(PIXELS, 100)
    images.offer(message(grey), FOUND[:0], Region(30, 20, 60, 50))
    viewer.wait(lambda: bool(viewer.pictures[RAW]))
    changed = (pixels_of(viewer.pictures[RAW][0]) != 100).any(axis=-1)
    rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
    assert (rows[0], rows[-1], columns[0], columns[-1]) == (20, 69, 30, 89)


def test_a_broken_image_is_survived_and_the_next_one_is_drawn(
    make: Callable[..., DebugImages], viewer: Viewer
) -> None:
    images = make()
    viewer.look_at(RAW)
    viewer.wait(images.wanted)
    broken = message(frame="broken")
    broken.height = 5000

    def drawn() -> bool:
        images.offer(message(frame="sound"), FOUND)
        return bool(viewer.pictures[RAW])

    def is_warned() -> bool:
        images.offer(broken, FOUND)
        return any("no debug image" in entry.msg for entry in log)

    log: List[Log] = []
    viewer.create_subscription(Log, "/rosout", log.append, 10)
    viewer.wait(is_warned)
    viewer.wait(drawn)
    assert {picture.header.frame_id for picture in viewer.pictures[RAW]} == {"sound"}
