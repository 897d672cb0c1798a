"""What happens to images on the inference thread: read, detect, publish, count."""

import time
from collections import deque
from typing import Callable, Deque, List, Mapping, NamedTuple, Optional, Sequence

from builtin_interfaces.msg import Time
from rclpy.node import Node

from trt_inference.bundles.bundle import Bundle
from trt_inference.errors import FrameLost, ImageError
from trt_inference.inference.detector import STAGES, Detector
from trt_inference.inference.finite import NOT_FINITE
from trt_inference.inference.results import Result
from trt_inference.ros.cameras.camera import Camera, Received
from trt_inference.ros.messages.headers import AnyHeader
from trt_inference.ros.messages.serialized_image import AnyImage
from trt_inference.ros.session.result_doubts import ResultDoubts
from trt_inference.streaming.inference_thread import Work
from trt_inference.timing import StageClock

_MEMORY_PERIOD = 1.0  # seconds between two looks at the memory of the device


class _Started(NamedTuple):
    """An image that is being inferred; with its pixels only where they are to be drawn."""

    camera: Camera
    header: AnyHeader
    image: Optional[AnyImage]
    received_at: float


class Pipeline(Work[Received]):
    """Takes images from arrival to the published message.

    Attributes:
        clock: of the stages ``wait`` (in the mailbox), those of the detector, ``publish``,
            ``node`` (received to published) and ``age`` (the image's stamp to published).
        memory: of the device, in bytes, as the engine reports it.
        publishes_non_finite: whether what is left of a result that is not finite is published.
    """

    def __init__(self, node: Node, bundle: Bundle, introduce: Callable[[], None]) -> None:
        """
        Args:
            bundle: that detects.
            introduce: publishes who computes the results; called before the first image is worked
                on, and before the first result of another engine, as where a server has not
                answered.
        """
        self._bundle = bundle
        self.publishes_non_finite = False
        self._doubts = ResultDoubts(node, bundle)
        self.clock = StageClock(("wait", *STAGES, "publish", "node", "age"))
        self.memory: Mapping[str, int] = {}
        self._node = node
        self._introduce = introduce
        self._introduced: Optional[str] = None  # the description of the engine
        self._started: Deque[List[_Started]] = deque()
        self._memory_at = float("-inf")

    def start(self, detector: Detector, items: Sequence[Received]) -> bool:
        """Begin to detect, in one run. An image that cannot be used is counted and logged.

        Raises:
            EngineError: the engine has failed.
        """
        if self._introduced is None:
            self._introduce_if_new(detector)
        taken = time.perf_counter()
        run = [one for one in items if self._add(detector, one)]
        if not run:
            return False
        detector.start()
        self._started.append([_without_pixels(one) for one in run])
        for one in run:
            self.clock.record("wait", taken - one.at)
        return True

    def finish(self, detector: Detector) -> None:
        """Publish what is in the images that were started first. Images that nobody answers are
        counted and logged.

        Raises:
            EngineError: the engine has failed.
        """
        try:
            results = detector.finish()
        except FrameLost as error:
            for one in self._started.popleft():
                one.camera.reject(error)
            return
        detected = time.perf_counter()
        self._introduce_if_new(detector)
        for one, result in zip(self._started.popleft(), results):
            if not self._is_published(detector, one.camera, result):
                continue
            one.camera.publish(result, one.header, self._bundle, one.image)
            published = time.perf_counter()
            self.clock.record("publish", published - detected)
            self.clock.record("node", published - one.received_at)
            self._record_age(one.camera, one.header.stamp)
            detected = published
        self._doubts.report_strangers(detector)
        self._look_at_memory(detector, detected)

    def abandon(self) -> None:
        """Count what was started and will not be finished as dropped."""
        while self._started:
            for one in self._started.popleft():
                one.camera.counters.dropped += 1

    def _introduce_if_new(self, detector: Detector) -> None:
        description = detector.engine.description
        if description != self._introduced:
            self._introduced = description
            self._introduce()

    def _is_published(self, detector: Detector, camera: Camera, result: Result) -> bool:
        """Whether a result is; one that is not has been counted and logged."""
        if result.is_finite:
            return True
        publishes = self.publishes_non_finite  # once, since the executor may set it meanwhile
        self._doubts.report_not_finite(detector, camera, publishes)
        if not publishes:
            camera.counters.reject(NOT_FINITE)
        return publishes

    def _add(self, detector: Detector, item: Received) -> bool:
        try:
            detector.add(item.camera.read(item.image))
        except ImageError as error:
            item.camera.reject(error)
            return False
        return True

    def _record_age(self, camera: Camera, stamp: Time) -> None:
        """Record the age of an image that has a time: cameras without a clock leave the stamp at
        zero, and a simulated clock stands there until its first message. It is negative when a
        clock was set back."""
        nanoseconds = stamp.sec * 10**9 + stamp.nanosec
        now = self._node.get_clock().now().nanoseconds
        if nanoseconds > 0 and now > 0:
            age = (now - nanoseconds) * 1e-9
            camera.ages.record(age)
            if age >= 0:
                self.clock.record("age", age)

    def _look_at_memory(self, detector: Detector, now: float) -> None:
        if now - self._memory_at > _MEMORY_PERIOD:
            self._memory_at = now
            self.memory = detector.engine.memory()


def _without_pixels(one: Received) -> _Started:
    image = one.image if one.camera.debug_images.wanted() else None
    return _Started(one.camera, one.image.header, image, one.at)
