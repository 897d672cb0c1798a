"""The robot's own trt-inference: how it is called there, and running it."""

import contextlib
import shlex
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO

from converter.deployment.robot_folder import read_script
from converter.deployment.ssh_connection import (
    BEGIN,
    FACT,
    ConnectionLost,
    SshConnection,
    end_process,
)
from converter.errors import DeployError
from trt_inference.printable import printable, shortened

DEFAULT_COMMAND = "trt-inference"
# A login shell, and one that reads .bashrc too, where the files of ROS and colcon are sourced.
_LOGIN, _INTERACTIVE = "-lc", "-lic"
_CANDIDATES = (
    (_LOGIN, DEFAULT_COMMAND),
    (_INTERACTIVE, DEFAULT_COMMAND),
    (_LOGIN, "python3 -m converter"),
)
# The images of this project have no shell that sources ROS and the workspace: with_ros does.
_IN_CONTAINERS = (*_CANDIDATES[:2], (_LOGIN, f"with_ros {DEFAULT_COMMAND}"), *_CANDIDATES[2:])
_USAGE = "usage: trt-inference"
_SECONDS_TO_START = 120  # the imports of a board with an SD card
_EXIT = f"{FACT}exit "
_LONGEST_LINE = 1 << 16  # bytes; what is longer is shown in pieces

OnLine = Callable[[str], None]


@dataclass(frozen=True)
class RobotProgram:
    """How trt-inference is called on the robot.

    Attributes:
        flags: of the shell.
        line: of the shell; the arguments are put behind it.
        container: the name of the one in which it is; empty without.
    """

    flags: str
    line: str
    container: str = ""

    def command(self, *arguments: str) -> str:
        """What a user types there to run it."""
        line = f"{self.line} {shlex.join(arguments)}"
        if not self.container:
            return line
        return shlex.join(["docker", "exec", "-it", self.container, "bash", self.flags, line])


@dataclass(frozen=True)
class RobotRun:
    """How a program there ended: its exit code, and whether Ctrl-C was why."""

    code: int
    is_interrupted: bool = False


def find_program(
    connection: SshConnection, login: str, line: str | None, container: str
) -> RobotProgram:
    """Find out how the robot's trt-inference is called.

    Args:
        line: what the user says, of the shell there.

    Raises:
        DeployError: it is not there, or does not start.
    """
    usual = _IN_CONTAINERS if container else _CANDIDATES
    candidates = ((_LOGIN, line),) if line else usual
    said: list[str] = []
    for flags, candidate in candidates:
        program, printed = RobotProgram(flags, candidate, container), [""]
        ended = run_program(connection, program, ("--help",), printed.append)
        if ended.is_interrupted:
            raise KeyboardInterrupt
        if ended.code == 0 and any(_USAGE in text for text in printed):
            return program
        said += printed[-1:]
    shown = "; ".join(shortened(printable(text)) for text in dict.fromkeys(said) if text)
    raise DeployError(_not_there(login, line, container) + (f" ({shown})" if shown else ""))


def _not_there(login: str, line: str | None, container: str) -> str:
    place = f"the container {container} on {login}" if container else login
    if line:
        return f"--robot-command '{printable(line)}' does not start trt-inference on {place}"
    return (
        f"{place} has no trt-inference, so nothing was copied: install it there as docs/jetson.md "
        "shows. If it is there, say how it is called, as in --robot-command 'source "
        "~/ws/install/setup.bash && trt-inference', or --container NAME where it is in one; "
        "--no-build only copies"
    )


def run_program(
    connection: SshConnection,
    program: RobotProgram,
    arguments: Sequence[str],
    on_line: OnLine,
    folder: str = "",
) -> RobotRun:
    """Run it, and give each line that it prints to ``on_line`` as it comes. Ctrl-C ends it there,
    and is waited for; a second one is not.

    Args:
        folder: the bundle as the program knows it, where it writes as root of a container.

    Raises:
        ConnectionLost: the program is told to end as soon as the robot notices.
    """
    inside = ("docker", "exec", "-i", program.container) if program.container else ()
    seconds = "0" if folder or arguments != ("--help",) else str(_SECONDS_TO_START)
    owned = folder if program.container else ""
    words = (program.flags, program.line, seconds, owned, *arguments)
    process = connection.start(
        read_script("run_there"), *words, stderr=subprocess.STDOUT, inside=inside
    )
    try:
        return _follow(process, on_line)
    finally:
        end_process(process)


def _follow(process: "subprocess.Popen[bytes]", on_line: OnLine) -> RobotRun:
    output: IO[bytes] = process.stdout  # type: ignore[assignment]
    begun = interrupted = False
    while True:
        try:
            for line in iter(lambda: output.readline(_LONGEST_LINE), b""):
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                if not begun:
                    begun = text == BEGIN
                    continue
                # The program may have left its last line without an end.
                before, _, code = text.rpartition(_EXIT)
                if not code.isdecimal() or _EXIT not in text:
                    on_line(text)
                    continue
                if before:
                    on_line(before)
                return RobotRun(int(code), interrupted)
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            with contextlib.suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]
            continue
        break
    return _ended_early(process)


def _ended_early(process: "subprocess.Popen[bytes]") -> RobotRun:
    """Without its exit code, either the connection broke or the script did not start, as where
    there is no such container."""
    code = process.wait()
    if code in (0, 255) or code < 0:
        raise ConnectionLost("the connection broke off")
    return RobotRun(code)
