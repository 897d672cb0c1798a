"""What ROS itself refuses when a process starts, in one plain line."""

import os
import warnings
from contextlib import contextmanager
from typing import Iterator, Sequence

from trt_inference.errors import TrtInferenceError
from trt_inference.printable import is_utf8, printable
from trt_inference.ros.rclpy_tools.rcl_messages import rcl_message

HIGHEST_DOMAIN = 232  # whose ports exist: that of DDS, which Zenoh does not have


class StartError(TrtInferenceError):
    """The process cannot start as it is asked to, now or later."""


@contextmanager
def start_errors(words: Sequence[str]) -> Iterator[None]:
    """While ROS reads the command line and the environment, and makes a node.

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
    _check_domain()
    try:
        with warnings.catch_warnings():  # rclpy's, that it cannot undo what it could not do
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
    except RuntimeError as error:  # rclpy's own classes have no public names
        text = rcl_message(error)
        if type(error).__name__ == "UnknownROSArgsError":
            text = f"ROS does not know the arguments {text}"
        raise StartError(f"{text}{_hint()}") from error


def _check_domain() -> None:
    """Fast DDS ends the process with an exit code by which it is started again."""
    domain = os.environ.get("ROS_DOMAIN_ID", "").strip()
    has_ports = "zenoh" not in os.environ.get("RMW_IMPLEMENTATION", "")
    if has_ports and domain.isdecimal() and int(domain) > HIGHEST_DOMAIN:
        raise StartError(f"ROS_DOMAIN_ID is {domain[:20]}: give 0 to {HIGHEST_DOMAIN}")


def _hint() -> str:
    """Where ROS does not tell why, or only half of it."""
    if os.environ.get("ROS_SECURITY_ENABLE") != "true":
        return ""
    return (
        " (ROS_SECURITY_ENABLE is true: it needs a middleware with the security libraries, and "
        "ROS_SECURITY_KEYSTORE with the keys of this process)"
    )
