"""Bring the detector up, configured and active, and again when its process dies.

ros2 launch trt_inference detector.launch.py bundle:=/path/to/bundle image_topic:=/camera/image_raw
"""

import os
from pathlib import Path
from typing import Any, Dict, List

import yaml
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
    "image_topics": "several cameras for one engine: [/front/image_raw, /rear/image_raw]",
    "image_transport": "raw, or compressed: jpeg or png on <image_topic>/compressed",
    "use_sim_time": "true: time comes from /clock",
}

FAST_DDS = "FASTDDS_DEFAULT_PROFILES_FILE"
OLD_FAST_DDS = "FASTRTPS_DEFAULT_PROFILES_FILE"  # before version 3; later ones complain about both
CYCLONE_DDS = "CYCLONEDDS_URI"


def config(name: str) -> Path:
    """A file of the installed package."""
    return Path(get_package_share_directory("trt_inference"), "config", name)


def generate_launch_description() -> LaunchDescription:
    """The arguments, and the node made from them."""
    arguments = {
        **{name: ("", f"{text}; empty: as in params_file") for name, text in OVERRIDES.items()},
        "image_topic": ("image", "sensor_msgs/Image to detect on"),
        "name": ("detector", "name of the node"),
        "namespace": ("", "namespace of the node"),
        "params_file": (str(config("detector.yaml")), "parameters of the node"),
        "autostart": ("true", "configure and activate the node, after a respawn too"),
        "respawn": ("true", "start the process again when it ends"),
        "respawn_delay": ("1.0", "seconds until then"),
        "log_level": ("info", "debug, info, warn, error or fatal"),
        "middleware_profile": (
            "packaged",
            "settings of Fast DDS or Cyclone DDS for large images: those of this package, a file, "
            "or none; what the environment has already is left as it is",
        ),
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

    overrides = {name: parameter(name, value(name)) for name in OVERRIDES if value(name)}
    return [
        LifecycleNode(
            package="trt_inference",
            executable="detector",
            name=value("name"),
            namespace=value("namespace"),
            # The node configures itself: a request by the launch system right after a respawn
            # can go to the process that has died, as long as discovery still lists it.
            parameters=[
                str(existing_file("params_file", value("params_file"))),
                {**overrides, "autostart": is_true("autostart", value("autostart"))},
            ],
            remappings=[("image", value("image_topic"))],
            ros_arguments=["--log-level", value("log_level")],
            additional_env=middleware(value("middleware_profile"), dict(context.environment)),
            output="screen",
            respawn=is_true("respawn", value("respawn")),
            respawn_delay=float(value("respawn_delay")),
        )
    ]


def parameter(name: str, text: str) -> Any:
    """The value of the node's parameter that an argument sets."""
    if name == "use_sim_time":
        return is_true(name, text)
    if name == "image_topics":
        topics = yaml.safe_load(text)
        if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
            raise ValueError(f"image_topics is '{text}': write it as [/front/image, /rear/image]")
        return topics
    # Shells leave the ~ of name:=~/folder as it is.
    return os.path.expanduser(text) if name == "bundle" else text


def is_true(name: str, text: str) -> bool:
    """The value of an argument that is true or false."""
    words = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in words:
        raise ValueError(f"{name} is '{text}': it can be true or false")
    return words[text.lower()]


def existing_file(name: str, text: str) -> Path:
    """The file that an argument names."""
    path = Path(text).expanduser().absolute()
    if not path.is_file():
        raise FileNotFoundError(f"{name}: there is no file {path}")
    return path


def middleware(profile: str, environment: Dict[str, str]) -> Dict[str, str]:
    """The variable that gives the node's process the settings for large images."""
    implementation = environment.get("RMW_IMPLEMENTATION") or "rmw_fastrtps_cpp"
    if implementation.startswith("rmw_fastrtps"):
        is_old = environment.get("ROS_DISTRO") in ("humble", "iron", "jazzy")
        variable = OLD_FAST_DDS if is_old else FAST_DDS
        packaged = "fastdds_large_images.xml"
        is_set = environment.get(FAST_DDS) or environment.get(OLD_FAST_DDS)
    elif implementation.startswith("rmw_cyclonedds"):
        variable, packaged = CYCLONE_DDS, "cyclonedds_large_images.xml"
        is_set = environment.get(CYCLONE_DDS)
    else:
        return {}
    if is_set or profile in ("", "none") or (profile == "packaged" and reaches_out(environment)):
        return {}
    path = (
        config(packaged) if profile == "packaged" else existing_file("middleware_profile", profile)
    )
    return {variable: path.as_uri() if variable == CYCLONE_DDS else str(path)}


def reaches_out(environment: Dict[str, str]) -> bool:
    """Whether the packaged profile would have the node heard by other machines although it must
    not be: on Humble each transport of a profile is open to all, and only later ones are limited
    by the way in which processes find each other."""
    return (
        environment.get("ROS_DISTRO") == "humble" and environment.get("ROS_LOCALHOST_ONLY") == "1"
    )
