"""The camera that plays a file: real processes, heard by a real subscription."""

import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, List

import cv2
import numpy as np
import pytest
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from examples.shapes.processes import running
from test.trt_inference.ros.client import TIMEOUT, wait_until

MODULE = "trt_inference.ros.video.video_process"
LEVELS = (40, 80, 120, 160, 200)


class Viewer(Node):
    """Keeps the images of a topic."""

    def __init__(self, topic: str) -> None:
        super().__init__("viewer")
        self.topic = topic
        self.images: List[Image] = []
        qos = QoSProfile(depth=100, reliability=ReliabilityPolicy.RELIABLE)
        self.create_subscription(Image, topic, self.images.append, qos)

    def wait(self, condition: Callable[[], bool]) -> bool:
        end = time.monotonic() + TIMEOUT
        while not condition() and time.monotonic() < end:
            rclpy.spin_once(self, timeout_sec=0.1)
        return condition()

    def levels(self) -> List[int]:
        """The brightness of each image."""
        return [round(float(np.frombuffer(image.data, np.uint8).mean())) for image in self.images]


@pytest.fixture
def viewer(ros: None, request: pytest.FixtureRequest) -> Iterator[Viewer]:
    node = Viewer("/" + request.node.name.replace("[", "_").replace("]", ""))
    yield node
    node.destroy_node()


@contextmanager
def playing(folder: Path, *words: str) -> Iterator[subprocess.Popen]:
    with (folder / "log").open("wb") as log, running(MODULE, *words, output=log) as process:
        yield process


def log_of(folder: Path) -> str:
    return (folder / "log").read_text("utf-8")


def picture(level: int) -> np.ndarray:
    return np.full((48, 64, 3), level, np.uint8)


def write_pictures(folder: Path) -> Path:
    folder.mkdir()
    for number, level in enumerate(LEVELS):
        cv2.imwrite(str(folder / f"{number}.png"), picture(level))
    return folder


def write_video(file: Path, rate: float = 12.0) -> Path:
    video = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), rate, (64, 48))
    for level in LEVELS:
        video.write(picture(level))
    video.release()
    return file


def test_a_video_is_played_once_whole_and_in_its_order(viewer: Viewer, tmp_path: Path) -> None:
    file = write_video(tmp_path / "drive.avi")
    with playing(
        tmp_path, str(file), "--once", "--frame-id", "front", "--topic", viewer.topic
    ) as process:
        assert viewer.wait(lambda: len(viewer.images) == len(LEVELS)), log_of(tmp_path)
        assert process.wait(TIMEOUT) == 0
    assert np.abs(np.subtract(viewer.levels(), LEVELS)).max() <= 3
    assert f"plays '{file}' at 12 images a second" in log_of(tmp_path)
    first = viewer.images[0]
    assert (first.width, first.height, first.step, first.encoding) == (64, 48, 192, "bgr8")
    assert first.header.frame_id == "front"


def test_pictures_are_played_by_name_and_again(viewer: Viewer, tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "pictures")
    before = time.time()
    with playing(tmp_path, str(folder), "--rate", "20", "--topic", viewer.topic):
        assert viewer.wait(lambda: len(viewer.images) >= 2 * len(LEVELS)), log_of(tmp_path)
    levels = viewer.levels()
    start = levels.index(LEVELS[0])
    assert levels[start : start + len(LEVELS)] == list(LEVELS)
    stamps = [image.header.stamp.sec + image.header.stamp.nanosec * 1e-9 for image in viewer.images]
    assert stamps == sorted(stamps)
    assert before <= stamps[0] and stamps[-1] <= time.time()


def test_a_picture_that_cannot_be_read_is_told_once_and_left_out(
    viewer: Viewer, tmp_path: Path
) -> None:
    folder = write_pictures(tmp_path / "pictures")
    (folder / "2.png").write_text("no picture")
    with playing(tmp_path, str(folder), "--rate", "20", "--topic", viewer.topic):
        assert viewer.wait(lambda: len(viewer.images) >= 2 * len(LEVELS)), log_of(tmp_path)
    assert set(viewer.levels()) == set(LEVELS) - {LEVELS[2]}
    assert log_of(tmp_path).count("2.png' is not an image") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_end_it_cleanly(ros: None, tmp_path: Path, number: signal.Signals) -> None:
    with playing(tmp_path, str(write_video(tmp_path / "drive.avi"))) as process:
        assert wait_until(lambda: "plays '" in log_of(tmp_path))
        while process.poll() is None:  # an impatient user
            process.send_signal(number)
            time.sleep(0.02)
    assert process.returncode == 0
    assert "Traceback" not in log_of(tmp_path)


def test_what_cannot_be_played_is_named(ros: None, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("hello")
    cv2.imwrite(str(tmp_path / "red.png"), picture(100))
    expected = {
        (str(tmp_path / "nowhere.mp4"),): "error: there is no file '",
        ("~nosuchuser/drive.mp4",): "error: there is no file '~nosuchuser/drive.mp4'",
        (str(tmp_path / "empty"),): "error: there is no image in '",
        (str(tmp_path / "notes.txt"),): "notes.txt' is neither an image nor a video",
        (str(tmp_path / "caf\udce9.avi"),): r"caf\xe9.avi' is no UTF-8",
        ("drive.avi", "--ros-args", "-p", "bad"): "rule: '-p bad'",
        ("drive.avi", "--rate", "0"): "'0' is no number of images a second",
        (str(tmp_path / "red.png"), "--topic", "a b"): "error: Invalid topic name: ",
        (): "the following arguments are required: file",
    }
    for words, reason in expected.items():
        with playing(tmp_path, *words) as process:
            assert process.wait(TIMEOUT) == 2
        assert reason in log_of(tmp_path)
        assert "Traceback" not in log_of(tmp_path)
