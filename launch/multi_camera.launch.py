"""Detect on several cameras, by one node with one engine or by a node for each camera.

ros2 launch trt_inference multi_camera.launch.py bundle:=/path/to/bundle \
    image_topics:="[/front/image_raw, /rear/image_raw]"

Either way the results are in the namespace of each camera: /front/detector/detections.
All arguments of detector.launch.py can be given, too.
"""

import posixpath
import sys
from pathlib import Path
from typing import List

from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from trt_inference.ros.launching.argument_values import listed_topics, refuse_misspelt
from trt_inference.ros.launching.included_detector import detector_arguments, included_detector

DETECTOR = Path(__file__).with_name("detector.launch.py")


def generate_launch_description() -> LaunchDescription:
    """The arguments, and the nodes made from them."""
    return LaunchDescription([*arguments(), OpaqueFunction(function=make_nodes)])


def arguments() -> List[DeclareLaunchArgument]:
    """Those of a detector, but its topics, and what cameras there are."""
    return [
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
        *detector_arguments(DETECTOR, "image_topic", "image_topics"),
    ]


def make_nodes(context: LaunchContext) -> List[LaunchDescriptionEntity]:
    """One detector, or one for each camera."""
    refuse_misspelt(__file__, sys.argv, [argument.name for argument in arguments()])
    topics = listed_topics(LaunchConfiguration("image_topics").perform(context))
    outer = LaunchConfiguration("namespace").perform(context)
    places = [posixpath.split(topic) for topic in topics]
    namespaces = [posixpath.join(outer, folder) for folder, _ in places]
    if len(set(namespaces)) < len(namespaces):
        raise ValueError(
            f"two of {topics} are in one namespace, where their results would have one name: "
            "give each camera a namespace of its own, by remapping"
        )
    if LaunchConfiguration("mode").perform(context) == "one_node":
        return [IncludeLaunchDescription(PythonLaunchDescriptionSource(str(DETECTOR)))]
    return [
        included_detector(
            DETECTOR, {"namespace": namespace, "image_topic": name, "image_topics": ""}
        )
        for namespace, (_, name) in zip(namespaces, places)
    ]
