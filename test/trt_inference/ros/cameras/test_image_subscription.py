"""Subscriptions to images: what they ask for, what they report, and that no image gets lost."""

import itertools
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, nullcontext
from typing import Any, Callable, Dict, Iterator, List, Optional

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, Image

from examples.shapes.processes import profile_variable
from test.trt_inference.ros.client import TIMEOUT
from trt_inference.ros.cameras.image_subscription import ImageSubscription
from trt_inference.ros.cameras.image_waiter import ImageWaiter
from trt_inference.ros.parameters.settings import ImageOptions
from trt_inference.ros.rclpy_tools.qos import QosError

PERIOD = 0.02  # seconds between two images
BEST_EFFORT = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=5, reliability=ReliabilityPolicy.RELIABLE)

_numbers = itertools.count()


class Setup:
    """A node that subscribes, cameras, and the executor of all of them."""

    def __init__(self, *arguments: str, overrides: Optional[Dict[str, object]] = None) -> None:
        self.namespace = f"/subscription_{next(_numbers)}"
        given = [Parameter(name, value=value) for name, value in (overrides or {}).items()]
        self.node = Node(
            "detector",
            namespace=self.namespace,
            cli_args=["--ros-args", *arguments],
            parameter_overrides=given,
        )
        self.executor = SingleThreadedExecutor()
        self.executor.add_node(self.node)
        self.received: List[Any] = []
        self.subscription: Optional[ImageSubscription] = None
        self._nodes = [self.node]
        self._contexts: List[rclpy.Context] = []

    def subscribe(
        self, topic: str = "image", waiter: Optional[ImageWaiter] = None, **options: Any
    ) -> ImageSubscription:
        self.subscription = ImageSubscription(
            self.node, topic, ImageOptions(**options), self.received.append, waiter
        )
        return self.subscription

    @contextmanager
    def waiting(self) -> Iterator[ImageWaiter]:
        """A waiter, with a thread that waits there."""
        waiter, ended = ImageWaiter(self.node), threading.Event()

        def wait() -> None:
            while not ended.is_set():
                waiter.wait()

        thread = threading.Thread(target=wait, name="waits for images")
        thread.start()
        yield waiter
        if self.subscription is not None:
            self.subscription.destroy()
        ended.set()
        waiter.wake()
        thread.join(TIMEOUT)
        assert not thread.is_alive()
        waiter.destroy()

    def camera(self, topic: str, qos: QoSProfile, name: str = "camera", type: Any = Image) -> Any:
        """A node with one publisher."""
        node = Node(name, namespace=self.namespace)
        self.executor.add_node(node)
        self._nodes.append(node)
        return node.create_publisher(type, topic, qos)

    def foreign_cameras(self, topic: str, type: Any, *names: str) -> None:
        """Publishers as if in another process: one process has one type for each topic."""
        context = rclpy.Context()
        context.init()
        for name in names:
            node = Node(name, namespace=self.namespace, context=context)
            node.create_publisher(type, topic, BEST_EFFORT)
            self._nodes.append(node)
        self._contexts.append(context)

    def spin(self, until: Callable[[], bool], seconds: float = TIMEOUT) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            self.executor.spin_once(timeout_sec=0.02)
        return until()

    def send_until(self, publisher: Any, until: Callable[[], bool]) -> int:
        """Publish numbered images, one each PERIOD; the number that was published."""
        count = 0
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end and not until():
            count += 1
            message = publisher.msg_type()
            message.header.stamp.sec = count
            publisher.publish(message)
            next_one = time.monotonic() + PERIOD
            self.spin(lambda at=next_one: time.monotonic() >= at)  # type: ignore[misc]
        assert until()
        return count

    def close(self) -> None:
        if self.subscription is not None:
            self.subscription.destroy()
        self.executor.shutdown()
        for node in self._nodes:
            node.destroy_node()
        for context in self._contexts:
            context.try_shutdown()


@pytest.fixture
def setup(ros: None) -> Iterator[Callable[..., Setup]]:
    made: List[Setup] = []

    def make(*arguments: str, overrides: Optional[Dict[str, object]] = None) -> Setup:
        made.append(Setup(*arguments, overrides=overrides))
        return made[-1]

    yield make
    for one in made:
        one.close()


def numbers(messages: List[Any]) -> List[int]:
    return [message.header.stamp.sec for message in messages]


def test_auto_suits_a_best_effort_camera(setup: Callable[..., Setup]) -> None:
    it = setup()
    subscription = it.subscribe(reliability="auto")
    assert subscription.publishers().startswith("no publisher")
    publisher = it.camera("image", BEST_EFFORT)
    it.send_until(publisher, lambda: len(it.received) >= 3)
    assert subscription.reliability == "best_effort"
    assert subscription.publishers() == f"{it.namespace}/camera (best_effort)"


