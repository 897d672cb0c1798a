"""Says the same kind of thing not too often."""

from __future__ import annotations

import time

WARNING_PERIOD = 5.0  # seconds between two warnings of the same kind


class Throttle:
    """One for each camera: rclpy's own throttle is one for all that comes from one line."""

    def __init__(self, period: float = WARNING_PERIOD) -> None:
        """
        Args:
            period: seconds between two times at which something is said.
        """
        self._period = period
        self._said_at = float("-inf")

    def is_due(self) -> bool:
        """Whether it is time to say something, which is then taken to be said."""
        now = time.monotonic()
        if now - self._said_at < self._period:
            return False
        self._said_at = now
        return True
