"""Robots on loopback, and the command that takes a bundle to one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from test.converter.command_line import Result, run_here
from test.converter.deployment.robots import FOLDER, Deploy, Robots
from test.converter.deployment.ssh_servers import SERVERS, SshRobot, link_tools, ssh_robot


@pytest.fixture(scope="module")
def robots(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Robots]:
    """Gives the robot with each kind of server, which is started once."""
    started: dict[str, SshRobot] = {}
    with contextlib.ExitStack() as stack:

        def get(kind: str) -> SshRobot:
            if kind not in started:
                folder = tmp_path_factory.mktemp(kind)
                context = ssh_robot(kind, folder, link_tools(folder / "tools"))
                started[kind] = stack.enter_context(context)
            started[kind].reset()
            return started[kind]

        yield get


@pytest.fixture
def robot(robots: Robots, request: pytest.FixtureRequest) -> SshRobot:
    """One as new, of the kind that the test is parametrised with, by ``each_server``."""
    return robots(getattr(request, "param", SERVERS[0]))


@pytest.fixture
def deploy(robot: SshRobot, capsys: pytest.CaptureFixture[str]) -> Deploy:
    """The command in this process, to the robot of the test."""

    def run(bundle: Path, *more: object, to: str = f"robot:{FOLDER}", ssh: str = "") -> Result:
        return run_here(capsys, "deploy", bundle, to, "--ssh", robot.ssh + ssh, *more)

    return run
