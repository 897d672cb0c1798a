"""Axes of the timeline: round numbers on them, and where they are."""

import math
from dataclasses import dataclass

# Seconds between two labels: decimal below a minute, of the clock above.
_STEPS = (
    *(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400),
)
_MOST_LABELS = 10
_ROUND = (1, 2, 4, 6, 8, 10)  # whose halves are whole numbers


@dataclass(frozen=True)
class Tick:
    """A label with its place in the drawing."""

    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """A scale from values to places in the drawing."""

    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        """The place of a value, within the axis."""
        inside = min(max(value, self.low), self.high)
        part = (inside - self.low) / (self.high - self.low)
        return round(self.first + part * (self.last - self.first), 2)


def time_axis(start: float, end: float, first: float, last: float) -> Axis:
    """The axis of the seconds from ``start`` to ``end``, which may be the same."""
    return Axis(start, end if end > start else start + 1.0, first, last)


def count_axis(most: float, bottom: float, top: float) -> Axis:
    """The axis of what is counted, from 0 up to a round number."""
    return Axis(0.0, round_up(most), bottom, top)


def round_up(value: float) -> float:
    """The next of 1, 2, 4, 6, 8, 10, 20 … that is as large; 1 for anything smaller."""
    if not value > 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in _ROUND if power * step >= value)


def time_ticks(axis: Axis) -> tuple[Tick, ...]:
    """Labels of the seconds, at round times."""
    length = axis.high - axis.low
    step = next((one for one in _STEPS if length / one <= _MOST_LABELS), length / _MOST_LABELS)
    first, last = math.ceil(axis.low / step - 1e-9), math.floor(axis.high / step + 1e-9)
    times = [number * step for number in range(first, last + 1)]
    return tuple(Tick(axis.at(one), clock_text(one, step)) for one in times)


def count_ticks(axis: Axis) -> tuple[Tick, ...]:
    """Labels of counts: 0, the highest, and their middle where it is a whole number."""
    middle = [axis.high / 2] if axis.high >= 2 and axis.high % 2 == 0 else []
    return tuple(Tick(axis.at(one), f"{one:,.0f}") for one in (0.0, *middle, axis.high))


def clock_text(seconds: float, step: float) -> str:
    """``2.5``, ``45`` or, where the labels are half a minute apart or more, ``12:30``."""
    if step < 30:
        return f"{seconds:.10g}" if step >= 1 else f"{seconds:.2f}".rstrip("0").rstrip(".")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
