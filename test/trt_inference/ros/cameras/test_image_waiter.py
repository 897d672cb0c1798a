"""Images are taken and called back with, and nothing ends the thread that waits for them."""

import itertools
import time
from typing import Any, Callable, Iterator, List

import pytest
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from test.trt_inference.ros.client import TIMEOUT
from trt_inference.ros.cameras.image_take import ImageTake
from trt_inference.ros.cameras.image_waiter import ImageWaiter

QOS = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)

_numbers = itertools.count()


class Setup:
    """A waiter with one subscription, and a camera."""

    def __init__(self, in_place: bool) -> None:
        namespace = f"/waiter_{next(_numbers)}"
        self.node = Node("detector", namespace=namespace)
        self.waiter = ImageWaiter(self.node)
        self.received: List[int] = []
        self.on_image: Callable[[], None] = lambda: None
        subscription: Any = self.node.create_subscription(
            Image, "image", self._receive, QOS, callback_group=self.waiter.group
        )
        self.take = ImageTake(subscription, in_place)
        self.waiter.add(self.take)
        self._publisher = self.node.create_publisher(Image, "image", QOS)

    def _receive(self, image: Any) -> None:
        self.received.append(image.height)
        self.on_image()

    def send(self, count: int) -> None:
        """Publish numbered images, and wait until all of them are there to be taken."""
        end = time.monotonic() + TIMEOUT
        while not self._publisher.get_subscription_count():
            assert time.monotonic() < end
            time.sleep(0.01)
        for number in range(count):
            self._publisher.publish(Image(height=number))
        time.sleep(0.2)  # it is another thread that brings them

    def wait_for(self, count: int) -> None:
        while len(self.received) < count:
            self.waiter.wait()

    def close(self) -> None:
        self.waiter.destroy()
        self.node.destroy_node()


@pytest.fixture(params=[True, False], ids=["in_place", "as_messages"])
def setup(ros: None, request: pytest.FixtureRequest) -> Iterator[Setup]:
    it = Setup(request.param)
    yield it
    it.close()


def test_all_images_that_are_there_are_taken_in_their_order(setup: Setup) -> None:
    setup.send(3)
    setup.wait_for(3)
    assert setup.received == [0, 1, 2]


def test_an_exception_of_a_callback_is_logged_and_the_next_image_is_taken(
    setup: Setup, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail_once() -> None:
        if setup.received == [0]:
            raise RuntimeError("the first one")

    setup.on_image = fail_once
    setup.send(3)
    setup.wait_for(3)
    assert "RuntimeError: the first one" in capfd.readouterr().err


def test_images_of_a_subscription_that_is_destroyed_meanwhile_are_no_failure(
    setup: Setup, capfd: pytest.CaptureFixture[str]
) -> None:
    def destroy() -> None:  # as the executor does, when the node is deactivated
        setup.waiter.remove(setup.take)
        setup.node.destroy_subscription(setup.take.subscription)

    setup.on_image = destroy
    setup.send(3)
    assert setup.waiter.wait() >= 1
    assert setup.waiter.wait() == 0  # woken by the removal
    assert "failed" not in capfd.readouterr().err


def test_it_can_be_woken_before_and_while_it_waits_without_images(setup: Setup) -> None:
    setup.waiter.wait()  # woken by the addition
    setup.waiter.wake()
    assert setup.waiter.wait() == 0
