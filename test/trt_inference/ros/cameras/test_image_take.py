"""Images of a subscription, where taking them in place is not possible, or fails."""

from typing import Any, Iterator, List

import pytest
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from test.trt_inference.ros.client import Client, wait_until
from trt_inference.ros.cameras import image_take
from trt_inference.ros.cameras.image_take import ImageTake
from trt_inference.ros.cameras.rcl_take import TakeError
from trt_inference.ros.cameras.serialized_take import SerializedTake
from trt_inference.ros.messages.serialized_image import SerializedImage

DEPTH = 5
RELIABLE = QoSProfile(depth=DEPTH)


class Camera:
    """A publisher and a subscription, which nothing but the test takes from."""

    def __init__(self) -> None:
        self.node = Client("/image_takes")
        self._publisher = self.node.create_publisher(Image, "image", RELIABLE)
        self.subscription = self.node.create_subscription(Image, "image", print, RELIABLE)

    def publish(self, *widths: int) -> None:
        for width in widths:
            self._publisher.publish(Image(width=width, data=bytes(width)))


@pytest.fixture
def camera(ros: None) -> Iterator[Camera]:
    camera = Camera()
    yield camera
    camera.node.destroy_node()


def next_image(take: ImageTake) -> Any:
    images: List[Any] = []

    def has_come() -> bool:
        images.append(take.one())
        return images[-1] is not None

    assert wait_until(has_come)
    return images[-1]


def test_after_a_failure_images_go_on(camera: Camera, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are taken by rclpy from then on, and are read in place nevertheless."""
    take = ImageTake(camera.subscription, in_place=True)
    camera.publish(1)
    assert next_image(take).width == 1

    def fail(*_: Any) -> None:
        raise TakeError("no memory")

    monkeypatch.setattr(SerializedTake, "take", fail)
    with pytest.raises(TakeError, match="no memory"):
        take.one()
    camera.publish(2, 3)
    for width in (2, 3):
        image = next_image(take)
        assert isinstance(image, SerializedImage)
        assert (image.width, bytes(image.data)) == (width, bytes(width))


@pytest.mark.parametrize("in_place", [True, False])
def test_what_is_not_read_in_place_is_a_message(
    camera: Camera, in_place: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Because it must not be, or because this robot's type support lays it out in another way."""
    monkeypatch.setattr(image_take, "are_read_in_place", lambda kind: not in_place)
    take = ImageTake(camera.subscription, in_place)
    camera.publish(5)
    assert isinstance(next_image(take), Image)


@pytest.mark.parametrize("in_place", [True, False])
def test_images_that_come_meanwhile_are_left_for_the_next_time(
    camera: Camera, in_place: bool
) -> None:
    """Otherwise a fast camera would keep the thread from all others."""
    take = ImageTake(camera.subscription, in_place)
    camera.publish(*range(DEPTH))
    assert next_image(take).width == 0
    seen = []
    for image in take.all():
        seen.append(image.width)
        camera.publish(DEPTH + len(seen))
        assert len(seen) <= DEPTH
    assert seen[: DEPTH - 1] == list(range(1, DEPTH))
