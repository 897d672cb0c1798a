"""The timeline as shapes with their places, which the template draws as SVG.

What both sides find is above, how much differs below, over the same seconds. Places are in units
of the drawing: x to the right, y down.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from converter.replay.page.timeline_axes import (
    Axis,
    Tick,
    count_axis,
    count_ticks,
    time_axis,
    time_ticks,
)
from converter.replay.results.replay_results import ReplayResults, TimeBin, WorstImage
from converter.replay.results.replay_wording import seconds_text
from converter.tables.wording import counted

WIDTH = 1000
_LEFT, _RIGHT = 44.0, 975.0
_TOP, _HEIGHT, _MARKS, _FOOT = 24.0, 120.0, 62.0, 40.0
_MARK_WIDTH = 15.0  # of a number on a mark
_MOST_MARKS = 99
_UNITS = ("seconds", "minutes", "hours")  # by the colons in their labels


@dataclass(frozen=True)
class Panel:
    """A part of the drawing above the seconds; ``top`` and ``bottom`` are places."""

    top: float
    bottom: float
    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Stretch:
    """A piece of the time: its place, and what is to be read of it."""

    x: float
    width: float
    title: str = ""


@dataclass(frozen=True)
class DifferenceBar:
    """How much differs in a piece of the time."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class WorstMark:
    """Where one of the worst images is; ``number`` is its rank, from 1."""

    x: float
    number: int
    title: str
    has_number: bool


@dataclass(frozen=True)
class TimelineDrawing:
    """All that is drawn.

    Attributes:
        found: the panel of what both sides find; None where each image has the same number.
        before, after: lines in it, as SVG paths.
        differing: the panel of the differences.
        gaps: pieces of the time without an image that was compared.
        pieces: all pieces, to point at.
    """

    height: float
    left: float
    right: float
    times: tuple[Tick, ...]
    unit: str
    found: Panel | None
    before: str
    after: str
    differing: Panel
    bars: tuple[DifferenceBar, ...]
    gaps: tuple[Stretch, ...]
    pieces: tuple[Stretch, ...]
    marks: tuple[WorstMark, ...]


def draw_timeline(results: ReplayResults) -> TimelineDrawing | None:
    """The timeline; None where nothing is known of the time."""
    bins = results.timeline
    if not bins:
        return None
    axis = time_axis(bins[0].start, bins[-1].end, _LEFT, _RIGHT)
    has_counts = results.task == "detection"
    most = max((_an_image(one, side(one)) for one in bins for side in _SIDES), default=0.0)
    counts = count_axis(most, _TOP + _HEIGHT, _TOP)
    top = counts.first + _MARKS if has_counts else _MARKS - 10
    many = count_axis(max(one.differences for one in bins), top + _HEIGHT * 0.75, top)
    places, times = _places(bins, axis), time_ticks(axis)
    return TimelineDrawing(
        height=many.first + _FOOT,
        left=_LEFT,
        right=_RIGHT,
        times=times,
        unit=_UNITS[max(one.text.count(":") for one in times)],
        found=Panel(_TOP, counts.first, count_ticks(counts)) if has_counts else None,
        before=_path(bins, places, counts, _SIDES[0]) if has_counts else "",
        after=_path(bins, places, counts, _SIDES[1]) if has_counts else "",
        differing=Panel(top, many.first, count_ticks(many)),
        bars=tuple(_bars(bins, places, many)),
        gaps=tuple(_gaps(bins, places)),
        pieces=tuple(
            Stretch(x, round(end - x, 2), _title(one, has_counts))
            for one, (x, end) in zip(bins, places, strict=True)
        ),
        marks=tuple(_marks(results.worst, axis)),
    )


_Place = tuple[float, float]
_SIDES: tuple[Callable[[TimeBin], float], ...] = (lambda one: one.before, lambda one: one.after)


def _an_image(one: TimeBin, things: float) -> float:
    return things / one.images if one.images else 0.0


def _places(bins: Sequence[TimeBin], axis: Axis) -> list[_Place]:
    """Where each bin begins and ends. A recording of one moment takes the whole width."""
    if bins[-1].end <= bins[0].start:
        return [(_LEFT, _RIGHT) for _ in bins]
    return [(axis.at(one.start), axis.at(one.end)) for one in bins]


def _path(
    bins: Sequence[TimeBin], places: Sequence[_Place], axis: Axis, side: Callable[[TimeBin], float]
) -> str:
    """A line in steps, which has a gap where there is no image."""
    parts: list[str] = []
    last_end: float | None = None
    for one, (x, end) in zip(bins, places, strict=True):
        if not one.images:
            last_end = None
            continue
        y = axis.at(_an_image(one, side(one)))
        parts.append(f"V{y:g}" if last_end == x else f"M{x:g},{y:g}")
        parts.append(f"H{end:g}")
        last_end = end
    return "".join(parts)


def _bars(bins: Sequence[TimeBin], places: Sequence[_Place], axis: Axis) -> Iterator[DifferenceBar]:
    for one, (x, end) in zip(bins, places, strict=True):
        if one.differences:
            y = min(axis.at(one.differences), axis.first - 2)
            space = 1.0 if end - x > 4 else 0.0
            yield DifferenceBar(x, y, round(max(1.0, end - x - space), 2), round(axis.first - y, 2))


def _gaps(bins: Sequence[TimeBin], places: Sequence[_Place]) -> Iterator[Stretch]:
    """Pieces without images, those beside each other as one, and what is between bins."""
    begin, last_end = None, places[0][0]
    for one, (x, end) in zip(bins, places, strict=True):
        if begin is None and (not one.images or x > last_end + 0.1):
            begin = last_end if one.images else min(x, last_end)
        if begin is not None and one.images:
            yield Stretch(begin, round(x - begin, 2))
            begin = None
        last_end = end
    if begin is not None:
        yield Stretch(begin, round(last_end - begin, 2))


def _title(one: TimeBin, has_counts: bool) -> str:
    time = f"{seconds_text(one.start)} to {seconds_text(one.end)}"
    if not one.images:
        return f"{time}: no image was compared"
    counts = (
        f", detections an image {_an_image(one, one.before):.2f} (baseline) and "
        f"{_an_image(one, one.after):.2f} (candidate)"
    )
    return (
        f"{time}: {counted(one.images, 'image')}{counts if has_counts else ''}, "
        f"{counted(one.differences, 'difference')}"
    )


def _marks(worst: Sequence[WorstImage], axis: Axis) -> Iterator[WorstMark]:
    """A mark for each, with its number where there is room for it beside worse ones."""
    numbered: list[float] = []
    for number, one in enumerate(worst[:_MOST_MARKS], 1):
        x = axis.at(one.seconds)
        has_number = all(abs(x - other) >= _MARK_WIDTH for other in numbered)
        if has_number:
            numbered.append(x)
        title = f"worst image {number}, at {seconds_text(one.seconds)}"
        yield WorstMark(x, number, title, has_number)
