"""Images to calibrate on and images to measure on are of different times."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from converter.recordings.parts_of_time import (
    BETWEEN,
    CALIBRATED,
    MEASURED,
    TimeParts,
    parts_of_time,
)


def times_of(found: TimeParts, times: np.ndarray, part: str) -> np.ndarray:
    return times[np.array(found.parts) == part]


def nearest(times: np.ndarray, others: np.ndarray) -> float:
    """Seconds between the nearest two, which are behind each other in the order of time."""
    joined = sorted([(time, 0) for time in times] + [(time, 1) for time in others])
    return min(
        later - earlier
        for (earlier, one), (later, other) in itertools.pairwise(joined)
        if one != other
    )


@pytest.mark.parametrize("seconds", [15, 60, 600, 3600])
@pytest.mark.parametrize("rate", [2, 30])
def test_a_quarter_is_calibrated_on_and_half_or_more_is_measured_on(
    seconds: int, rate: int
) -> None:
    times = np.arange(seconds * rate) / rate
    found = parts_of_time(times.tolist())
    share = {part: found.parts.count(part) / len(times) for part in (CALIBRATED, MEASURED)}
    assert share[CALIBRATED] == pytest.approx(0.25, abs=0.05)
    assert share[MEASURED] >= 0.45


@pytest.mark.parametrize(("seconds", "apart"), [(15, 0.4), (60, 1), (600, 2), (3600, 2)])
def test_no_measured_image_is_a_neighbour_of_a_calibrated_one(seconds: int, apart: float) -> None:
    times = np.arange(seconds * 30) / 30
    found = parts_of_time(times.tolist())
    calibrated, measured = (times_of(found, times, part) for part in (CALIBRATED, MEASURED))
    assert nearest(measured, calibrated) >= max(apart, found.gap)
    assert BETWEEN in found.parts


def test_all_of_a_long_recording_is_seen_by_both() -> None:
    """No minute without some of each."""
    times = np.arange(0, 1800, 0.2)
    found = parts_of_time(times.tolist())
    for start in range(0, 1800, 60):
        minute = np.array(found.parts)[(times >= start) & (times < start + 60)]
        assert {CALIBRATED, MEASURED} <= set(minute.tolist())


def test_pauses_count_for_nothing() -> None:
    """Ten seconds now and then, as a robot records that records events."""
    event = np.arange(0, 10, 0.1)
    times = np.concatenate([event, event + 400, event + 800])
    found = parts_of_time(times.tolist())
    calibrated, measured = (times_of(found, times, part) for part in (CALIBRATED, MEASURED))
    assert len(calibrated) == pytest.approx(len(times) / 4, rel=0.15)
    assert len(measured) > len(times) / 2
    assert nearest(measured, calibrated) >= found.gap > 1
    assert {number // 400 for number in measured.tolist()} == {0, 1, 2}


@pytest.mark.parametrize("count", range(2, 40))
@pytest.mark.parametrize("period", [0.001, 0.1, 1, 100])
def test_of_two_images_or_more_there_is_one_of_each(count: int, period: float) -> None:
    found = parts_of_time([number * period for number in range(count)])
    assert found.parts[0] == CALIBRATED
    assert found.parts.count(MEASURED) >= max(1, count // 3)
    assert found.parts.count(CALIBRATED) <= count / 2


def test_two_cameras_are_divided_at_the_same_times() -> None:
    times = np.repeat(np.arange(0, 100, 0.1), 2)
    parts = parts_of_time(times.tolist()).parts
    assert parts[::2] == parts[1::2]


def test_images_without_times_are_divided_by_their_order() -> None:
    found = parts_of_time([7.0] * 80)
    assert found.parts.count(CALIBRATED) == 20
    assert found.parts.count(MEASURED) == 60
    assert found.gap == 0


def test_no_image_or_one_is_no_error() -> None:
    assert parts_of_time([]).parts == ()
    assert parts_of_time([3.0]).parts == (CALIBRATED,)


def test_a_short_recording_is_worth_a_warning() -> None:
    short, long = (parts_of_time(np.arange(0, seconds, 0.1).tolist()).note for seconds in (15, 320))
    assert "0.47 s or more away" in short and "Give a longer recording" in short
    assert "2 s or more away" in long and "8 stretches" in long
    assert "Give" not in long
