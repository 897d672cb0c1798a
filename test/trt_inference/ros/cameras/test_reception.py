"""Whether reception is the bottleneck: what it costs, what it loses, and when it is reported."""

import itertools
import time
from typing import Any, Callable, Iterator, List, Set

import numpy as np
import pytest
from rclpy.executors import Executor, SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from trt_inference.ros.cameras import reception
from trt_inference.ros.cameras.reception import (
    Reception,
    ReceptionSummary,
    bottleneck,
    count_missing,
)

RATE = 50.0
WINDOW = 0.5  # seconds
LIMIT = 60.0  # seconds against hanging

_numbers = itertools.count()


class Setup:
    """A camera and a node that receives."""

    def __init__(self, executor: Executor, work: float = 0.0, skip: int = 0) -> None:
        """
        Args:
            work: seconds of CPU time that each image is said to take.
            skip: of every so many images one is not sent.
        """
        namespace = f"/reception_{next(_numbers)}"
        self.node = Node("detector", namespace=namespace)
        self._camera = Node("camera", namespace=namespace)
        self.executor = executor
        executor.add_node(self.node)
        executor.add_node(self._camera)
        self.lost = 0
        self.cpu = 0.0
        self.reception = Reception(self.node, lambda: self.lost, lambda: self.cpu, window=WINDOW)
        self._work, self._skip, self._count = work, skip, 0
        self.node.create_subscription(Image, "image", self._receive, 1)
        self._publisher = self._camera.create_publisher(Image, "image", 1)
        self._camera.create_timer(1 / RATE, self._send)

    def _send(self) -> None:
        self._count += 1
        if self._skip and self._count % self._skip == 0:
            return
        message = Image()
        message.header.stamp.sec = int(self._count / RATE)
        message.header.stamp.nanosec = int(self._count / RATE % 1 * 1e9)
        self._publisher.publish(message)

    def _receive(self, message: Image) -> None:
        self.cpu += self._work
        self.reception.received(message, time.perf_counter())

    def spin(self, until: Callable[[], bool], seconds: float = LIMIT) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            self.executor.spin_once(timeout_sec=0.02)
        return until()

    def close(self) -> None:
        self.reception.destroy()
        self.executor.shutdown()
        self.node.destroy_node()
        self._camera.destroy_node()


