"""Says the same kind of thing not too often."""

from __future__ import annotations

import time


class Throttle:
    """For each camera one: rclpy's own throttle is one for all that comes from one line."""

    def __init__(self, period: float) -> None:
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
