"""A copy that breaks, is killed or interrupted goes on where it ended."""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path

import pytest

from test.converter.command_line import finish, wait_for
from test.converter.deployment.robots import (
    FOLDER,
    Deploy,
    contents,
    each_server,
    grow,
    needs_rsync,
    needs_ssh,
    press_ctrl_c,
    ssh_processes,
    start_deploy,
)
from test.converter.deployment.ssh_servers import SshRobot

pytestmark = needs_ssh
COPY = "--no-build"
MB = 1_000_000
SIZE, STOP = 9 * MB, 7 * MB  # of the model; where the copy is stopped
# What ssh sends ahead of what is written there, 2 MiB at most, is lost with a connection.
SENT_AGAIN = 3 * MB
_BY_RSYNC = pytest.param(True, marks=[needs_rsync, pytest.mark.long])
each_way = pytest.mark.parametrize("has_rsync", [False, _BY_RSYNC])


@each_way
@each_server
def test_a_connection_that_breaks_in_the_middle_is_resumed_where_it_broke(
    has_rsync: bool, robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    if has_rsync:
        robot.give_rsync()
    grow(color_bundle, SIZE)
    robot.proxy.cut_at = STOP
    result = deploy(color_bundle, COPY)
    assert result.exit_code == 0, result.output
    assert "caution: the connection" in result.output and "trying again in 1 s" in result.output
    assert " were there, by " in result.output
    assert contents(robot.home / FOLDER) == contents(color_bundle)
    assert robot.proxy.received < SIZE + SENT_AGAIN


@each_way
def test_a_call_after_a_kill_goes_on_where_the_first_one_was(
    has_rsync: bool, robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    if has_rsync:
        robot.give_rsync()
    grow(color_bundle, SIZE)
    robot.proxy.hold_at = STOP
    process = start_deploy(robot, color_bundle, COPY)
    wait_for(robot.proxy.is_held.is_set, process)
    process.kill()
    assert finish(process).exit_code == -signal.SIGKILL
    robot.proxy.release()
    while ssh_processes(robot):  # nothing of the killed call stays behind
        time.sleep(0.01)
    before = robot.proxy.received
    result = deploy(color_bundle, COPY)
    assert result.exit_code == 0, result.output
    assert contents(robot.home / FOLDER) == contents(color_bundle)
    assert robot.proxy.received - before < SIZE - STOP + SENT_AGAIN
    assert not list(Path(tempfile.gettempdir()).glob(f"trt-inference-ssh-*-{process.pid}"))


@each_way
def test_ctrl_c_keeps_what_was_copied(
    has_rsync: bool, robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    if has_rsync:
        robot.give_rsync()
    assert deploy(color_bundle, COPY).exit_code == 0
    old = contents(robot.home / FOLDER)
    grow(color_bundle, SIZE)
    robot.proxy.hold_at = robot.proxy.received + STOP
    process = start_deploy(robot, color_bundle, COPY)
    wait_for(robot.proxy.is_held.is_set, process)
    press_ctrl_c(process)
    result = finish(process)
    assert result.exit_code == 130, result.output
    assert "interrupted, the robot has the old bundle or the new one, whole" in result.output
    assert "the same command goes on" in result.output
    assert "Traceback" not in result.output
    assert contents(robot.home / FOLDER) == old
    assert not ssh_processes(robot)
    assert not list(Path(tempfile.gettempdir()).glob(f"trt-inference-ssh-*-{process.pid}"))
    robot.proxy.release()
    before = robot.proxy.received
    assert deploy(color_bundle, COPY).exit_code == 0
    assert contents(robot.home / FOLDER) == contents(color_bundle)
    assert robot.proxy.received - before < SIZE - STOP + SENT_AGAIN


@pytest.mark.long
def test_what_was_copied_of_another_bundle_is_not_taken_for_this_one(
    robot: SshRobot, color_bundle: Path, deploy: Deploy
) -> None:
    grow(color_bundle, SIZE)
    robot.proxy.hold_at = STOP
    process = start_deploy(robot, color_bundle, COPY)
    wait_for(robot.proxy.is_held.is_set, process)
    process.kill()
    finish(process)
    robot.proxy.release()
    grow(color_bundle, 1000)
    result = deploy(color_bundle, COPY)
    assert result.exit_code == 0, result.output
    there = robot.home / FOLDER
    assert contents(there) == contents(color_bundle)
    assert [one.name for one in there.parent.iterdir()] == [there.name]
