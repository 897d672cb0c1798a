"""Detect on one camera with two precisions of a bundle, each in a node of its own.

ros2 launch trt_inference compare_precisions.launch.py bundle:=/path/to/bundle \
    image_topic:=/camera/image_raw precisions:="[fp32, int8]"

The nodes are called by their precisions: detector_fp32, detector_int8.
All arguments of detector.launch.py can be given, too.
"""

from pathlib import Path
from typing import List

import yaml
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    IncludeLaunchDescription,
    OpaqueFunction,
)
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity

DETECTOR = str(Path(__file__).with_name("detector.launch.py"))


def generate_launch_description() -> LaunchDescription:
    """The arguments, and the nodes made from them."""
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                "precisions",
                default_value="[fp32, int8]",
                description="of the nodes, each of them in the bundle",
            ),
            *detector_arguments("precision"),
            OpaqueFunction(function=make_nodes),
        ]
    )


def detector_arguments(*without: str) -> List[DeclareLaunchArgument]:
    """The arguments of a single detector, but those that are not for the user to give."""
    source = PythonLaunchDescriptionSource(DETECTOR)
    return [
        entity
        for entity in source.get_launch_description(LaunchContext()).entities
        if isinstance(entity, DeclareLaunchArgument) and entity.name not in without
    ]


def make_nodes(context: LaunchContext) -> List[LaunchDescriptionEntity]:
    """One detector for each precision."""
    text = LaunchConfiguration("precisions").perform(context)
    precisions = yaml.safe_load(text)
    if not isinstance(precisions, list) or len(set(precisions)) < max(2, len(precisions)):
        raise ValueError(f"precisions is '{text}': write two different ones as [fp32, int8]")
    name = LaunchConfiguration("name").perform(context)
    return [detector(str(precision), f"{name}_{precision}") for precision in precisions]


def detector(precision: str, name: str) -> GroupAction:
    """One detector. What it is given does not reach the next one."""
    arguments = {"precision": precision, "name": name}
    source = PythonLaunchDescriptionSource(DETECTOR)
    return GroupAction(
        [IncludeLaunchDescription(source, launch_arguments=list(arguments.items()))], scoped=True
    )
