"""The settings of the middleware with which large images arrive."""

from pathlib import Path
from typing import Dict, Mapping

from ament_index_python.packages import get_package_share_directory

from trt_inference.ros.launching.argument_values import existing_file

FAST_DDS = "FASTDDS_DEFAULT_PROFILES_FILE"
OLD_FAST_DDS = "FASTRTPS_DEFAULT_PROFILES_FILE"  # before version 3; later ones complain about both
CYCLONE_DDS = "CYCLONEDDS_URI"


def packaged_config(name: str) -> Path:
    """A file of the installed package's ``config``."""
    return Path(get_package_share_directory("trt_inference"), "config", name)


def middleware_variables(profile: str, environment: Mapping[str, str]) -> Dict[str, str]:
    """The variable that gives a process the settings for large images, where it has none yet.

    Args:
        profile: ``packaged``, a file, or ``none``.

    Raises:
        FileNotFoundError: there is no such file.
    """
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
    if is_set or profile in ("", "none") or (profile == "packaged" and _reaches_out(environment)):
        return {}
    if profile == "packaged":
        path = packaged_config(packaged)
    else:
        path = existing_file("middleware_profile", profile)
    return {variable: path.as_uri() if variable == CYCLONE_DDS else str(path)}


def _reaches_out(environment: Mapping[str, str]) -> bool:
    """Whether the packaged profile would have the node heard by other machines although it must
    not be: on Humble each transport of a profile is open to all, and only later ones are limited
    by the way in which processes find each other."""
    return (
        environment.get("ROS_DISTRO") == "humble" and environment.get("ROS_LOCALHOST_ONLY") == "1"
    )
