"""Shows the images of a recording to both sides, and hands on what they find.

Three kinds of threads: those of ``ReadAhead`` read and decode, the calling one runs the engines,
and one more makes results, compares them, and hands them on.
"""

import contextlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from converter.recordings.recorded_image import RecordedImage, SkippedImage
from converter.replay.differences.difference import ComparedImage
from converter.replay.differences.find_differences import DifferenceLimits, find_differences
from converter.replay.pipeline.read_ahead import READ_AHEAD_STAGES, ImageSlot, ReadAhead
from converter.replay.pipeline.run_engines import (
    BASELINE,
    CANDIDATE,
    EngineOutputs,
    EngineRunner,
    SideOutputs,
)
from converter.replay.pipeline.work_beside import WorkBeside
from converter.replay.results.passed_over import SkippedTally, StampOrder
from converter.replay.sides.bundle_side import BundleSide
from converter.replay.sides.common_labels import CommonLabels
from converter.replay.sides.open_sides import Sides
from converter.replay.sides.side import SideResult
from trt_inference.timing import StageClock

COMPARISON = "comparison and files"
REPLAY_STAGES = (*READ_AHEAD_STAGES, BASELINE, CANDIDATE, COMPARISON)
# A thread that runs Python gives way to one that waits after so many seconds, by Python's own
# default 5 ms: longer than many an engine takes, whose thread would wait for the others each time.
_SECONDS_OF_A_TURN = 2e-4


class Receiver(Protocol):
    """What takes compared images."""

    def add(self, compared: ComparedImage) -> object:
        """Take an image, whose frame is good until this returns."""


@dataclass
class ReplayCounts:
    """What became of the images.

    Attributes:
        taken: of each topic, how many messages were to be looked at.
        compared: of each topic, of how many images there is a comparison.
        not_finite: of baseline and candidate, images of which its network gave NaN or infinity.
        missing: likewise, images of which a side has no result.
        seconds: that all of it took.
    """

    taken: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)
    not_finite: list[int] = field(default_factory=lambda: [0, 0])
    missing: list[int] = field(default_factory=lambda: [0, 0])
    skipped: SkippedTally = field(default_factory=SkippedTally)
    stamps: StampOrder = field(default_factory=StampOrder)
    seconds: float = 0.0


class _Seen(NamedTuple):
    """An image, and what the engines gave of it."""

    slot: ImageSlot
    outputs: SideOutputs


class ImageComparison:
    """Makes results of what the engines gave, compares them and hands them on."""

    def __init__(
        self,
        sides: Sides,
        labels: CommonLabels,
        receivers: Sequence[Receiver],
        limits: DifferenceLimits | None = None,
    ) -> None:
        self._sides, self._labels = sides, labels
        self._receivers = tuple(receivers)
        self._limits = limits or DifferenceLimits()
        self.counts = ReplayCounts()

    def compare(self, image: RecordedImage, results: Sequence[SideResult | None]) -> None:
        """Compare what both sides have found in an image, with class numbers of their own."""
        self._count(image, results)
        before, after = results
        if after is None:
            return
        common = None if before is None else self._labels.of_before(before)
        judged = self._labels.of_after(after)
        found = None if common is None else find_differences(common, judged, self._limits)
        compared = ComparedImage(image, common, judged, found)
        for receiver in self._receivers:
            receiver.add(compared)

    def result(self, number: int, slot: ImageSlot, outputs: EngineOutputs) -> SideResult | None:
        """What the side of this number finds in the image of a slot."""
        side = self._sides[number]
        if outputs is not None and isinstance(side, BundleSide):
            return side.result(outputs, slot.fitted[side.layout].placement)
        if slot.image is None:
            raise ValueError("the slot has no image")
        return side.look(slot.image)

    def _count(self, image: RecordedImage, results: Sequence[SideResult | None]) -> None:
        for number, result in enumerate(results):
            self.counts.missing[number] += result is None
            self.counts.not_finite[number] += result is not None and not result.is_finite
        self.counts.compared[image.topic] += None not in results


def replay_images(
    read: ReadAhead,
    sides: Sides,
    comparison: ImageComparison,
    clock: StageClock,
    advance: Callable[[], object],
) -> ReplayCounts:
    """Compare all images.

    Args:
        clock: of ``REPLAY_STAGES``.
        advance: called for each message, with or without an image.

    Raises:
        TrtInferenceError: an engine failed, or the recording, or a file cannot be written.
        OSError: likewise.
    """
    counts = comparison.counts
    engines = EngineRunner(sides, clock)

    def work(seen: _Seen) -> None:
        image = seen.slot.image
        if image is None:
            raise ValueError("the slot has no image")
        began = time.perf_counter()
        both = (comparison.result(n, seen.slot, one) for n, one in enumerate(seen.outputs))
        comparison.compare(image, tuple(both))
        clock.record(COMPARISON, time.perf_counter() - began)

    began = time.perf_counter()
    with _short_turns(), read, WorkBeside(work, lambda seen: seen.slot.release()) as beside:
        for slot in read:
            if slot.image is None:
                _pass_over(counts, slot.skipped)
                slot.release()
            else:
                counts.taken[slot.image.topic] += 1
                counts.stamps.add(slot.image.topic, slot.image.stamp)
                outputs = engines.run(slot, slot.image)
                if isinstance(outputs, SkippedImage):
                    counts.skipped.add(outputs)
                    slot.release()
                else:
                    beside.put(_Seen(slot, outputs))
            advance()
    counts.seconds = time.perf_counter() - began
    return counts


def _pass_over(counts: ReplayCounts, skipped: SkippedImage | None) -> None:
    if skipped is not None:
        counts.taken[skipped.topic] += 1
        counts.skipped.add(skipped)


@contextlib.contextmanager
def _short_turns() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SECONDS_OF_A_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
