"""Logs that results may not be what they seem, now and then while it goes on."""

from rclpy.node import Node

from trt_inference.bundles.bundle import Bundle
from trt_inference.inference.detector import Detector
from trt_inference.inference.finite import explain_not_finite
from trt_inference.inference.labels_of_classes import explain_without_label
from trt_inference.ros.cameras.camera import Camera
from trt_inference.ros.rclpy_tools.throttle import Throttle


class ResultDoubts:
    """What is doubtful about the results of one engine."""

    def __init__(self, node: Node, bundle: Bundle) -> None:
        self._logger, self._labels = node.get_logger(), bundle.labels
        self._not_finite, self._strangers = Throttle(), Throttle()
        self._reported = 0  # images with classes without a label

    def report_not_finite(self, detector: Detector, camera: Camera, is_published: bool) -> None:
        """Log that the result of an image of a camera is not finite."""
        if not self._not_finite.is_due():
            return
        done = "is published without them" if is_published else "is not published"
        text = f"a result of {camera.topic} {done} ({detector.counts.not_finite} so far)"
        log = self._logger.warning if is_published else self._logger.error
        log(f"{text}: {explain_not_finite(detector.choice.precision)}")

    def report_strangers(self, detector: Detector) -> None:
        """Log it where there are more images with classes without a label than before."""
        count = detector.counts.without_label
        if count > self._reported and self._strangers.is_due():
            self._reported = count
            what = explain_without_label(detector.stranger, self._labels)
            self._logger.warning(f"in {count} images there are {what}")
