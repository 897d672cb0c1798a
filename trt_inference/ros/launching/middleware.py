"""The settings of the middleware with which large images arrive."""

from pathlib import Path
from typing import Dict, Mapping

from ament_index_python.packages import get_package_share_directory

from trt_inference.doctor.middleware.profile_variables import (
    DEFAULT_IMPLEMENTATION,
    FAST_DDS,
    OLD_FAST_DDS,
    is_humble_on_this_machine_alone,
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
    implementation = environment.get("RMW_IMPLEMENTATION") or DEFAULT_IMPLEMENTATION
    distribution = environment.get("ROS_DISTRO", "")
    variable = profile_variable(implementation, distribution)
    if variable is None:
        return {}
    names = (variable.name,) if variable.is_uri else (FAST_DDS, OLD_FAST_DDS)
    is_set = any(environment.get(name) for name in names)
    if is_set or profile in ("", "none"):
        return {}
    if profile == "packaged":
        if is_humble_on_this_machine_alone(distribution, environment):
            return {}
        path = packaged_config(variable.file)
    else:
        path = existing_file("middleware_profile", profile)
    return {variable.name: path.as_uri() if variable.is_uri else str(path)}
