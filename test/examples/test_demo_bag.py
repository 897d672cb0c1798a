"""What the demo says of its bag, on bags and records whose contents are known."""

import importlib.util
import io
import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Iterable

import psutil
import pytest
from rich.console import Console
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore
from vision_msgs.msg import Detection2DArray

from converter.command_line.command import load_command
from examples.shapes.demo_bag import DemoBag, print_bag, recording
from examples.shapes.drawing import CLASS_NAMES
from examples.shapes.monitor import Record
from test.color_bundle import write_color_bundle
from test.trt_inference.ros.client import wait_until

TYPE = "std_msgs/msg/Header"  # an image begins with one, and no more is looked at


def write_bag(folder: Path, images: Iterable[int], results: Iterable[int]) -> DemoBag:
    types = get_typestore(Stores.ROS2_JAZZY)
    header, time = types.types[TYPE], types.types["builtin_interfaces/msg/Time"]
    with Writer(folder, version=8, storage_plugin=StoragePlugin.MCAP) as bag:
        for topic, seconds in (("image/compressed", images), ("detector/detections", results)):
            place = bag.add_connection(f"/{topic}", TYPE, typestore=types)
            for sec in seconds:
                message = header(stamp=time(sec=sec, nanosec=5), frame_id="camera")
                bag.write(place, sec, types.serialize_cdr(message, TYPE))
    return DemoBag(folder)


def printed(bag: DemoBag, sent: Iterable[int]) -> str:
    record = Record(truth={(sec, 5): Detection2DArray() for sec in sent})
    output = io.StringIO()
    print_bag(bag, record, Path("bundles/shapes"), Console(file=output, width=60))
    return output.getvalue()


def test_images_that_were_sent_and_are_not_in_the_bag_are_counted(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", images=[3, 4, 6, 8], results=[1, 3, 4, 8])
    shown = printed(bag, sent=range(1, 10))
    assert "has 4 of 9 images that were sent, 2 lost between the first and the last" in shown
    assert "the results of 3" in shown


def test_the_command_to_try_is_one_line_that_the_program_takes(tmp_path: Path) -> None:
    shown = printed(write_bag(tmp_path / "bag", [1, 2], [1, 2]), sent=[1, 2])
    (line,) = (line for line in shown.splitlines() if " replay " in line)
    program, command, *arguments = line.split()
    assert Path(program).name == "trt-inference"
    parser = ArgumentParser()
    load_command(command).declare(parser)
    given = parser.parse_args(arguments)
    assert (given.bags, given.bundle) == ([tmp_path / "bag"], Path("bundles/shapes"))
    assert given.output == tmp_path / "replay" and given.precision == [["fp32", "int8"]]
    assert given.overwrite  # it is to be tried again after the next demo


def test_without_rosbags_the_demo_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(name: str, package: Any = None) -> None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", find)
    with recording(tmp_path / "bag", ()) as bag:
        assert bag is not None
    assert printed(bag, []).startswith("no bag was recorded: rosbags is not installed")
    assert not (tmp_path / "bag").exists()


def test_a_recorder_that_fails_is_reported_and_does_not_end_the_demo(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    with recording(folder, ()) as bag:
        (recorder,) = psutil.Process().children()
        assert wait_until(lambda: recorder.status() == psutil.STATUS_ZOMBIE)
    assert bag is not None
    assert "no bag was recorded: the recorder has ended, with exit code 1" in printed(bag, [])


@pytest.mark.long
def test_the_demo_leaves_a_bag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("test.color_bundle.LABELS", CLASS_NAMES)
    bundle = write_color_bundle(tmp_path / "colors")
    folders = ("--output", str(tmp_path / "pictures"), "--recording", str(tmp_path / "recording"))
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "examples.shapes.demo", "--bundle", str(bundle)),
            *(*folders, "--seconds", "3"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, COLUMNS="200"),
        universal_newlines=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    assert " 0 lost between the first and the last" in ended.stdout
    assert f"replay {tmp_path / 'recording'} --bundle {bundle}" in ended.stdout
