"""Whether the times of recording advance as time does."""

from typing import Mapping

import numpy as np

from converter.recordings.storage.recording_problems import RecordingProblems
from trt_inference.printable import printable

_LONG_GAP = 3600 * 10**9  # nanoseconds between two messages of a topic


class RecordingClock:
    """Sees the times of a file's messages in the order in which they were written."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._back: dict[int, list[int]] = {}
        self._ahead: dict[int, list[int]] = {}

    def see(self, topic: int, times: np.ndarray) -> None:
        """``times``: nanoseconds, uint64 or int64, of the next messages of a topic, at
        least one; ``topic``: its number in the file."""
        steps = [(self._last.get(topic, int(times[0])), int(times[0]))]
        odd = times[1:] < times[:-1]
        with np.errstate(over="ignore"):
            odd |= times[1:] - times[:-1] > times.dtype.type(_LONG_GAP)
        steps += [(int(times[at]), int(times[at + 1])) for at in np.flatnonzero(odd)]
        for before, after in steps:
            self._step(topic, before, after)
        self._last[topic] = int(times[-1])

    def see_one(self, topic: int, time: int) -> None:
        """The next message of a topic, as ``see``."""
        self._step(topic, self._last.get(topic, time), time)
        self._last[topic] = time

    def _step(self, topic: int, before: int, after: int) -> None:
        if after < before:
            self._back.setdefault(topic, []).append(before - after)
        elif after - before > _LONG_GAP:
            self._ahead.setdefault(topic, []).append(after - before)

    def report(self, where: str, names: Mapping[int, str], problems: RecordingProblems) -> None:
        """Says which topics have times that go backwards, or jump far ahead."""
        for topic, steps in self._back.items():
            problems.add(
                f"{where}: the times of recording of {_name(names, topic)} go backwards "
                f"{_times(steps)}, by up to {max(steps) / 1e9:.9g} s: its messages are taken in "
                "the order of these times"
            )
        for topic, steps in self._ahead.items():
            problems.add(
                f"{where}: the times of recording of {_name(names, topic)} jump ahead "
                f"{_times(steps)}, by up to {max(steps) / 3.6e12:.4g} hours: the clock may have "
                "been set in between"
            )


def _name(names: Mapping[int, str], topic: int) -> str:
    return printable(names.get(topic, "a topic without a name"))


def _times(steps: list[int]) -> str:
    return "once" if len(steps) == 1 else f"{len(steps)} times"
