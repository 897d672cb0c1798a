"""Says when receiving images is what a node is limited by."""

import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Callable, DefaultDict, List

from rclpy.node import Node

from trt_inference.ros.rclpy_tools.steady_timer import steady_timer

WINDOW = 5.0  # seconds over which rates and CPU times are taken
BUSY = 0.8  # part of a core from which on the thread that receives is the limit
LOSS = 0.1  # part of the images from which on a loss is reported
LEAST_LOST = 3  # images
LONGEST_GAP = 1.0  # seconds; a camera that is silent for longer has stopped


@dataclass(frozen=True)
class ReceptionSummary:
    """What the last few seconds cost and lost.

    Attributes:
        rate: images a second that reached the node, of all cameras.
        cpu_ms: CPU time for each, in milliseconds, to take it from the middleware.
        core: the part of one core that is.
        lost: images that the middleware has reported as lost since the start.
    """

    rate: float = 0.0
    cpu_ms: float = 0.0
    core: float = 0.0
    lost: int = 0


class Reception:
    """Measures what the reception of images costs and loses, and warns, once, after the first
    seconds of images, when it is the bottleneck.

    Attributes:
        summary: of the last window.
    """

    def __init__(
        self,
        node: Node,
        lost: Callable[[], int],
        cpu: Callable[[], float],
        expected_rate: float = 0.0,
        window: float = WINDOW,
    ) -> None:
        """
        Args:
            lost: returns the number of images that the middleware reported as lost.
            cpu: returns the seconds of CPU time that all images have taken to receive.
            expected_rate: images a second of each camera; 0: read off the stamps.
            window: seconds.
        """
        self._node, self._lost, self._cpu = node, lost, cpu
        self._expected_rate = expected_rate
        self.summary = ReceptionSummary()
        self._windows = 0  # with images; in the first one everything is done for the first time
        self._begin()
        self._timer = steady_timer(node, window, self._look)

    def received(self, message: Any, now: float, camera: int = 0) -> None:
        """Count an image. Called in the subscription's callback, on the thread that receives.

        Args:
            message: anything with a header.
            now: seconds on the clock of ``time.perf_counter``.
            camera: number of the camera that it is of.
        """
        self._count += 1
        self._last = now
        if self._count == 1:
            self._first = now
        if self._windows == 1:
            stamp = message.header.stamp
            self._stamps[camera].append(stamp.sec + stamp.nanosec * 1e-9)

    def destroy(self) -> None:
        """Look no more."""
        self._node.destroy_timer(self._timer)

    def _begin(self) -> None:
        self._count, self._first, self._last = 0, 0.0, 0.0
        self._cpu_before = self._cpu()
        self._stamps: DefaultDict[int, List[float]] = defaultdict(list)  # by camera
        self._lost_before = self._lost()

    def _look(self) -> None:
        """End a window."""
        lost = self._lost()
        self.summary = self._summarize(lost)
        if self._count > 0 or lost > self._lost_before:
            self._windows += 1
            if self._windows == 2:
                self._judge(lost - self._lost_before)
        self._begin()

    def _summarize(self, lost: int) -> ReceptionSummary:
        if self._count < 2:
            return ReceptionSummary(lost=lost)
        rate = (self._count - 1) / (self._last - self._first)
        seconds = (self._cpu() - self._cpu_before) / self._count
        return ReceptionSummary(rate, seconds * 1e3, rate * seconds, lost)

    def _judge(self, lost: int) -> None:
        missing = sum(count_missing(one, self._expected_rate) for one in self._stamps.values())
        text = bottleneck(self.summary, self._count, max(lost, missing))
        if text:
            self._node.get_logger().warning(text)


def count_missing(stamps: List[float], expected_rate: float = 0.0) -> int:
    """The images that are missing between those with these stamps, in seconds.

    Args:
        expected_rate: images a second; 0: the median interval is taken for the camera's period.
    """
    intervals = [after - before for before, after in zip(stamps, stamps[1:])]
    usual = [interval for interval in intervals if 0 < interval < LONGEST_GAP]
    if not usual:
        return 0
    period = 1 / expected_rate if expected_rate > 0 else statistics.median(usual)
    # One that comes late makes the next interval shorter: these cancel out.
    return max(0, sum(round(interval / period) - 1 for interval in usual))


def bottleneck(summary: ReceptionSummary, received: int, lost: int) -> str:
    """What is wrong with the reception, and what to do; nothing when it keeps up.

    Args:
        received: images in the window of the summary.
        lost: those that did not arrive meanwhile.
    """
    causes = []
    if lost >= LEAST_LOST and lost > LOSS * (received + lost):
        causes.append(
            f"{lost} of {received + lost} images are lost on their way: start the camera with the "
            "middleware profile config/fastdds_large_images.xml (see If images get lost, in the "
            "README)"
        )
    if summary.core > BUSY:
        causes.append(
            f"receiving {summary.rate:.1f} images a second takes {summary.core:.2f} of a core, "
            f"{summary.cpu_ms:.1f} ms for each: more do not fit through one thread"
        )
    if not causes:
        return ""
    return (
        f"the reception of images is the bottleneck: {'; '.join(causes)}. Smaller or fewer images, "
        "fewer subscribers of the camera, and image_transport: compressed help too"
    )
