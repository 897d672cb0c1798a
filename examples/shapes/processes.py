"""The node and the camera as processes of their own, ended whatever happens."""

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Iterator, Optional

ROOT = Path(__file__).resolve().parents[2]
LARGE_IMAGES = ROOT / "config" / "fastdds_large_images.xml"
# From Linux' prctl.h. The library is loaded here, because a new process must not load any.
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)
GRACE = 30.0  # seconds to end after SIGINT, on a machine that may be busy


def profile_variable() -> str:
    """The environment variable from which the installed Fast DDS takes its profile. It was another
    one before version 3, and later ones complain about that."""
    # ROS from PyPI sets no ROS_DISTRO; it has its libraries in the virtual environment.
    is_old = os.environ.get("ROS_DISTRO") in ("humble", "iron", "jazzy")
    is_old = is_old or Path(sys.prefix, "lib", "libfastrtps.so").exists()
    return "FASTRTPS_DEFAULT_PROFILES_FILE" if is_old else "FASTDDS_DEFAULT_PROFILES_FILE"


def program() -> str:
    """The command `trt-inference` as it can be typed here."""
    program = Path(sys.executable).with_name("trt-inference")
    if not program.exists():
        return program.name
    inside = Path.cwd() in program.parents
    return str(program.relative_to(Path.cwd()) if inside else program)


def _end_with_parent() -> None:
    """Have the kernel end this process when the one that started it is gone, however it went."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def running(
    module: str,
    *arguments: str,
    sends_images: bool = False,
    output: Optional[IO[bytes]] = None,
    root: Path = ROOT,
) -> Iterator[subprocess.Popen]:
    """Run ``python -m module arguments`` from the project's root, and end it with the block.

    Args:
        sends_images: with the middleware profile for large images.
        output: where what it prints goes; None: where ours goes.
        root: that of another checkout, whose modules are to run.
    """
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    if root != ROOT:
        environment["PYTHONPATH"] = str(root)
    if sends_images:
        environment[profile_variable()] = str(LARGE_IMAGES)
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=root,
        env=environment,
        stdout=output,
        stderr=None if output is None else subprocess.STDOUT,
        # Ctrl-C goes to the one in front, which then ends the others in order.
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 - it calls the kernel and nothing else
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
