"""Drivers of cameras, each with its own names for the same settings.

The names are those of the packages v4l2_camera 0.5 to 0.8, usb_cam 0.6 to 0.8 and gscam 2.0. Those
of v4l2_camera were read in a copy of its source and in its list of changes; no driver has been run.
"""

import os
import stat
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple

_AUTO = "auto"


class CameraSettings(NamedTuple):
    """What the user wants of a camera; what is empty or 0 is left to the driver.

    Attributes:
        sensor_id: number of a Jetson's CSI camera; empty: the camera is ``device``.
        rate: images a second.
    """

    device: str
    sensor_id: str
    width: int
    height: int
    rate: float
    pixel_format: str
    frame_id: str


class CameraDriver(NamedTuple):
    """A node that publishes images of a camera.

    Attributes:
        topic: on which it does, before remapping.
        parameters: those of the node that have the effect of settings.
    """

    package: str
    executable: str
    topic: str
    parameters: Callable[[CameraSettings], Dict[str, Any]]


def choose_driver(
    asked: str, settings: CameraSettings, is_installed: Callable[[str, str], bool]
) -> CameraDriver:
    """The driver that was asked for, or for ``auto`` the first one that is installed.

    Args:
        is_installed: whether a package has an executable.

    Raises:
        ValueError: it is unknown, not installed, or not for such a camera.
    """
    if asked not in (_AUTO, *DRIVERS):
        raise ValueError(f"driver is '{asked}': it can be {', '.join((_AUTO, *DRIVERS))}")
    possible = ["gscam"] if settings.sensor_id else list(DRIVERS)
    if asked != _AUTO and asked not in possible:
        raise ValueError(f"driver {asked} knows no CSI cameras (sensor_id): only gscam does")
    wanted = possible if asked == _AUTO else [asked]
    for name in wanted:
        if is_installed(DRIVERS[name].package, DRIVERS[name].executable):
            return DRIVERS[name]
    raise ValueError(
        f"no driver of cameras is installed ({', '.join(wanted)}): {how_to_install(wanted[0])}. "
        "Without a camera: video:=FILE plays a video or a folder of pictures"
    )


def how_to_install(package: str) -> str:
    """The command for a package of this distribution."""
    distribution = os.environ.get("ROS_DISTRO") or "$ROS_DISTRO"
    return f"sudo apt install ros-{distribution}-{package.replace('_', '-')}"


def check_device(device: str) -> None:
    """Check that a camera can be opened.

    Raises:
        ValueError: it does not exist, is something else, or is not for this user.
    """
    path = Path(device)
    there = ", ".join(_video_devices()) or "no /dev/video*"
    if not path.exists():
        raise ValueError(f"device: there is no {device}: this machine has {there}")
    if not stat.S_ISCHR(path.stat().st_mode):
        raise ValueError(f"device: {device} is no camera: this machine has {there}")
    if not os.access(device, os.R_OK | os.W_OK):
        raise ValueError(
            f"device: {device} may not be opened by this user: sudo usermod -aG video $USER, and "
            "log in again"
        )


def _video_devices() -> List[str]:
    return sorted(str(path) for path in Path("/dev").glob("video*"))


def _of_v4l2_camera(settings: CameraSettings) -> Dict[str, Any]:
    parameters: Dict[str, Any] = {
        "video_device": settings.device,
        "image_size": [settings.width, settings.height],
        "camera_frame_id": settings.frame_id,
    }
    if settings.rate:
        parameters["time_per_frame"] = [100, round(100 * settings.rate)]
    return _with_format(parameters, settings)


def _of_usb_cam(settings: CameraSettings) -> Dict[str, Any]:
    parameters: Dict[str, Any] = {
        "video_device": settings.device,
        "image_width": settings.width,
        "image_height": settings.height,
        "frame_id": settings.frame_id,
    }
    if settings.rate:
        parameters["framerate"] = settings.rate
    return _with_format(parameters, settings)


def _with_format(parameters: Dict[str, Any], settings: CameraSettings) -> Dict[str, Any]:
    if settings.pixel_format:
        parameters["pixel_format"] = settings.pixel_format
    return parameters


def _of_gscam(settings: CameraSettings) -> Dict[str, Any]:
    return {
        "gscam_config": _pipeline(settings),
        "frame_id": settings.frame_id,
        "sync_sink": False,  # each image as soon as it is there
    }


def _pipeline(settings: CameraSettings) -> str:
    """What gscam hands to GStreamer; it appends the sink itself."""
    size = f"width={settings.width}, height={settings.height}"
    rate = f", framerate={round(settings.rate)}/1" if settings.rate else ""
    if not settings.sensor_id:
        return f"v4l2src device={settings.device} ! video/x-raw, {size}{rate} ! videoconvert"
    return (
        f"nvarguscamerasrc sensor-id={settings.sensor_id} ! "
        f"video/x-raw(memory:NVMM), format=NV12, {size}{rate} ! "
        "nvvidconv ! video/x-raw, format=BGRx ! videoconvert"
    )


DRIVERS: Dict[str, CameraDriver] = {
    driver.package: driver
    for driver in (
        CameraDriver("v4l2_camera", "v4l2_camera_node", "image_raw", _of_v4l2_camera),
        CameraDriver("usb_cam", "usb_cam_node_exe", "image_raw", _of_usb_cam),
        CameraDriver("gscam", "gscam_node", "camera/image_raw", _of_gscam),
    )
}
