"""A camera, the detector, and a window with its result, in one command.

ros2 launch trt_inference webcam.launch.py bundle:=/path/to/bundle
ros2 launch trt_inference webcam.launch.py bundle:=/path/to/bundle video:=/path/to/drive.mp4

All arguments of detector.launch.py can be given, too.
"""

import os
import sys
from pathlib import Path
from typing import Any, Dict, List

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.logging import get_logger
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from trt_inference.printable import printable_name
from trt_inference.ros.launching.argument_values import absolute_path, amount, refuse_misspelt
from trt_inference.ros.launching.camera_drivers import (
    CameraSettings,
    check_device,
    choose_driver,
    how_to_install,
)
from trt_inference.ros.launching.included_detector import detector_arguments, full_name_of_detector
from trt_inference.ros.launching.middleware import middleware_variables
from trt_inference.ros.launching.process_exits import end_with_the_camera

DETECTOR = Path(__file__).with_name("detector.launch.py")
VIEWERS = ("rqt_image_view", "image_view")  # packages, and their executables


def arguments() -> List[DeclareLaunchArgument]:
    """Those of the camera, and those of a detector."""
    texts = {
        "driver": ("auto", "v4l2_camera, usb_cam, gscam, or auto: the first that is installed"),
        "device": ("/dev/video0", "the camera"),
        "sensor_id": ("", "number of a Jetson's CSI camera, by gscam, instead of device: 0"),
        "video": ("", "a video, a picture or a folder of pictures to play instead of a camera"),
        "width": ("640", "of the camera's images"),
        "height": ("480", "of the camera's images"),
        "rate": ("", "images a second; empty: as the driver has it, or the video"),
        "pixel_format": ("", "as the driver calls it; empty: its default"),
        "frame_id": ("camera", "frame of the camera's images"),
        "image_topic": ("camera/image_raw", "of the camera's images"),
        "viewer": ("auto", "rqt_image_view, image_view, none, or auto: what is installed"),
    }
    camera = [
        DeclareLaunchArgument(name, default_value=default, description=text)
        for name, (default, text) in texts.items()
    ]
    return [*camera, *detector_arguments(DETECTOR, "image_topic", "image_topics")]


def generate_launch_description() -> LaunchDescription:
    """The arguments, and the nodes made from them."""
    return LaunchDescription([*arguments(), OpaqueFunction(function=make_nodes)])


def make_nodes(context: LaunchContext) -> List[LaunchDescriptionEntity]:
    """The camera, the detector, and a viewer if there is one."""
    refuse_misspelt(__file__, sys.argv, [argument.name for argument in arguments()])
    return [
        video(context) if value(context, "video") else camera(context),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(DETECTOR)), launch_arguments=[("image_topics", "")]
        ),
        *viewer(context, f"{full_name_of_detector(context)}/debug_image"),
    ]


def value(context: LaunchContext, name: str) -> str:
    """The value of an argument."""
    return LaunchConfiguration(name).perform(context)


def camera(context: LaunchContext) -> Node:
    """The driver of the camera."""
    settings = CameraSettings(
        device=value(context, "device"),
        sensor_id=value(context, "sensor_id"),
        width=int(amount("width", value(context, "width"), least=1)),
        height=int(amount("height", value(context, "height"), least=1)),
        rate=amount("rate", value(context, "rate") or "0"),
        pixel_format=value(context, "pixel_format"),
        frame_id=value(context, "frame_id"),
    )
    driver = choose_driver(value(context, "driver"), settings, is_installed)
    if not settings.sensor_id:
        check_device(settings.device)
    return Node(
        package=driver.package,
        executable=driver.executable,
        parameters=[driver.parameters(settings)],
        **as_camera(context, driver.topic),
    )


def video(context: LaunchContext) -> Node:
    """What plays a file as a camera."""
    path = absolute_path(value(context, "video"))
    if not path.exists():
        raise FileNotFoundError(f"video: there is no file or folder {printable_name(path)}")
    rate = ["--rate", value(context, "rate")] if value(context, "rate") else []
    return Node(
        package="trt_inference",
        executable="video",
        arguments=[str(path), "--frame-id", value(context, "frame_id"), *rate],
        **as_camera(context, "image"),
    )


def as_camera(context: LaunchContext, topic: str) -> Dict[str, Any]:
    """What all cameras have in common; ``topic`` is that of the images before remapping."""
    profile = value(context, "middleware_profile")
    return {
        "name": "camera",
        "namespace": value(context, "namespace"),
        "remappings": [(topic, value(context, "image_topic"))],
        "additional_env": middleware_variables(profile, dict(context.environment)),
        "output": "screen",
        "on_exit": end_with_the_camera,
    }


def viewer(context: LaunchContext, topic: str) -> List[Node]:
    """A window with the images of ``topic``, where there is a screen and what opens one."""
    asked = value(context, "viewer")
    if asked not in ("auto", "none", *VIEWERS):
        raise ValueError(f"viewer is '{asked}': it can be auto, none, {' or '.join(VIEWERS)}")
    has_screen = any(context.environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    possible = [name for name in VIEWERS if asked in ("auto", name) and is_installed(name, name)]
    if asked == "none" or not has_screen or not possible:
        get_logger("webcam.launch").info(
            f"to see what is detected, on this or another machine: ros2 run rqt_image_view "
            f"rqt_image_view {topic} ({how_to_install('rqt_image_view')}), or Foxglove"
        )
        return []
    remappings = [("image", topic)] if possible[0] == "image_view" else []
    return [
        Node(
            package=possible[0],
            executable=possible[0],
            arguments=[] if remappings else [topic],
            remappings=remappings,
            output="screen",
        )
    ]


def is_installed(package: str, executable: str) -> bool:
    """Whether a package is there, and has an executable."""
    try:
        prefix = get_package_prefix(package)
    except PackageNotFoundError:
        return False
    return os.access(os.path.join(prefix, "lib", package, executable), os.X_OK)
