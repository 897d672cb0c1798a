"""The rate of the engines alone is that of both, one after the other."""

import itertools

import pytest

from converter.replay.pipeline import bare_rate
from converter.replay.pipeline.bare_rate import measure_bare_rate
from trt_inference.errors import FrameLost


class Clock:
    """A clock that only engines advance."""

    now = 0.0

    def perf_counter(self) -> float:
        return self.now


class Engine:
    """Takes so many milliseconds, one after the other and again."""

    def __init__(self, clock: Clock, *milliseconds: float) -> None:
        self.clock = clock
        self.times = itertools.cycle(milliseconds)

    def run_engine(self) -> None:
        self.clock.now += next(self.times) / 1e3


def test_it_is_the_sum_of_the_medians(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(bare_rate, "time", clock)
    steady, shaken = Engine(clock, 4), Engine(clock, 6, 6, 90)
    assert measure_bare_rate([steady, shaken]) == pytest.approx(100)  # type: ignore[list-item]
    assert measure_bare_rate([steady]) == pytest.approx(250)  # type: ignore[list-item]


def test_without_an_engine_there_is_none() -> None:
    assert measure_bare_rate([]) is None


def test_a_server_that_does_not_answer_has_none() -> None:
    class Silent:
        def run_engine(self) -> None:
            raise FrameLost("no answer", "too late")

    assert measure_bare_rate([Silent()]) is None  # type: ignore[list-item]
