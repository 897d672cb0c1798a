"""What ROS's C library says of an error, without the place in its sources."""

import re

# ", at /project/src/rcl/arguments.c:415"
_PLACE = re.compile(r",? at \S+:\d+")


def rcl_message(error: Exception) -> str:
    """The text of an error of rclpy in one line."""
    return " ".join(_PLACE.sub("", str(error)).split())
