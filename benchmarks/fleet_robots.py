"""The robots of a fleet, and the same run of several of them at once."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Callable, List

from benchmarks.fleet_robot import BEGIN
from benchmarks.fleet_task import FREE, Measured, Task, measured_of
from trt_inference.errors import EngineError

ROOT = Path(__file__).resolve().parents[1]


def _do_nothing() -> None:
    """What ``Robots.run`` does at the start by default."""


class Robots:
    """Processes that wait for tasks, and end with the block.

    Attributes:
        processes: one for each robot.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._stack = ExitStack()
        self.processes: List[subprocess.Popen[str]] = []

    def __enter__(self) -> "Robots":
        with ExitStack() as stack:
            for _ in range(self._count):
                robot = stack.enter_context(_started())
                stack.callback(robot.kill)
                self.processes.append(robot)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def run(
        self, count: int, task: Task, at_start: Callable[[], object] = _do_nothing
    ) -> List[Measured]:
        """Have the first ``count`` robots do a task at the same time.

        Args:
            at_start: called when all are ready, before the first begins.

        Raises:
            EngineError: one of them cannot.
        """
        robots = self.processes[:count]
        for number, robot in enumerate(robots):
            _tell(robot, task._replace(delay=_delay(task, number, count)).line())
        for robot in robots:
            _hear(robot)  # that it is ready
        at_start()
        for robot in robots:
            _tell(robot, BEGIN)
        return [measured_of(_hear(robot)) for robot in robots]


def _started() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "benchmarks.fleet_robot"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        # Ctrl-C goes to the one in front; these end with their input.
        start_new_session=True,
    )


def _delay(task: Task, number: int, count: int) -> float:
    """Cameras that nobody has synchronised: their images are spread over the time of one."""
    return 0.0 if task.rate == FREE else number / count / task.rate


def _tell(robot: "subprocess.Popen[str]", line: str) -> None:
    if robot.stdin is None:
        return
    with suppress(BrokenPipeError):  # it has ended, which is noticed when it is heard
        # Past the buffer, of which nothing can be left then when the pipe is closed.
        os.write(robot.stdin.fileno(), f"{line}\n".encode())


def _hear(robot: "subprocess.Popen[str]") -> str:
    """The next line of a robot.

    Raises:
        EngineError: it tells an error, or has ended.
    """
    line = "" if robot.stdout is None else robot.stdout.readline()
    if not line:
        raise EngineError("a robot of the benchmark has ended: what it printed tells why")
    found = json.loads(line)
    if "error" in found:
        raise EngineError(found["error"])
    return line