@pytest.fixture
def setup(ros: None) -> Iterator[Callable[..., Setup]]:
    made: List[Setup] = []

    def make(executor: Executor, **options: Any) -> Setup:
        made.append(Setup(executor, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_cost_and_rate_are_those_of_the_images_in_the_window(ros: None) -> None:
    node = Node("detector", namespace=f"/reception_{next(_numbers)}")
    cpu = 5.0  # before the window
    it = Reception(node, lambda: 7, lambda: cpu, window=WINDOW)
    for number in range(5):
        cpu += 0.002 * number
        it.received(Image(), 10.0 + number / 10)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    end = time.monotonic() + LIMIT
    while it.summary == ReceptionSummary() and time.monotonic() < end:
        executor.spin_once(timeout_sec=0.02)
    it.destroy()
    executor.shutdown()
    node.destroy_node()
    assert it.summary.rate == pytest.approx(10.0)
    assert it.summary.cpu_ms == pytest.approx((0 + 2 + 4 + 6 + 8) / 5)
    assert it.summary.core == pytest.approx(10.0 * 4.0 / 1000)
    assert it.summary.lost == 7


def test_a_busy_thread_is_logged_once(
    setup: Callable[..., Setup],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reception, "BUSY", 0.0)  # others may need the processor, too
    monkeypatch.setattr(reception, "LOSS", 1.0)
    it = setup(SingleThreadedExecutor(), work=0.01)
    windows: Set[int] = set()
    log = ""

    def enough() -> bool:
        nonlocal log
        log += capfd.readouterr().err
        windows.add(id(it.reception.summary))
        return "is the bottleneck" in log and len(windows) >= 5

    assert it.spin(enough)
    assert log.count("is the bottleneck") == 1
    assert "of a core" in log


def test_images_that_the_stamps_miss_are_logged(
    setup: Callable[..., Setup], capfd: pytest.CaptureFixture[str]
) -> None:
    it = setup(SingleThreadedExecutor(), skip=4)
    log = ""

    def is_reported() -> bool:
        nonlocal log
        log += capfd.readouterr().err
        return "images are lost on their way" in log

    assert it.spin(is_reported)
    assert "fastdds_large_images.xml" in log


def test_several_cameras_with_one_frame_id_are_not_taken_for_one_that_loses_images(
    ros: None, capfd: pytest.CaptureFixture[str]
) -> None:
    node = Node("detector", namespace=f"/reception_{next(_numbers)}")
    it = Reception(node, lambda: 0, lambda: 0.0, window=WINDOW)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    images = [Image() for _ in range(2)]
    windows: Set[int] = set()
    end = time.monotonic() + LIMIT
    count = 0
    while len(windows) < 4 and time.monotonic() < end:
        count += 1
        for camera, image in enumerate(images):  # 5 ms apart
            image.header.stamp.sec = count // 20
            image.header.stamp.nanosec = count % 20 * 50_000_000 + camera * 5_000_000
            it.received(image, time.perf_counter(), camera)
        executor.spin_once(timeout_sec=0.02)
        windows.add(id(it.summary))
    it.destroy()
    executor.shutdown()
    node.destroy_node()
    assert len(windows) >= 4
    assert "lost" not in capfd.readouterr().err


def test_losses_are_logged_when_no_image_arrives_at_all(
    setup: Callable[..., Setup], capfd: pytest.CaptureFixture[str]
) -> None:
    it = setup(SingleThreadedExecutor(), skip=1)
    log = ""

    def is_reported() -> bool:
        nonlocal log
        it.lost += 1
        log += capfd.readouterr().err
        return "images are lost on their way" in log

    assert it.spin(is_reported)


def regular(count: int, rate: float = 30.0) -> List[float]:
    return [1000 + number / rate for number in range(count)]


def test_missing_images_are_seen_in_the_stamps() -> None:
    stamps = regular(150)
    assert count_missing(stamps) == 0
    for missing in (100, 50, 49):
        del stamps[missing]
    assert count_missing(stamps) == 3
    assert count_missing(stamps[::2], expected_rate=30.0) >= 70  # regular: only the rate shows it
    assert count_missing([]) == count_missing([1.0]) == 0


def test_jitter_a_pause_and_a_clock_that_jumps_back_are_no_losses() -> None:
    random = np.random.default_rng(0)
    jittering = sorted(regular(150) + random.uniform(-0.012, 0.012, 150))
    assert count_missing(jittering) <= 5  # far from a warning
    assert count_missing(regular(50) + [stamp + 60 for stamp in regular(50)]) == 0
    assert count_missing(regular(50) + [stamp - 500 for stamp in regular(50)]) == 0
    assert count_missing([0.0] * 50) == 0  # a camera without a clock


@pytest.mark.parametrize(
    ("summary", "received", "lost", "expected_text"),
    [
        (ReceptionSummary(30.0, 6.0, 0.18), 150, 0, ""),
        (ReceptionSummary(30.0, 6.0, 0.18), 148, 2, ""),
        (ReceptionSummary(30.0, 6.0, 0.18), 100, 50, "50 of 150 images are lost"),
        (ReceptionSummary(30.0, 30.0, 0.9), 150, 0, "0.90 of a core, 30.0 ms"),
    ],
)
def test_the_warning_has_the_figures(
    summary: ReceptionSummary, received: int, lost: int, expected_text: str
) -> None:
    text = bottleneck(summary, received, lost)
    assert expected_text in text
    assert bool(text) == bool(expected_text)
