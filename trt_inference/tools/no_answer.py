"""What programs without a robot do where a server does not answer.

A robot goes on with its next image, and may start before its server. These programs have the same
images tomorrow: they refuse to begin without an answer, and give a server that is gone some time.
"""

import time
from typing import Callable

from trt_inference.errors import EngineError
from trt_inference.inference.detector import Detector

# Together about 16 seconds, in which a server that is started again is back.
MOST_IN_A_ROW = 20
_FIRST, _LONGEST = 0.05, 1.0  # seconds


def check_answered(detector: Detector) -> None:
    """Refuse an engine that has not answered.

    Raises:
        EngineError: nobody answered when the engine was tried out.
    """
    if detector.first is None:
        raise EngineError(
            f"there is no answer to the first image: {detector.first_lost}. Start the server, "
            "correct --server-url or the files of TLS, or wait longer with --server-deadline"
        )


class Patience:
    """Waits a little after each image without an answer, so that not all others are lost before a
    server is back, and runs out when too many are lost in a row."""

    def __init__(self, wait: Callable[[float], object] = time.sleep) -> None:
        """
        Args:
            wait: for so many seconds.
        """
        self._wait = wait
        self._in_a_row = 0

    @property
    def is_exhausted(self) -> bool:
        """Whether ``MOST_IN_A_ROW`` images were lost since the last answer."""
        return self._in_a_row >= MOST_IN_A_ROW

    def lost(self) -> None:
        """There is no answer for one more image."""
        self._in_a_row += 1
        if not self.is_exhausted:
            self._wait(min(_FIRST * 2 ** (self._in_a_row - 1), _LONGEST))

    def answered(self) -> None:
        """There is one."""
        self._in_a_row = 0
