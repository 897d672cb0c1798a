"""The virtual environment that vision_msgs is built into: variables, import check, lock."""

import fcntl
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator

PREFIX = Path(sys.prefix)
# Fails where the Python package is there, but its shared libraries are not.
IMPORT_CHECK = (
    "from vision_msgs.msg import Detection2DArray;"
    "from rclpy.type_support import check_for_type_support;"
    "check_for_type_support(Detection2DArray)"
)


def child_environment() -> Dict[str, str]:
    """The environment variables for programs started from here.

    The ROS wheels restart every interpreter with their own LD_LIBRARY_PATH, once, which the
    second variable remembers. Compilers must not see that path, and an interpreter started from
    here must set it anew, because ours may come from another environment.
    """
    environment = dict(os.environ)
    if environment.pop("_ROS_WHEELS_BOOTSTRAP_COMPLETE", None):
        environment.pop("LD_LIBRARY_PATH", None)
    return environment


def import_error() -> str:
    """Import vision_msgs and its type support in a fresh interpreter.

    Returns the last line of the error, or an empty string if all is well.
    """
    command = [sys.executable, "-c", IMPORT_CHECK]
    result = subprocess.run(
        command,
        cwd=PREFIX,
        env=child_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        check=False,
    )
    if result.returncode == 0:
        return ""
    return (result.stderr.strip() or f"exit status {result.returncode}").splitlines()[-1]


@contextmanager
def build_lock() -> Iterator[None]:
    """Hold the environment's build lock, waiting for it if need be.

    Programs started meanwhile inherit it: after a kill of this process alone, the next run waits
    until its compilers are gone.
    """
    with (PREFIX / "pyvenv.cfg").open("rb") as file:
        os.set_inheritable(file.fileno(), True)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("vision_msgs: waiting for another build in this environment ...", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
