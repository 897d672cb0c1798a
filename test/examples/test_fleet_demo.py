"""The demo of a fleet as its users start it."""

import os
import signal
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Dict, List

import psutil
import pytest

from converter.command_line.command import load_command
from examples.fleet.demo import END
from test.triton_server import needs_triton
from test.trt_inference.ros.client import wait_until
from test.two_networks import write_two_networks

TIMEOUT = 400.0  # seconds against hanging
ROBOTS = ("robot_1", "robot_2")


def command(tmp_path: Path) -> List[str]:
    bundle = write_two_networks(tmp_path / "colors")
    output = ("--output", str(tmp_path / "fleet"), "--seconds", "3")
    return [sys.executable, "-m", "examples.fleet.demo", "--bundle", str(bundle), *output]


def start(arguments: List[str], **variables: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, COLUMNS="200", **variables),
        universal_newlines=True,
    )


def test_without_a_triton_server_the_demo_tells_what_to_do(tmp_path: Path) -> None:
    demo = start(command(tmp_path), TRT_INFERENCE_TRITON=str(tmp_path / "nowhere"))
    printed, _ = demo.communicate(timeout=TIMEOUT)
    assert demo.returncode == 1
    assert f"no Triton server in {tmp_path / 'nowhere'}" in printed
    assert "scripts/environment.sh triton" in printed
    assert "Traceback" not in printed


def test_the_command_to_try_next_is_one_that_the_program_takes() -> None:
    shown = END.format(folder="fleet", program="trt-inference", bundle="bundles/shapes")
    (line,) = (line for line in shown.splitlines() if "trt-inference " in line)
    _, command, *arguments = line.split()
    parser = ArgumentParser()
    load_command(command).declare(parser)
    given = parser.parse_args(arguments)
    assert (given.bundle, given.repository) == (Path("bundles/shapes"), Path("models"))


def rows(printed: str) -> Dict[str, Dict[str, List[int]]]:
    """Of the table of counts: images, results, by server, by robot, either and lost, of each robot
    in each phase."""
    table, _, _ = printed.partition("from the camera's stamp")
    found: Dict[str, Dict[str, List[int]]] = {robot: {} for robot in ROBOTS}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("│")[1:-1]]
        if cells and cells[0] in found:
            found[cells[0]][cells[1]] = [int(cell) for cell in cells[2:]]
    return found


@pytest.mark.long
@needs_triton
def test_robots_go_on_without_the_server_and_come_back_to_it(tmp_path: Path) -> None:
    demo = start(command(tmp_path))
    printed, _ = demo.communicate(timeout=TIMEOUT)
    assert demo.returncode == 0, printed
    for robot, phases in rows(printed).items():
        by_server = {phase: counts[2] for phase, counts in phases.items()}
        by_robot = {phase: counts[3] for phase, counts in phases.items()}
        assert list(phases) == [
            *("on the server", "new version", "killed", "starting again"),
            "ready again",
        ], robot
        assert by_server["on the server"] > 0 and by_server["new version"] > 0
        assert by_server["killed"] == 0 and by_robot["killed"] > 0
        assert by_server["starting again"] == 0 and by_robot["starting again"] > 0
        assert by_server["ready again"] > 0
        assert all(images > 0 for images, *_ in phases.values())


@pytest.mark.long
@needs_triton
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_no_process(tmp_path: Path, number: int) -> None:
    demo = start(command(tmp_path))
    assert demo.stdout is not None
    read = []
    for line in demo.stdout:
        read.append(line)
        if "robot_2 publishes what the server finds" in line:
            break
    started = psutil.Process(demo.pid).children(recursive=True)
    assert len(started) >= 5, read  # two robots with two processes, and the server
    demo.send_signal(number)
    demo.communicate(timeout=TIMEOUT)
    assert demo.returncode == 130
    assert wait_until(lambda: not any(one.is_running() for one in started))
