"""What ROS itself refuses when a process starts, in one plain line."""

import re
from contextlib import contextmanager
from typing import Iterator, Sequence

from trt_inference.errors import TrtInferenceError
from trt_inference.printable import is_utf8, printable

# Where rcl's sources found it: ", at /project/src/rcl/arguments.c:415".
_PLACE = re.compile(r", at \S+:\d+")


class StartError(TrtInferenceError):
    """The process cannot start as it is asked to, now or later."""


@contextmanager
def start_errors(words: Sequence[str]) -> Iterator[None]:
    """While ROS reads the command line.

    Args:
        words: of the command line.

    Raises:
        StartError: ROS refuses them, or a file that they name.
    """
    for word in words:
        if not is_utf8(word):
            raise StartError(
                f"'{printable(word)}' is no UTF-8, as all that is given to ROS has to be"
            )
    try:
        yield
    except RuntimeError as error:  # rclpy's own classes have no public names
        text = _PLACE.sub("", str(error))
        if type(error).__name__ == "UnknownROSArgsError":
            text = f"ROS does not know the arguments {text}"
        raise StartError(text) from error
