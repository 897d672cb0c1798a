"""Bring the detector up, configured and active, and again when its process dies.

ros2 launch trt_inference detector.launch.py bundle:=/path/to/bundle image_topic:=/camera/image_raw
"""

from pathlib import Path
from typing import List

from ament_index_python.packages import get_package_share_directory
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import LifecycleNode

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity

# Set the node's parameter of the same name when they are given; otherwise the file counts.
OVERRIDES = {
    "bundle": "folder made by the converter",
    "precision": "auto, fp32, fp16 or int8",
    "backend": "auto, tensorrt or onnxruntime",
}


def generate_launch_description() -> LaunchDescription:
    """The arguments, and the node made from them."""
    config = Path(get_package_share_directory("trt_inference"), "config", "detector.yaml")
    arguments = {
        "params_file": (str(config), "parameters of the node"),
        "image_topic": ("image", "sensor_msgs/Image to detect on"),
        "namespace": ("", "namespace of the node"),
        "autostart": ("true", "configure and activate the node, after a respawn too"),
        **{name: ("", f"{text}; empty: as in params_file") for name, text in OVERRIDES.items()},
    }
    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(name, default_value=default, description=text)
                for name, (default, text) in arguments.items()
            ),
            OpaqueFunction(function=make_node),
        ]
    )


def make_node(context: LaunchContext) -> List[LaunchDescriptionEntity]:
    """The node, with those overrides that were given."""

    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    overrides = {name: value(name) for name in OVERRIDES if value(name)}
    # The node configures itself: a request by the launch system right after a respawn can go
    # to the process that has died, as long as discovery still lists it.
    autostart = value("autostart").lower() in ("true", "1", "yes", "on")
    return [
        LifecycleNode(
            package="trt_inference",
            executable="detector",
            name="detector",
            namespace=value("namespace"),
            parameters=[value("params_file"), {**overrides, "autostart": autostart}],
            remappings=[("image", value("image_topic"))],
            output="screen",
            respawn=True,
            respawn_delay=1.0,
        )
    ]
