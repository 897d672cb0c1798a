"""Limits how often the same kind of message is logged."""

import time

WARNING_PERIOD = 5.0  # seconds between two warnings of the same kind


class Throttle:
    """One for each camera: rclpy's own throttle is one for all that comes from one line."""

    def __init__(self, period: float = WARNING_PERIOD) -> None:
        """
        Args:
            period: seconds between two messages.
        """
        self._period = period
        self._logged_at = float("-inf")

    def is_due(self) -> bool:
        """Whether a message may be logged now, which is then taken to be done."""
        now = time.monotonic()
        if now - self._logged_at < self._period:
            return False
        self._logged_at = now
        return True
