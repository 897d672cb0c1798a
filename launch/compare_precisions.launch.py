"""Detect on one camera with two precisions of a bundle, each in a node of its own.

ros2 launch trt_inference compare_precisions.launch.py bundle:=/path/to/bundle \
    image_topic:=/camera/image_raw precisions:="[fp32, int8]"

The nodes are called by their precisions: detector_fp32, detector_int8.
All arguments of detector.launch.py can be given, too.
"""

import sys
from pathlib import Path
from typing import List

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from trt_inference.ros.launching.argument_values import listed_precisions, refuse_misspelt
from trt_inference.ros.launching.included_detector import detector_arguments, included_detector

DETECTOR = Path(__file__).with_name("detector.launch.py")


def generate_launch_description() -> LaunchDescription:
    """The arguments, and the nodes made from them."""
    return LaunchDescription([*arguments(), OpaqueFunction(function=make_nodes)])


def arguments() -> List[DeclareLaunchArgument]:
    """Those of a detector, but its precision, and the precisions."""
    precisions = DeclareLaunchArgument(
        "precisions",
        default_value="[fp32, int8]",
        description="of the nodes, each of them in the bundle",
    )
    return [precisions, *detector_arguments(DETECTOR, "precision")]


def make_nodes(context: LaunchContext) -> List[LaunchDescriptionEntity]:
    """One detector for each precision."""
    refuse_misspelt(__file__, sys.argv, [argument.name for argument in arguments()])
    precisions = listed_precisions(LaunchConfiguration("precisions").perform(context))
    name = LaunchConfiguration("name").perform(context)
    return [
        included_detector(DETECTOR, {"precision": each, "name": f"{name}_{each}"})
        for each in precisions
    ]