@pytest.mark.parametrize("waits", [True, False], ids=["waiter", "executor"])
def test_auto_becomes_reliable_with_each_image_once(
    setup: Callable[..., Setup], waits: bool
) -> None:
    it = setup()
    with it.waiting() if waits else nullcontext() as waiter:
        becomes_reliable_with_each_image_once(it, waiter)


def becomes_reliable_with_each_image_once(it: Setup, waiter: Optional[ImageWaiter]) -> None:
    # With this depth none is replaced by a later one.
    subscription = it.subscribe(waiter=waiter, reliability="auto", depth=100)
    publisher = it.camera("image", RELIABLE)
    assert it.spin(lambda: publisher.get_subscription_count() == publishers_of(it.node) == 1)
    # The exchange is over when the camera is left with one subscriber, a reliable one.
    sent = it.send_until(
        publisher,
        lambda: (
            subscription.reliability == "reliable"
            and len(it.received) > 20
            and asked_for(it) == [ReliabilityPolicy.RELIABLE]
        ),
    )
    it.spin(lambda: numbers(it.received)[-1:] == [sent])
    seen = numbers(it.received)
    assert seen == list(range(1, sent + 1))


def publishers_of(node: Node) -> int:
    """How many publishers the subscription to images is connected with."""
    [subscription] = [one for one in node.subscriptions if one.msg_type is Image]
    if not hasattr(subscription, "get_publisher_count"):  # on Humble: those that it knows of
        return node.count_publishers(subscription.topic)
    return subscription.get_publisher_count()


def test_auto_receives_from_a_best_effort_camera_that_comes_later(
    setup: Callable[..., Setup], capfd: pytest.CaptureFixture[str]
) -> None:
    it = setup()
    reliable = it.camera("image", RELIABLE)
    assert it.spin(lambda: len(it.node.get_publishers_info_by_topic("image")) == 1)
    subscription = it.subscribe(reliability="auto")
    assert subscription.reliability == "reliable"  # from the start, as the camera was there
    it.send_until(reliable, lambda: len(it.received) >= 3)
    late = it.camera("image", BEST_EFFORT, name="late_camera")
    it.received.clear()
    it.send_until(late, lambda: len(it.received) >= 3)
    assert it.spin(lambda: asked_for(it) == [ReliabilityPolicy.BEST_EFFORT])
    assert "image_reliability" not in capfd.readouterr().err  # there is nothing to be mended


def asked_for(it: Setup) -> List[ReliabilityPolicy]:
    """The reliability of each subscription of the node, as other nodes see it."""
    infos = it.node.get_subscriptions_info_by_topic("image")
    return [info.qos_profile.reliability for info in infos]


def test_a_publisher_that_does_not_fit_is_reported_once_with_the_remedy(
    setup: Callable[..., Setup], capfd: pytest.CaptureFixture[str]
) -> None:
    it = setup()
    it.subscribe(reliability="reliable")
    it.camera("image", BEST_EFFORT)
    log = LogReader(capfd)
    assert it.spin(lambda: "image_reliability" in log.text())
    it.camera("image", BEST_EFFORT, name="second_camera")
    it.spin(lambda: log.text().count("image_reliability") > 1, seconds=1.0)
    assert log.text().count("set the parameter image_reliability to auto or best_effort") == 1
    assert f"{it.namespace}/camera (best_effort)" in log.text()
    assert f"qos_overrides.{it.namespace}/image.subscription.reliability" in log.text()


