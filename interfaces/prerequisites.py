"""What build.py needs before it can start: the ROS wheels, compilers, Python's header files."""

import importlib.metadata
import importlib.util
import os
import shutil
import sys
import sysconfig
from pathlib import Path

from environment import PREFIX

HERE = Path(__file__).resolve().parent
# The generators of a distribution go with its rclpy, known by the first number of its version.
GENERATORS = {"7": HERE / "generators-jazzy.txt", "9": HERE / "generators-kilted.txt"}
ROS_WHEELS = "'ros-rclpy[fastrtps]==9.1.2' ros-sensor-msgs==5.5.1"


class BuildError(Exception):
    """vision_msgs cannot be built here; the message has the reason and the remedy."""


def installed_version(distribution: str) -> str:
    """The version of an installed distribution, empty if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def rclpy_major() -> str:
    """The first number of rclpy's version, a key of GENERATORS where vision_msgs can be built."""
    return installed_version("ros-rclpy").split(".")[0]


def check_environment() -> None:
    """Raise BuildError unless this is a virtual environment with the ROS wheels."""
    if sys.prefix == sys.base_prefix:
        raise BuildError(
            f"{sys.executable} does not belong to a virtual environment. With ROS from apt, "
            "`sudo apt install ros-$ROS_DISTRO-vision-msgs` and source its setup.bash; "
            "otherwise run this file with the python of the environment that has the ROS wheels."
        )
    install = f"`{sys.executable} -m pip install {ROS_WHEELS} numpy`"
    needed = ("ros-rclpy", "ros-geometry-msgs", "ros-rosidl-typesupport-fastrtps-c", "numpy")
    missing = [name for name in needed if not installed_version(name)]
    if missing:
        raise BuildError(f"{PREFIX} lacks {', '.join(missing)}. Run {install}.")
    version = installed_version("ros-rclpy")
    if rclpy_major() not in GENERATORS:
        raise BuildError(
            f"{PREFIX} has ros-rclpy {version}, and vision_msgs is built for "
            f"{' and '.join(major + '.x' for major in GENERATORS)} only. Run {install}."
        )
    if importlib.util.find_spec("pip") is None:
        raise BuildError(f"{PREFIX} lacks pip. Run `{sys.executable} -m ensurepip`.")


def check_compilers() -> None:
    """Raise BuildError unless there are a C and a C++ compiler and Python's header files."""
    # The names CMake tries, in its order.
    compilers = {
        "C compiler": (os.environ.get("CC"), "cc", "gcc", "clang"),
        "C++ compiler": (os.environ.get("CXX"), "c++", "g++", "clang++"),
    }
    missing = [
        what
        for what, names in compilers.items()
        if not any(shutil.which(name.split()[0]) for name in names if name)
    ]
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.is_file():
        missing.append(str(header))
    if missing:
        raise BuildError(
            f"there is no {' and no '.join(missing)}. "
            "Run `sudo apt install build-essential python3-dev` and start again."
        )
