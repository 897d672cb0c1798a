"""A ROS node that receives what cameras and robots of a fleet send."""

import time
from collections import OrderedDict
from functools import partial
from typing import Callable, Dict, Sequence

import numpy as np
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray, VisionInfo

from examples.fleet.answerers import Judge, Result
from examples.fleet.receipts import Receipts
from examples.shapes.camera import EVERY_MESSAGE
from examples.shapes.monitor import Stamp, stamp_of
from examples.shapes.watching_node import MonitorError, WatchingNode
from trt_inference.ros.messages.image_message_reader import MessageReader
from trt_inference.ros.messages.result_messages import message_to_detections
from trt_inference.ros.rclpy_tools.qos import LATCHED

_EACH = QoSProfile(depth=50)
MOST_WAITING = 50  # images of a robot whose results have not come


class RobotWatch:
    """What has come of one robot. Images and results are paired here, and given to the judge.

    Attributes:
        announced: the method that its VisionInfo has told last: who computes the results.
    """

    def __init__(self, labels: Sequence[str], judge: Judge) -> None:
        self.receipts = Receipts()
        self.announced = ""
        self._labels, self._judge = labels, judge
        self._reader = MessageReader()
        self._images: OrderedDict[Stamp, np.ndarray] = OrderedDict()
        self._results: Dict[Stamp, Detection2DArray] = {}

    def on_truth(self, message: Detection2DArray) -> None:
        """The truth is sent with each image."""
        self.receipts.sent.append(stamp_of(message.header))

    def on_detections(self, message: Detection2DArray) -> None:
        """Note when a result came."""
        now, stamp = time.time(), stamp_of(message.header)
        if stamp in self.receipts.received:
            self.receipts.twice.append(stamp)
            return
        self.receipts.received[stamp] = now
        self._results[stamp] = message
        self._pair(stamp)

    def on_image(self, message: Image) -> None:
        """Keep an image until its result comes."""
        stamp = stamp_of(message.header)
        self._images[stamp] = self._reader.read(message).bgr().copy()
        if len(self._images) > MOST_WAITING:
            self._images.popitem(last=False)
        self._pair(stamp)

    def on_vision_info(self, message: VisionInfo) -> None:
        """Note what the robot announces."""
        self.announced = message.method

    def _pair(self, stamp: Stamp) -> None:
        if stamp in self._images and stamp in self._results:
            received = message_to_detections(self._results.pop(stamp), self._labels)
            tell = partial(self.receipts.answered_by.__setitem__, stamp)
            self._judge.ask(Result(self._images.pop(stamp), received, tell))


class FleetMonitor(WatchingNode):
    """Subscribes to images, truth, results and VisionInfo of each robot, by its name below the
    namespace of this node."""

    def __init__(
        self, namespace: str, names: Sequence[str], labels: Sequence[str], judge: Judge
    ) -> None:
        super().__init__("fleet_monitor", namespace)
        self._judge = judge
        self.robots = {name: RobotWatch(labels, judge) for name in names}
        for name, robot in self.robots.items():
            for type_, topic, take, qos in (
                (Image, "image", robot.on_image, _EACH),
                (Detection2DArray, "ground_truth", robot.on_truth, EVERY_MESSAGE),
                (Detection2DArray, "detector/detections", robot.on_detections, _EACH),
                (VisionInfo, "detector/vision_info", robot.on_vision_info, LATCHED),
            ):
                self.create_subscription(type_, f"{name}/{topic}", take, qos)

    def wait(self, seconds: float, until: Callable[[], bool], what: str) -> None:
        """Receive until a condition holds.

        Args:
            what: has not happened when it does not in ``seconds``.

        Raises:
            MonitorError: it does not, or a process that is watched has ended.
        """
        if not self.spin(seconds, until):
            raise MonitorError(f"{what} within {seconds:.0f} s")

    def spin(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """As ``WatchingNode.spin``; the judge is watched, too."""

        def is_over() -> bool:
            if self._judge.problem is not None:
                raise MonitorError(f"results cannot be looked at: {self._judge.problem}")
            return until()

        return super().spin(seconds, is_over)
