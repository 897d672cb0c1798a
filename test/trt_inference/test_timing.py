"""Percentiles of the stages, against NumPy on all samples."""

import threading
from typing import List

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trt_inference.timing import StageClock


@given(st.lists(st.floats(0, 10), min_size=1, max_size=60), st.integers(1, 20))
@settings(deadline=None)
def test_percentiles_are_those_of_the_last_samples_in_milliseconds(
    seconds: List[float], window: int
) -> None:
    clock = StageClock(("resize", "infer"), window)
    for second in seconds:
        clock.record("infer", second)
        clock.record("resize", 2 * second)
    last = np.array(seconds[-window:]) * 1000
    for stage, factor in (("infer", 1), ("resize", 2)):
        times = clock.percentiles()[stage]
        for value, percent in ((times.p50, 50), (times.p95, 95), (times.p99, 99)):
            assert value == pytest.approx(factor * np.percentile(last, percent))


def test_stages_come_in_their_order_and_only_those_with_samples() -> None:
    clock = StageClock(("one", "two", "three"))
    clock.record("three", 0.1)
    clock.record("one", 0.1)
    assert list(clock.percentiles()) == ["one", "three"]


def test_given_percentiles_do_not_change_with_later_samples() -> None:
    clock = StageClock(("one",))
    clock.record("one", 1.0)
    before = clock.percentiles()
    clock.record("one", 9.0)
    assert before["one"].p50 == 1000
    assert clock.percentiles()["one"].p50 == 5000


def test_samples_of_many_threads_are_all_counted() -> None:
    # Each of four threads fills a quarter of the window: the median of 0 0 0 .. 3 3 3 is 1.5,
    # and any lost sample would leave an empty place of the ring out of the sum.
    clock = StageClock(("one",), window=4000)

    def record(value: float) -> None:
        for _ in range(1000):
            clock.record("one", value)

    threads = [threading.Thread(target=record, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.percentiles()["one"].p50 == 1500
