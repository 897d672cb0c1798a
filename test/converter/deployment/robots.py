"""What the tests of `deploy` share: robots, a bundle that takes a while to copy, the command."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from test.color_bundle import change_manifest
from test.converter.command_line import Result, start
from test.converter.deployment.ssh_servers import SERVERS, SshRobot
from trt_inference.bundles.bundle import sha256_of_file

Robots = Callable[[str], SshRobot]
FOLDER = "bundles/colors"

needs_ssh = pytest.mark.skipif(
    shutil.which("ssh") is None or not SERVERS, reason="needs ssh, and sshd or asyncssh"
)
needs_rsync = pytest.mark.skipif(shutil.which("rsync") is None, reason="needs rsync")


_FURTHER = [pytest.param(kind, marks=pytest.mark.long) for kind in SERVERS[1:]]
each_server = pytest.mark.parametrize("robot", [*SERVERS[:1], *_FURTHER], indirect=True)


Deploy = Callable[..., Result]


def start_deploy(robot: SshRobot, bundle: Path, *more: object) -> subprocess.Popen[str]:
    """The command in a process group of its own."""
    return start("deploy", bundle, f"robot:{FOLDER}", "--ssh", robot.ssh, *more)


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """As a terminal does: all processes of the group hear it."""
    os.killpg(process.pid, signal.SIGINT)


def grow(bundle: Path, size: int) -> Path:
    """Add a field that nobody reads to the model of a bundle, of bytes that do not compress."""
    file = bundle / "fp32.onnx"
    field, length = b"\xa2\x06", bytearray()  # number 100, of bytes
    left = size
    while left >= 0x80:
        length.append(left & 0x7F | 0x80)
        left >>= 7
    length.append(left)
    with file.open("ab") as stream:
        stream.write(field + bytes(length) + os.urandom(size))
    entry = {"file": file.name, "sha256": sha256_of_file(file), "bytes": file.stat().st_size}
    change_manifest(bundle, lambda manifest: manifest.update(precisions={"fp32": entry}))
    return bundle


def contents(folder: Path) -> dict[str, bytes]:
    """All files in a folder by their names in it."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def ssh_processes(robot: SshRobot) -> list[psutil.Process]:
    """The clients that are connected to a robot, or try to be."""
    config = robot.ssh.split()[-1]
    return [
        one for one in psutil.process_iter(["cmdline"]) if config in (one.info["cmdline"] or ())
    ]
