"""Bring the detector up, configured and active, and again when its process dies.

ros2 launch trt_inference detector.launch.py bundle:=/path/to/bundle image_topic:=/camera/image_raw
"""

import os
import sys
from pathlib import Path
from typing import Any, List

from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from trt_inference.ros.launching.argument_values import (
    amount,
    existing_file,
    is_respawned,
    is_true,
    listed_topics,
    refuse_misspelt,
)
from trt_inference.ros.launching.included_detector import full_name_of_detector
from trt_inference.ros.launching.middleware import middleware_variables, packaged_config
from trt_inference.ros.launching.params_file import ParamsFile
from trt_inference.ros.launching.process_exits import (
    SHORTEST_RESPAWN_DELAY,
    end_if_it_cannot_start,
)

# Set the node's parameter of the same name when they are given; otherwise the file counts.
OVERRIDES = {
    "bundle": "folder made by the converter",
    "precision": "auto, fp32, fp16 or int8",
    "backend": "auto, tensorrt, onnxruntime or triton",
    "server_url": "host:port of the Triton server, for backend triton",
    "image_topics": "several cameras for one engine: [/front/image_raw, /rear/image_raw]",
    "image_transport": "raw, or compressed: jpeg or png on <image_topic>/compressed",
    "use_sim_time": "true: time comes from /clock",
}


def arguments() -> List[DeclareLaunchArgument]:
    """All arguments, with their defaults."""
    texts = {
        **{name: ("", f"{text}; empty: as in params_file") for name, text in OVERRIDES.items()},
        "image_topic": ("image", "sensor_msgs/Image to detect on"),
        "name": ("detector", "name of the node"),
        "namespace": ("", "namespace of the node"),
        "params_file": (str(packaged_config("detector.yaml")), "parameters of the node"),
        "autostart": ("true", "configure and activate the node, after a respawn too"),
        "respawn": ("", "start the process again when it ends; empty: as use_respawn"),
        "use_respawn": ("", "the same under the name that nav2 has for it; empty: true"),
        "respawn_delay": ("1.0", "seconds until then"),
        "log_level": ("info", "debug, info, warn, error or fatal"),
        "middleware_profile": (
            "packaged",
            "settings of Fast DDS or Cyclone DDS for large images: those of this package, a file, "
            "or none; what the environment has already is left as it is",
        ),
    }
    return [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in texts.items()
    ]


def generate_launch_description() -> LaunchDescription:
    """The arguments, and the node made from them."""
    return LaunchDescription([*arguments(), OpaqueFunction(function=make_node)])


def make_node(context: LaunchContext) -> List[LaunchDescriptionEntity]:
    """The node, with those overrides that were given."""

    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    refuse_misspelt(__file__, sys.argv, [argument.name for argument in arguments()])
    overrides = {name: parameter(name, value(name)) for name in OVERRIDES if value(name)}
    delay = amount("respawn_delay", value("respawn_delay"))
    return [
        LifecycleNode(
            package="trt_inference",
            executable="detector",
            name=value("name"),
            namespace=value("namespace"),
            # The node configures itself: a request by the launch system right after a respawn
            # can go to the process that has died, as long as discovery still lists it.
            parameters=[
                str(params_file(value("params_file"), full_name_of_detector(context))),
                {**overrides, "autostart": is_true("autostart", value("autostart"))},
            ],
            remappings=[("image", value("image_topic"))],
            ros_arguments=["--log-level", value("log_level")],
            additional_env=middleware_variables(
                value("middleware_profile"), dict(context.environment)
            ),
            output="screen",
            respawn=is_respawned(value("respawn"), value("use_respawn")),
            respawn_delay=max(delay, SHORTEST_RESPAWN_DELAY),
            on_exit=end_if_it_cannot_start,
        )
    ]


def params_file(text: str, node: str) -> Path:
    """The parameter file as the node is to read it. What it does not set for the node is told."""
    file = existing_file("params_file", text)
    given = ParamsFile(file)
    copy = given.in_namespace(node)
    if copy is not None:
        return copy
    if not given.is_for(node):
        get_logger("detector.launch").warning(given.describe_mismatch(node))
    return file


def parameter(name: str, text: str) -> Any:
    """The value of the node's parameter that an argument sets."""
    if name == "use_sim_time":
        return is_true(name, text)
    if name == "image_topics":
        return listed_topics(text)
    # Shells leave the ~ of name:=~/folder as it is.
    return os.path.expanduser(text) if name == "bundle" else text
