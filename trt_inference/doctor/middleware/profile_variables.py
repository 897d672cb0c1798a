"""The variables that name the settings of a middleware, and the files of this package for them.

The launch files set by these facts what the doctor looks for.
"""

from typing import Mapping, NamedTuple, Optional

FAST_RTPS, CYCLONE = "rmw_fastrtps", "rmw_cyclonedds"  # how the names of middlewares begin
DEFAULT_IMPLEMENTATION = "rmw_fastrtps_cpp"
LOCALHOST_ONLY = "ROS_LOCALHOST_ONLY"

FAST_DDS = "FASTDDS_DEFAULT_PROFILES_FILE"
# Before version 3, which still reads it, with a warning, and prefers it to the other one.
OLD_FAST_DDS = "FASTRTPS_DEFAULT_PROFILES_FILE"
CYCLONE_DDS = "CYCLONEDDS_URI"
_WITH_OLD_FAST_DDS = ("humble", "iron", "jazzy")


class ProfileVariable(NamedTuple):
    """The variable for the settings for large images.

    Attributes:
        name: of the variable.
        file: in the package's folder ``config``.
        is_uri: its value is ``file:///…`` rather than a path.
    """

    name: str
    file: str
    is_uri: bool = False


def profile_variable(implementation: str, distribution: str) -> Optional[ProfileVariable]:
    """That of a middleware; None where it needs no settings, or is not known.

    Args:
        implementation: such as ``rmw_fastrtps_cpp``.
        distribution: such as ``jazzy``; empty: not known, and taken for a new one.
    """
    if implementation.startswith(FAST_RTPS):
        is_old = distribution in _WITH_OLD_FAST_DDS
        return ProfileVariable(OLD_FAST_DDS if is_old else FAST_DDS, "fastdds_large_images.xml")
    if implementation.startswith(CYCLONE):
        return ProfileVariable(CYCLONE_DDS, "cyclonedds_large_images.xml", is_uri=True)
    return None


def is_humble_on_this_machine_alone(distribution: str, environment: Mapping[str, str]) -> bool:
    """Whether nodes of Humble must not be heard by other machines. A profile of Fast DDS opens
    them: each of its transports is open to all there, and only later distributions limit them by
    the way in which processes find each other."""
    return distribution == "humble" and environment.get(LOCALHOST_ONLY) == "1"
