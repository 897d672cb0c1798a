"""The command line of the node's process: what is not for ROS, and its help."""

import argparse
from typing import Sequence

from rclpy.utilities import remove_ros_args

from trt_inference.ros.parameters.spec import Spec
from trt_inference.ros.parameters.table import SPECS
from trt_inference.ros.rclpy_tools.value_texts import as_yaml
from trt_inference.tools.argument_types import ArgumentParser

_DESCRIPTION = """\
The lifecycle node "detector": subscribes to camera images, runs the bundle of a model on them, and
publishes what is seen: detections, classifications or segmentations.

It takes the arguments of every ROS node after --ros-args:
  -p NAME:=VALUE          set a parameter
  --params-file FILE      set the parameters that a YAML file has
  -r FROM:=TO             remap a topic; -r __node:=NAME and -r __ns:=/NAMESPACE name the node
  --log-level LEVEL       debug, info, warn, error or fatal

for example
  ros2 run trt_inference detector --ros-args -p bundle:=/path/to/BUNDLE -p autostart:=true \\
    -r image:=/camera/image_raw
"""
_EPILOG = """\
config/detector.yaml explains the parameters, docs/launching.md the launch files, which start the
node with all that it needs: ros2 launch trt_inference detector.launch.py bundle:=/path/to/BUNDLE
"""


def parse_node_arguments(words: Sequence[str]) -> None:
    """Print the help or the version and exit, where they are asked for, and exit with 2 where
    there is an argument that is not for ROS.

    Args:
        words: the command line, with the name of the program.

    Raises:
        RuntimeError: ROS refuses its part.
    """
    parser = ArgumentParser(
        prog="ros2 run trt_inference detector",
        usage="%(prog)s [--help] [--version] [--ros-args ...]",
        description=_DESCRIPTION,
        epilog="\n\n".join(["parameters:", *map(_parameter, SPECS), _EPILOG]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"trt_inference {_version()}")
    parser.parse_args(remove_ros_args(list(words))[1:])


def _version() -> str:
    try:
        from importlib import metadata  # novm: since Python 3.8
    except ImportError:
        return "(package.xml has the version)"
    try:
        return metadata.version("trt_inference")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _parameter(spec: Spec) -> str:
    unset = "not set: the bundle's"
    default = unset if spec.default is None else as_yaml(spec.default)
    allowed = f"; from {spec.range[0]} to {spec.range[1]}" if spec.range else ""
    kind = spec.type.name.lower().replace("_", " ")
    return (
        f"  {spec.name} ({kind}, default {default})\n"
        f"      {spec.description}\n      ({spec.constraints()}{allowed})"
    )
