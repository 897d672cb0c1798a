"""One replay: all images of a recording by both sides, with what is made of it meanwhile."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from converter.errors import ReplayError
from converter.recordings.choose_image_topics import ImageTopics
from converter.recordings.image_messages import decode_message, excerpted
from converter.recordings.recorded_message import Excerpt
from converter.recordings.recordings import Recordings
from converter.replay.files.annotations_file import annotations_file
from converter.replay.files.coco_results import coco_results
from converter.replay.files.replay_folder import REPLAY_ANNOTATIONS, REPLAY_DETECTIONS
from converter.replay.gather_results import MeasuredReplay, ReplayedRecording, ResultGatherer
from converter.replay.labelled.labelled_accuracy import LabelledAccuracy
from converter.replay.pipeline.bare_rate import measure_bare_rate
from converter.replay.pipeline.expected_images import expected_images
from converter.replay.pipeline.read_ahead import ReadAhead
from converter.replay.pipeline.replay_images import (
    REPLAY_STAGES,
    ImageComparison,
    Receiver,
    ReplayCounts,
    replay_images,
)
from converter.replay.results.judge import JudgeLimits
from converter.replay.results.replay_results import ReplayResults
from converter.replay.sides.common_labels import CommonLabels, describe_lacking
from converter.replay.sides.open_sides import Sides
from converter.replay.sides.recorded_side import RecordedSide
from converter.terminal.progress import Progress
from trt_inference.bundles.names import DETECTION
from trt_inference.printable import printable_name
from trt_inference.timing import StageClock


@dataclass(frozen=True)
class RunOptions:
    """What is looked at, and what is made of it; see ``ReplayOptions``."""

    bags: tuple[Path, ...]
    excerpt: Excerpt = field(default_factory=Excerpt)
    annotations: Path | None = None
    limits: JudgeLimits = field(default_factory=JudgeLimits)
    worst: int = 12


class ReplayRun:
    """One replay, of which recording and engines are open. Its thread is that which opened them."""

    def __init__(
        self, options: RunOptions, sides: Sides, recordings: Recordings, topics: ImageTopics
    ) -> None:
        self._options, self._sides = options, sides
        self._recordings, self._left_out = recordings, topics.left_out
        # A name with messages of two types is one topic here, as it is where they are read.
        by_name = {one.name: one for one in reversed(recordings.topics)}
        self._topics = tuple(by_name[name] for name in topics.names)
        self._labels = CommonLabels(sides.before.labels, sides.after.labels)
        self._gatherer = ResultGatherer(self._labels, options.worst)
        self._clock = StageClock(REPLAY_STAGES)

    def run(self, folder: Path, progress: Progress) -> ReplayResults:
        """Look at all images, and write the files of what is found in each into ``folder``.

        Raises:
            ReplayError: no image could be compared.
            TrtInferenceError: the recording, the annotations or an engine fails.
            OSError: the disk is full.
        """
        accuracy = self._labelled_accuracy()
        with progress.step("time the engines alone"):
            bare = measure_bare_rate(self._sides.bundles())
        with contextlib.ExitStack() as stack:
            receivers = [*self._gatherer.receivers, *self._files(folder, stack)]
            if accuracy is not None:
                receivers.append(accuracy)
            counts = self._look(receivers, progress)
        self._check_compared(counts)
        measured = MeasuredReplay(bare, self._clock)
        if accuracy is not None:
            with progress.step("measure mAP"):
                measured = replace(
                    measured, accuracy=accuracy.accuracy(), labelled=accuracy.labelled
                )
        recording = self._recording(accuracy)
        return self._gatherer.results(
            self._sides, counts, recording, measured, self._options.limits
        )

    def _labelled_accuracy(self) -> LabelledAccuracy | None:
        file, topics = self._options.annotations, [one.name for one in self._topics]
        return None if file is None else LabelledAccuracy(file, self._labels.names, topics)

    def _files(self, folder: Path, stack: contextlib.ExitStack) -> Sequence[Receiver]:
        names = self._labels.names
        titles = self._sides.before.title, self._sides.after.title
        annotations = annotations_file(folder / REPLAY_ANNOTATIONS, names, titles)
        receivers: list[Receiver] = [stack.enter_context(annotations)]
        if self._sides.after.task == DETECTION:
            receivers.append(stack.enter_context(coco_results(folder / REPLAY_DETECTIONS, names)))
        return receivers

    def _look(self, receivers: Sequence[Receiver], progress: Progress) -> ReplayCounts:
        excerpt, recordings = self._options.excerpt, self._recordings
        names = [one.name for one in self._topics]
        messages = excerpted(recordings, names, excerpt)
        layouts = tuple({side.layout for side in self._sides.bundles()})
        read = ReadAhead(messages, decode_message, layouts, self._clock)
        comparison = ImageComparison(self._sides, self._labels, receivers)
        total = expected_images(self._topics, excerpt, recordings.seconds)
        with progress.counted("replay", total) as advance:
            return replay_images(read, self._sides, comparison, self._clock, advance)

    def _check_compared(self, counts: ReplayCounts) -> None:
        """Without a comparison, a page would show that nothing differs."""
        if self._gatherer.compared:
            return
        taken = sum(counts.taken.values())
        if not taken:
            raise ReplayError(
                "there is no image in this part of the recording: choose other --from, --to or "
                "--topic"
            )
        reasons = [f"{one.images} {one.kind} ({one.example})" for one in counts.skipped.kinds()[:3]]
        if any(counts.missing):
            reasons.append(f"{max(counts.missing)} without a result of both sides")
        text = f"none of {taken} images could be compared: {'; '.join(reasons)}"
        raise ReplayError("\n".join([text, *self._sides.before.after_reading()]))

    def _recording(self, accuracy: LabelledAccuracy | None) -> ReplayedRecording:
        before = self._sides.before
        is_recorded = isinstance(before, RecordedSide)
        notes = [*self._left_out, *before.after_reading()]
        if accuracy is not None:
            notes += accuracy.notes(is_recorded)
        bags = tuple(printable_name(bag) for bag in self._options.bags)
        problems = tuple(self._recordings.problems)
        if not is_recorded:
            problems += describe_lacking(before.labels, self._sides.after.labels)
        return ReplayedRecording(bags, self._topics, problems, tuple(notes))
