"""The variables that name the settings of a middleware, and the files of this package for them."""

from typing import NamedTuple, Optional

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
    if implementation.startswith("rmw_fastrtps"):
        is_old = distribution in _WITH_OLD_FAST_DDS
        return ProfileVariable(OLD_FAST_DDS if is_old else FAST_DDS, "fastdds_large_images.xml")
    if implementation.startswith("rmw_cyclonedds"):
        return ProfileVariable(CYCLONE_DDS, "cyclonedds_large_images.xml", is_uri=True)
    return None
