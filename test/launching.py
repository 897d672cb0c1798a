"""Launch files, run by `ros2 launch`, or by the launch system itself where only that is there:

python3 -m test.launching FILE name:=value …
"""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Dict, Iterator, List, Optional

import psutil

ROOT = Path(__file__).resolve().parents[1]
# The folder launch/ of the project could be taken for the package launch.
IS_THERE = importlib.util.find_spec("launch_ros") is not None
LIMIT = 60.0  # seconds to end after SIGINT, against hanging


def install(prefix: Path) -> None:
    """Put in place what ROS finds of the package, as setup.py lists it."""
    command = [sys.executable, "setup.py", "--quiet", "install_data", "--install-dir", str(prefix)]
    subprocess.run(command, cwd=ROOT, check=True)


class Launch:
    """A launch file that runs, and its log."""

    def __init__(self, process: subprocess.Popen, log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def log(self) -> str:
        """What it and its nodes have printed so far."""
        return self._log.read_text("utf-8")

    def nodes(self) -> List[psutil.Process]:
        """The processes that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> int:
        """End it as Ctrl-C in a terminal does, which all its processes hear. Returns the exit code.

        Raises:
            subprocess.TimeoutExpired: it does not end.
        """
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(LIMIT)


@contextmanager
def launched(
    prefix: Path, file: str, environment: Optional[Dict[str, str]] = None, **arguments: object
) -> Iterator[Launch]:
    """Run a launch file of the package that is installed in ``prefix``."""
    path = prefix / "share" / "trt_inference" / "launch" / file
    has_command = shutil.which("ros2") is not None
    command = ["ros2", "launch"] if has_command else [sys.executable, "-m", "test.launching"]
    given = [f"{name}:={value}" for name, value in arguments.items()]
    log = prefix / "log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, str(path), *given],
            cwd=ROOT,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**_environment(prefix), **(environment or {})},
            start_new_session=True,
        )
    launch = Launch(process, log)
    try:
        yield launch
    finally:
        try:
            if process.poll() is None:
                launch.interrupt()
        finally:
            kill_group(process.pid)


def kill_group(number: int) -> None:
    """End what is left of a launch."""
    with suppress(ProcessLookupError):
        os.killpg(number, signal.SIGKILL)


def _environment(prefix: Path) -> Dict[str, str]:
    """With which the package in ``prefix``, and this Python, are found."""
    return {
        **os.environ,
        "AMENT_PREFIX_PATH": f"{prefix}{os.pathsep}{os.environ['AMENT_PREFIX_PATH']}",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PYTHONUNBUFFERED": "1",
        "ROS_LOG_DIR": str(prefix / "ros_log"),
    }


def main(path: str, *given: str) -> int:
    """Run a launch file to its end, as `ros2 launch` does."""
    from launch.actions import IncludeLaunchDescription
    from launch.launch_description_sources import AnyLaunchDescriptionSource

    from launch import LaunchDescription, LaunchService

    arguments = [tuple(text.split(":=", 1)) for text in given]
    source = AnyLaunchDescriptionSource(path)
    service = LaunchService()
    service.include_launch_description(
        LaunchDescription([IncludeLaunchDescription(source, launch_arguments=arguments)])
    )
    return int(service.run())


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
