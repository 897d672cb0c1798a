"""What callbacks of an executor raise, in the log."""

import traceback
from typing import Any

from trt_inference.printable import OwnLines
from trt_inference.ros.rclpy_tools.throttle import Throttle


class FailedCallbacks:
    """Logs failures with their tracebacks: one each few seconds, as a message from outside may
    bring one about, and others as often as somebody sends it."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger
        self._throttle = Throttle()
        self._count = 0

    def log(self) -> None:
        """Log the exception that is being handled, or count it for the next time."""
        self._count += 1
        if self._throttle.is_due():
            text = f"a callback failed ({self._count} so far):\n{traceback.format_exc()}"
            self._logger.error(OwnLines(text))
