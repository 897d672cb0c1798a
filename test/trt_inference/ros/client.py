"""A node in a process of its own, and what a test does to it from outside."""

import re
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Sequence, Union

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from examples.shapes.camera import as_message_data
from examples.shapes.monitor import stamp_of
from examples.shapes.processes import running
from test.trt_inference.ros.asking_node import TIMEOUT, AskingNode

ROOT = Path(__file__).resolve().parents[3]
NODE = "trt_inference.ros.process"
# A warning of rclpy's, and the line of its source.
_UNDELIVERED = re.compile(
    r"^.*RuntimeWarning: failed to send response \(timeout\): .*\n(  self\..*\n?)?", re.MULTILINE
)


class NodeProcess:
    """The node's process and its log."""

    def __init__(self, process: subprocess.Popen, log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        """What it has printed so far, but for answers that a client missed: see asking_node.py."""
        return _UNDELIVERED.sub("", self._log.read_text("utf-8"))

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None


@contextmanager
def node_process(
    folder: Path, namespace: str, command: Sequence[str] = (NODE,), **parameters: object
) -> Iterator[NodeProcess]:
    """Run the node with ``parameters`` in ``namespace``; its log goes to ``folder``.

    Args:
        command: a module that runs the node, with arguments.
    """
    given = [word for name, value in parameters.items() for word in ("-p", f"{name}:={value}")]
    log = folder / "node.log"
    arguments = ("--ros-args", "-r", f"__ns:={namespace}", *given)
    with log.open("wb") as stream, running(*command, *arguments, output=stream) as it:
        yield NodeProcess(it, log)


class Client(AskingNode):
    """Publishes images to a detector and receives what it publishes."""

    def __init__(self, namespace: str) -> None:
        super().__init__(namespace)
        reliable = QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE)
        self._images = self.create_publisher(Image, "image", reliable)
        self._stamp = 0

    def send(self, image: Image) -> None:
        """Publish one image, once the detector subscribes."""
        if not self.spin(TIMEOUT, until=lambda: self._images.get_subscription_count() > 0):
            raise TimeoutError("the detector does not subscribe to images")
        self.publish(image)

    def publish(self, image: Union[Image, bytes]) -> None:
        """Publish one image, or what is to pass for one, whoever is there."""
        self._images.publish(image)

    def detect(self, image: Image) -> Detection2DArray:
        """Publish one image and wait for the message with its stamp.

        The first images are sent again, because the middleware may not yet have told the
        detector of this publisher when they are sent.
        """
        stamp = stamp_of(image.header)
        for _ in range(int(TIMEOUT / 0.5)):
            self.send(image)
            if self.spin(0.5, until=lambda: stamp in self.record.detections):
                return self.record.detections[stamp]
        raise TimeoutError(f"no detections for the image with the stamp {stamp}")

    def answer(self, image: Image) -> Detection2DArray:
        """Wait for the detections of an image that was sent."""
        stamp = stamp_of(image.header)
        if not self.spin(TIMEOUT, until=lambda: stamp in self.record.detections):
            raise TimeoutError(f"no detections for the image with the stamp {stamp}")
        return self.record.detections[stamp]

    def image(self, pixels: np.ndarray, encoding: str = "bgr8", **changes: Any) -> Image:
        """A message with a stamp of its own; ``changes`` replace its fields."""
        self._stamp += 1
        height, width = pixels.shape[:2]
        message = Image(height=height, width=width, encoding=encoding)
        message.step = pixels.strides[0]
        message.data = as_message_data(pixels)
        message.header.stamp.sec = 1000 + self._stamp
        message.header.stamp.nanosec = 123456789
        message.header.frame_id = "front_camera"
        for name, value in changes.items():
            setattr(message, name, value)
        return message

    def wait_for_count(self, name: str, least: int) -> int:
        """Wait until a counter on /diagnostics is ``least`` or more, and give its value."""

        def count() -> int:
            return int(self.record.diagnostics.get(name, -1))

        if not self.spin(TIMEOUT, until=lambda: count() >= least):
            raise TimeoutError(f"{name} is {count()}, not {least}")
        return count()

    def counters_at_rest(self) -> Dict[str, int]:
        """The counters, once no frame waits or is in work; call it when no more are sent."""
        names = ("received", "inferred", "dropped", "rejected", "unwatched")
        counted: Dict[str, int] = {}

        def is_at_rest() -> bool:
            counted.update({name: int(self.record.diagnostics.get(name, -1)) for name in names})
            received, *answered = counted.values()
            return received == sum(answered)

        self.record.diagnostics = {}
        if not self.spin(TIMEOUT, until=is_at_rest):
            raise TimeoutError(f"the counters do not add up: {counted}")
        return counted

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        """Those of the detector in this namespace: the topic is everybody's."""
        of_ours = f"{self.get_namespace()}/detector"
        if any(status.name.startswith(of_ours) for status in message.status):
            super()._on_diagnostics(message)


def wait_until(condition: Any, seconds: float = TIMEOUT) -> bool:
    """Poll ``condition``; True when it held in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def camera_messages(client: Client) -> List[str]:
    """What /diagnostics say of the camera, as they come."""
    messages: List[str] = []

    def listen(array: DiagnosticArray) -> None:
        name = f"{client.get_namespace()}/detector: camera"
        messages.extend(one.message for one in array.status if one.name.startswith(name))

    client.create_subscription(DiagnosticArray, "/diagnostics", listen, 10)
    return messages
