"""The settings of the middleware with which large images arrive."""

from pathlib import Path
from typing import Dict, Mapping

from ament_index_python.packages import get_package_share_directory

from trt_inference.doctor.middleware.profile_variables import (
    FAST_DDS,
    OLD_FAST_DDS,
    profile_variable,
)
from trt_inference.ros.launching.argument_values import existing_file


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
    variable = profile_variable(implementation, environment.get("ROS_DISTRO", ""))
    if variable is None:
        return {}
    names = (variable.name,) if variable.is_uri else (FAST_DDS, OLD_FAST_DDS)
    is_set = any(environment.get(name) for name in names)
    if is_set or profile in ("", "none") or (profile == "packaged" and _reaches_out(environment)):
        return {}
    if profile == "packaged":
        path = packaged_config(variable.file)
    else:
        path = existing_file("middleware_profile", profile)
    return {variable.name: path.as_uri() if variable.is_uri else str(path)}


def _reaches_out(environment: Mapping[str, str]) -> bool:
    """Whether the packaged profile would have the node heard by other machines although it must
    not be: on Humble each transport of a profile is open to all, and only later ones are limited
    by the way in which processes find each other."""
    return (
        environment.get("ROS_DISTRO") == "humble" and environment.get("ROS_LOCALHOST_ONLY") == "1"
    )
