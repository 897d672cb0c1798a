"""Gathers what a replay finds from image to image, and makes its results of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from converter.comparison.accuracy import Accuracy
from converter.recordings.recorded_message import RecordedTopic
from converter.replay.pictures.worst_images import WorstImages
from converter.replay.pipeline.replay_images import Receiver, ReplayCounts
from converter.replay.results.judge import JudgeLimits, judge
from converter.replay.results.replay_results import (
    ReplayedTopic,
    ReplayResults,
    ReplaySpeed,
    SideFacts,
)
from converter.replay.results.replay_tally import ReplayTally
from converter.replay.results.timeline import Timeline
from converter.replay.sides.common_labels import CommonLabels
from converter.replay.sides.open_sides import Sides
from trt_inference.timing import StageClock


@dataclass(frozen=True)
class ReplayedRecording:
    """What was replayed.

    Attributes:
        bags: as the user gave them.
        topics: of the images that were looked at.
        problems, notes: see ``ReplayResults``.
    """

    bags: tuple[str, ...]
    topics: tuple[RecordedTopic, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class MeasuredReplay:
    """What was measured beside the differences.

    Attributes:
        bare: images a second of the engines alone.
        clock: of the stages of the replay.
        accuracy: mAP of both sides, of ``labelled`` images.
    """

    bare: float | None
    clock: StageClock
    accuracy: tuple[Accuracy, Accuracy] | None = None
    labelled: int = 0


class ResultGatherer:
    """Tally, timeline and worst images of a replay."""

    def __init__(self, labels: CommonLabels, worst: int) -> None:
        """
        Args:
            worst: how many of the images that differ most are kept.
        """
        self._tally = ReplayTally(labels.names)
        self._timeline = Timeline()
        self._worst = WorstImages(worst, labels.names)

    @property
    def receivers(self) -> tuple[Receiver, ...]:
        """What takes each image."""
        return self._tally, self._timeline, self._worst

    @property
    def compared(self) -> int:
        """Images with a result of both sides."""
        return self._tally.compared

    def results(
        self,
        sides: Sides,
        counts: ReplayCounts,
        recording: ReplayedRecording,
        measured: MeasuredReplay,
        limits: JudgeLimits,
    ) -> ReplayResults:
        """All of it, judged."""
        total, compared = self._tally.total(), self._tally.compared
        return ReplayResults(
            task=sides.after.task,
            bags=recording.bags,
            before=_facts(sides, 0, counts),
            after=_facts(sides, 1, counts),
            topics=_topics(recording.topics, counts),
            compared=compared,
            differing=self._tally.differing,
            classes=self._tally.classes(),
            total=total,
            timeline=self._timeline.bins(),
            worst=self._worst.worst(),
            skipped=counts.skipped.kinds(),
            problems=(*recording.problems, *counts.stamps.sentences()),
            notes=recording.notes,
            speed=_speed(counts, measured),
            judgement=judge(
                limits,
                total,
                compared - counts.not_finite[0],
                measured.accuracy,
                sides.after.task,
                counts.skipped.images + counts.not_finite[0],
            ),
            accuracy=measured.accuracy,
            labelled=measured.labelled,
        )


def _facts(sides: Sides, number: int, counts: ReplayCounts) -> SideFacts:
    side = sides[number]
    return SideFacts(
        side.title,
        side.details,
        side.score_threshold,
        counts.not_finite[number],
        counts.missing[number],
    )


def _topics(topics: Sequence[RecordedTopic], counts: ReplayCounts) -> tuple[ReplayedTopic, ...]:
    return tuple(
        ReplayedTopic(
            one.name, one.type, one.messages, counts.taken[one.name], counts.compared[one.name]
        )
        for one in topics
    )


def _speed(counts: ReplayCounts, measured: MeasuredReplay) -> ReplaySpeed:
    stages = tuple((name, one.p50) for name, one in measured.clock.percentiles().items())
    images = sum(counts.taken.values())
    return ReplaySpeed(images / max(counts.seconds, 1e-9), measured.bare, stages)