class LogReader:
    """What nodes have logged so far."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self._capfd, self._text = capfd, ""

    def text(self) -> str:
        self._text += self._capfd.readouterr().err
        return self._text


def overrides_of(topic: str, **values: object) -> Dict[str, object]:
    return {f"qos_overrides.{topic}.subscription.{name}": value for name, value in values.items()}


def test_an_override_wins_over_parameter_and_auto_and_is_reported(
    setup: Callable[..., Setup], capfd: pytest.CaptureFixture[str]
) -> None:
    given = overrides_of("/front/image_raw", depth=5, reliability="reliable")
    it = setup("-r", "image:=/front/image_raw", overrides=given)
    for reliability in ("auto", "best_effort"):
        subscription = it.subscribe(reliability=reliability, depth=1)
        assert subscription.topic == "/front/image_raw"
        assert subscription.reliability == "reliable"
        assert depth_of(it.node) == 5
        subscription.destroy()
    log = capfd.readouterr().err
    assert "/front/image_raw: depth is 5, not 1, set by qos_overrides" in log
    assert "/front/image_raw: reliability is reliable, not auto, set by qos_overrides" in log


def depth_of(node: Node) -> int:
    [subscription] = [one for one in node.subscriptions if one.msg_type is Image]
    return int(subscription.qos_profile.depth)


def test_what_is_not_overridden_may_change_from_one_activation_to_the_next(
    setup: Callable[..., Setup],
) -> None:
    it = setup("-r", "image:=/front/image_raw", overrides=overrides_of("/front/image_raw", depth=5))
    for reliability in ("best_effort", "reliable", "best_effort"):
        subscription = it.subscribe(reliability=reliability)
        found = it.node.get_subscriptions_info_by_topic("/front/image_raw")
        assert [one.qos_profile.reliability.name.lower() for one in found] == [reliability]
        assert depth_of(it.node) == 5
        subscription.destroy()


@pytest.mark.parametrize(
    ("policy", "value", "expected_text"),
    [
        ("reliability", "best", "best"),
        ("depth", "many", "depth"),
        ("deadline", 5, "it can set history, depth, reliability"),
    ],
)
def test_an_override_that_cannot_be_had_is_an_error(
    setup: Callable[..., Setup], policy: str, value: object, expected_text: str
) -> None:
    topic = f"/refused_{policy}/image"
    it = setup("-r", f"image:={topic}", overrides=overrides_of(topic, **{policy: value}))
    with pytest.raises(QosError, match=expected_text):
        it.subscribe()


def test_compressed_images_have_a_topic_beside_the_remapped_one(
    setup: Callable[..., Setup],
) -> None:
    it = setup("-r", "image:=front/image_raw")
    subscription = it.subscribe(transport="compressed")
    assert subscription.topic == f"{it.namespace}/front/image_raw/compressed"
    publisher = it.camera("front/image_raw/compressed", BEST_EFFORT, type=CompressedImage)
    it.send_until(publisher, lambda: len(it.received) >= 1)
    assert isinstance(it.received[0], CompressedImage)


def test_a_publisher_of_another_type_is_reported(
    setup: Callable[..., Setup], capfd: pytest.CaptureFixture[str]
) -> None:
    it = setup()
    subscription = it.subscribe()
    it.foreign_cameras("image", CompressedImage, "camera")
    log = LogReader(capfd)
    assert it.spin(lambda: "CompressedImage, not sensor_msgs/msg/Image" in log.text())
    expected = f"{it.namespace}/camera publishes sensor_msgs/msg/CompressedImage here"
    assert subscription.publishers() == expected


def test_of_many_publishers_of_another_type_some_are_reported(
    setup: Callable[..., Setup], capfd: pytest.CaptureFixture[str]
) -> None:
    """Anybody may make ever new ones."""
    it = setup()
    subscription = it.subscribe()
    it.foreign_cameras("image", CompressedImage, *(f"camera{number}" for number in range(15)))
    log = LogReader(capfd)
    assert it.spin(lambda: subscription.publishers().count("publishes") == 15)
    assert it.spin(lambda: "it publishes" in log.text())
    it.spin(lambda: log.text().count("it publishes") > 10, seconds=2.5)
    assert log.text().count("it publishes") == 10


def test_nothing_is_called_and_nothing_is_left_after_destroy(setup: Callable[..., Setup]) -> None:
    it = setup()
    before = len(list(it.node.subscriptions)), len(list(it.node.timers))
    subscription = it.subscribe()
    publisher = it.camera("image", BEST_EFFORT)
    it.send_until(publisher, lambda: len(it.received) >= 1)
    subscription.destroy()
    subscription.destroy()
    it.received.clear()
    publisher.publish(Image())
    assert it.spin(lambda: publisher.get_subscription_count() == 0)
    it.spin(lambda: bool(it.received), seconds=0.2)
    assert it.received == []
    assert (len(list(it.node.subscriptions)), len(list(it.node.timers))) == before


SENDER = """
import array, sys, rclpy
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
rclpy.init()
node = rclpy.create_node("sender")
qos = QoSProfile(depth=2, reliability=ReliabilityPolicy.BEST_EFFORT)
publisher = node.create_publisher(Image, sys.argv[1], qos)
image = Image(height=1080, width=1920, encoding="bgr8", step=5760)
image.data = array.array("B", bytes(1080 * 5760))
while True:
    publisher.publish(image)
    rclpy.spin_once(node, timeout_sec=0.03)
"""


def test_images_that_the_middleware_loses_are_counted(setup: Callable[..., Setup]) -> None:
    """Fast DDS has no room for an image of six megabytes unless its profile makes it."""
    it = setup()
    subscription = it.subscribe()
    environment = dict(os.environ)
    environment.pop(profile_variable())
    command = [sys.executable, "-c", SENDER, subscription.topic]
    with subprocess.Popen(command, env=environment) as sender:
        try:
            assert it.spin(lambda: subscription.lost >= 10)
        finally:
            sender.kill()
