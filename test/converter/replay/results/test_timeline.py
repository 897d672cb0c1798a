"""Images by their time, against sums over the same images by themselves."""

import random
from dataclasses import replace

import pytest

from converter.replay.differences.difference import ComparedImage
from converter.replay.results.replay_results import TimeBin
from converter.replay.results.timeline import MOST_BINS, Timeline
from test.converter.replay.scenes import Row, compared, side

BOX = Row(0, 0.5, 0, 0, 50, 50)


def timeline(times: list[float], lost_at: tuple[float, ...] = ()) -> tuple[TimeBin, ...]:
    """A box in each image, which the candidate has not found at some times."""
    line = Timeline()
    alike, lost = (compared(side([BOX]), side(after)) for after in ([BOX], []))
    for seconds in times:
        line.add(at_time(lost if seconds in lost_at else alike, seconds))
    return line.bins()


def at_time(image: ComparedImage, seconds: float) -> ComparedImage:
    return replace(image, image=replace(image.image, seconds=seconds))


def at(count: int, rate: float, start: float = 0.0) -> list[float]:
    return [start + index / rate for index in range(count)]


@pytest.mark.parametrize(
    "times",
    [
        at(15, 30),
        at(450, 30),
        at(3000, 10),
        at(60, 1),
        at(10, 1 / 60),
        at(300, 30, 5000.2),
        [*at(100, 10), *at(100, 10, 3600)],
        [0.0],
        [17.3],
        [5.0] * 7,
        [0.0, 1e9],
    ],
)
def test_every_image_is_in_the_bin_of_its_time(times: list[float]) -> None:
    lost_at = tuple(random.Random(1).sample(sorted(set(times)), (len(set(times)) + 2) // 3))
    bins = timeline(times, lost_at)
    assert 1 <= len(bins) <= MOST_BINS
    assert bins[0].start == times[0]
    assert bins[-1].start <= times[-1] < bins[-1].end
    widths = {one.end - one.start for one in bins}
    assert max(widths) == pytest.approx(min(widths))
    assert [one.start for one in bins[1:]] == [one.end for one in bins[:-1]]
    for one in bins:
        inside = [seconds for seconds in times if one.start <= seconds < one.end]
        lost = sum(seconds in lost_at for seconds in inside)
        assert (one.images, one.before) == (len(inside), len(inside))
        assert (one.after, one.differences) == (len(inside) - lost, lost)


@pytest.mark.parametrize("seconds", [30, 300, 3000])
def test_a_recording_of_any_length_has_enough_bins_to_show_something(seconds: int) -> None:
    bins = timeline(at(seconds * 4, 4))
    assert MOST_BINS // 4 <= len(bins) <= MOST_BINS


@pytest.mark.parametrize("rate", [30, 7, 1, 0.1])
@pytest.mark.parametrize("count", [2, 15, 100, 1000])
def test_bins_are_not_empty_in_turns(rate: float, count: int) -> None:
    assert all(one.images for one in timeline(at(count, rate)))


def test_half_a_second_is_more_than_one_bar() -> None:
    assert len(timeline(at(15, 30))) >= 4


def test_two_cameras_at_once_are_no_reason_for_wide_bins() -> None:
    bins = timeline(sorted([*at(60, 30), *at(60, 30)]))
    assert len(bins) == len(timeline(at(60, 30))) >= 16


def test_a_gap_is_seen() -> None:
    """Two minutes, half a minute of which the camera was unplugged."""
    bins = timeline([*at(600, 10), *at(300, 10, 90)])
    empty = [one for one in bins if not one.images]
    assert sum(one.end - one.start for one in empty) == pytest.approx(30, abs=3)
    assert min(one.start for one in empty) == pytest.approx(60, abs=2)


def test_small_steps_back_are_no_other_time() -> None:
    times = at(900, 30)
    stepping = [max(0.0, seconds + random.Random(seconds).uniform(-0.2, 0.2)) for seconds in times]
    bins = timeline([0.0, *stepping])
    assert sum(one.images for one in bins) == 901
    assert all(one.images for one in bins)


def test_what_comes_from_before_the_first_image_is_in_the_first_bin() -> None:
    bins = timeline([10.0, 9.5, 11.0])
    assert bins[0].start == 10
    assert sum(one.images for one in bins) == 3


def test_an_image_without_a_comparison_is_not_there() -> None:
    line = Timeline()
    line.add(compared(None, side([BOX]), 1.0))
    assert line.bins() == ()


def test_bins_may_be_asked_for_in_between() -> None:
    line, image = Timeline(), compared(side([BOX]), side([BOX]))
    for seconds in at(500, 5):
        line.add(at_time(image, seconds))
        line.bins()
    assert sum(one.images for one in line.bins()) == 500
