"""The launch file with real `ros2 launch`, where ROS is installed whole."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from test.color_bundle import picture
from test.trt_inference.ros.client import Client, wait_until

pytestmark = pytest.mark.skipif(
    shutil.which("ros2") is None or importlib.util.find_spec("launch_ros") is None,
    reason="ros2 launch is not on PyPI: run this where ROS 2 comes from apt",
)

LAUNCH = Path(__file__).parents[1] / "launch" / "detector.launch.py"
RED = picture("red", (2, 3), scale=2)


@contextmanager
def launched(log: Path, **arguments: object) -> Iterator[psutil.Process]:
    """`ros2 launch` of the file with ``arguments``."""
    given = [f"{name}:={value}" for name, value in arguments.items()]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["ros2", "launch", str(LAUNCH), *given],
            stdout=stream, stderr=subprocess.STDOUT, env=dict(os.environ),
        )  # fmt: skip
    try:
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(15)


@pytest.fixture
def client(ros: None) -> Iterator[Client]:
    """In the namespace that the tests launch into."""
    client = Client("/robot")
    yield client
    client.destroy_node()


def test_launch_brings_the_node_up_active_on_the_given_topic(
    client: Client, shared_color_bundle: Path, tmp_path: Path
) -> None:
    arguments = {"bundle": shared_color_bundle, "namespace": "robot", "precision": "fp32"}
    with launched(tmp_path / "log", **arguments):
        assert client.detect(client.image(RED)).detections
        assert client.state() == "active"


def test_a_killed_node_comes_up_active_again(
    client: Client, shared_color_bundle: Path, tmp_path: Path
) -> None:
    arguments = {"bundle": shared_color_bundle, "namespace": "robot"}
    with launched(tmp_path / "log", **arguments) as launch:
        assert client.detect(client.image(RED)).detections
        (node,) = launch.children()
        node.kill()
        assert wait_until(lambda: [child.pid for child in launch.children()] != [node.pid])
        assert client.detect(client.image(RED)).detections


def test_without_autostart_the_node_waits_to_be_configured(
    client: Client, shared_color_bundle: Path, tmp_path: Path
) -> None:
    arguments = {"bundle": shared_color_bundle, "namespace": "robot", "autostart": "false"}
    with launched(tmp_path / "log", **arguments):
        assert client.state() == "unconfigured"
        client.start()


def test_a_parameter_file_takes_the_place_of_the_default_one(
    client: Client, shared_color_bundle: Path, tmp_path: Path
) -> None:
    file = tmp_path / "robot.yaml"
    file.write_text(
        f"/**:\n  ros__parameters:\n    bundle: {shared_color_bundle}\n    max_detections: 1\n"
    )
    with launched(tmp_path / "log", params_file=file, namespace="robot"):
        both = RED.copy()
        both[-16:, -16:] = (255, 0, 0)
        assert len(client.detect(client.image(both)).detections) == 1
