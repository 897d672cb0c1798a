"""Detect on several cameras, by one node with one engine or by a node for each camera.

ros2 launch trt_inference multi_camera.launch.py bundle:=/path/to/bundle \
    image_topics:="[/front/image_raw, /rear/image_raw]"

Either way the results are in the namespace of each camera: /front/detector/detections.
All arguments of detector.launch.py can be given, too.
"""

import posixpath
from pathlib import Path
from typing import Dict, List

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
                "image_topics",
                # Must be given. Without a default, though, an include in XML would have to name it.
                default_value="",
                description="of the cameras: [/front/image_raw, /rear/image_raw]",
            ),
            DeclareLaunchArgument(
                "mode",
                default_value="one_node",
                choices=["one_node", "nodes"],
                description="one_node: one engine, which takes the images of several cameras at "
                "once; nodes: one node with an engine of its own in each camera's namespace",
            ),
            *detector_arguments("image_topic", "image_topics"),
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
    """One detector, or one for each camera."""
    topics = listed(LaunchConfiguration("image_topics").perform(context))
    outer = LaunchConfiguration("namespace").perform(context)
    places = [posixpath.split(topic) for topic in topics]
    namespaces = [posixpath.join(outer, folder) for folder, _ in places]
    if len(set(namespaces)) < len(namespaces):
        raise ValueError(
            f"two of {topics} are in one namespace, where their results would have one name: "
            "give each camera a namespace of its own, by remapping"
        )
    if LaunchConfiguration("mode").perform(context) == "one_node":
        return [IncludeLaunchDescription(PythonLaunchDescriptionSource(DETECTOR))]
    return [
        detector({"namespace": namespace, "image_topic": name, "image_topics": ""})
        for namespace, (_, name) in zip(namespaces, places)
    ]


def detector(arguments: Dict[str, str]) -> GroupAction:
    """One detector. What it is given does not reach the next one."""
    source = PythonLaunchDescriptionSource(DETECTOR)
    return GroupAction(
        [IncludeLaunchDescription(source, launch_arguments=list(arguments.items()))], scoped=True
    )


def listed(text: str) -> List[str]:
    """The topics in an argument."""
    topics = yaml.safe_load(text)
    if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        raise ValueError(f"image_topics is '{text}': write it as [/front/image, /rear/image]")
    return topics
