"""A camera that dies and comes back, the same or another, and one that changes in mid-stream."""

import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, List

import pytest
from vision_msgs.msg import Detection2DArray

from examples.shapes.processes import running
from test.trt_inference.ros.client import TIMEOUT, Client, NodeProcess, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.expected import assert_found, encoded
from test.trt_inference.ros.faults.shared_memory import left_of, segments_of

pytestmark = pytest.mark.long

CELL = (3, 5)
FRAMES = 10  # of each camera, so that a warning for each frame would show


@pytest.mark.parametrize(
    ("color", "scale", "encoding", "expected_text"),
    [
        ("green", 4, "bgr8", ""),
        ("red", 2, "rgb8", "128x128 rgb8 now, they were 256x256 bgr8"),
    ],
)
def test_a_camera_that_was_killed_comes_back(
    start_node: Start,
    shared_color_bundle: Path,
    color: str,
    scale: int,
    encoding: str,
    expected_text: str,
) -> None:
    node, client = start_node(bundle=shared_color_bundle)
    client.start()
    with camera(client, "blue", 4, "bgr8") as killed:
        wait_for_detections(client, "blue", 4, "bgr8")
        kill(killed)
    with camera(client, color, scale, encoding):
        wait_for_detections(client, color, scale, encoding)
    assert client.state() == "active"
    check_log(node, expected_text)


@pytest.mark.parametrize(
    ("scale", "encoding", "expected_text"),
    [
        (7, "bgr8", "448x448 bgr8 now, they were 256x256 bgr8"),
        (4, "bgra8", "256x256 bgra8 now, they were 256x256 bgr8"),
    ],
)
def test_the_next_frame_after_a_change_in_mid_stream_is_answered_in_its_own_pixels(
    start_node: Start, shared_color_bundle: Path, scale: int, encoding: str, expected_text: str
) -> None:
    node, client = start_node(bundle=shared_color_bundle)
    client.start()
    client.detect(client.image(encoded("blue", CELL, 4)))
    for number in range(FRAMES):
        image = client.image(encoded("red", CELL, scale, encoding), encoding)
        image.header.frame_id = f"camera_{number}"
        answer = client.detect(image)
        assert answer.header == image.header
        assert_found(answer, "red", CELL, scale)
    check_log(node, expected_text)


@contextmanager
def camera(client: Client, color: str, scale: int, encoding: str) -> Iterator[subprocess.Popen]:
    """A camera process in the client's namespace."""
    picture = (color, *map(str, CELL), str(scale), encoding)
    in_namespace = ("--ros-args", "-r", f"__ns:={client.get_namespace()}")
    module = "test.trt_inference.ros.faults.camera"
    with running(module, *picture, *in_namespace, sends_images=True) as process:
        yield process


def kill(process: subprocess.Popen) -> None:
    """Kill it with -9, and remove the images that it leaves in shared memory."""
    segments = segments_of(process.pid)
    process.kill()
    process.wait()
    for one in left_of(segments):
        one.unlink()


def wait_for_detections(client: Client, color: str, scale: int, encoding: str) -> None:
    """Some frames of this camera are answered, in its pixels."""

    def answers() -> List[Detection2DArray]:
        found = client.record.detections.values()
        return [one for one in found if one.header.frame_id == f"{color}_{scale}_{encoding}"]

    assert client.spin(TIMEOUT, until=lambda: len(answers()) >= FRAMES)
    for answer in answers():
        assert_found(answer, color, CELL, scale)


def check_log(node: NodeProcess, expected_text: str) -> None:
    """A change is logged once; where nothing has changed, nothing is logged."""
    assert wait_until(lambda: expected_text in node.log), node.log
    assert node.log.count("they were") == (1 if expected_text else 0), node.log
