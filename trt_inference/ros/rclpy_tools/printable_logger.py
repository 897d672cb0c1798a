"""A logger whose messages are printable, whoever logs them and whatever is in them."""

import functools
import os
from typing import Any

from rclpy.impl import rcutils_logger
from rclpy.impl.rcutils_logger import RcutilsLogger

from trt_inference.printable import OwnLines, printable, printable_lines

# rclpy takes the place of each message, which must not change its severity, from the first frame
# that is in none of these files.
rcutils_logger._internal_callers.append(os.path.realpath(__file__))


class PrintableLogger(RcutilsLogger):
    """Logs each message in one line, but those that are ``OwnLines``."""

    def log(self, message: str, severity: Any, *args: Any, **options: Any) -> bool:
        """As rclpy's, which all others call."""
        shown = printable_lines(message) if isinstance(message, OwnLines) else printable(message)
        return bool(super().log(shown, severity, *args, **options))


@functools.lru_cache(maxsize=None)
def printable_logger(name: str) -> PrintableLogger:
    """The logger of a node, by the name of its logger."""
    return PrintableLogger(name)
