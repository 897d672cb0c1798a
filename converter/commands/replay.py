"""`replay`: the order of the steps from a recording and two sides to a page of what differs."""

import contextlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

from converter.errors import ReplayError
from converter.recordings.choose_image_topics import ImageTopics, choose_image_topics
from converter.recordings.image_messages import decode_message, excerpted
from converter.recordings.recorded_message import Excerpt
from converter.recordings.recordings import Recordings
from converter.replay.annotations_file import annotations_file
from converter.replay.bare_rate import measure_bare_rate
from converter.replay.bundle_side import EngineChoice
from converter.replay.choose_sides import AskedSides, check_asked, choose_sides
from converter.replay.coco_results import coco_results
from converter.replay.common_labels import CommonLabels
from converter.replay.expected_images import check_excerpt, expected_images
from converter.replay.gather_results import MeasuredReplay, ReplayedRecording, ResultGatherer
from converter.replay.judge import JudgeLimits
from converter.replay.labelled_accuracy import LabelledAccuracy
from converter.replay.open_sides import GivenThresholds, SideOpener
from converter.replay.page.draw_page import draw_replay_page
from converter.replay.read_ahead import ReadAhead
from converter.replay.recorded_side import RecordedSide, open_recorded_side
from converter.replay.replay_folder import (
    REPLAY_ANNOTATIONS,
    REPLAY_DETECTIONS,
    REPLAY_FIGURES,
    REPLAY_PAGE,
    new_replay_folder,
)
from converter.replay.replay_images import (
    REPLAY_STAGES,
    ImageComparison,
    Receiver,
    ReplayCounts,
    Sides,
    replay_images,
)
from converter.replay.replay_json import replay_json
from converter.replay.replay_results import ReplayResults
from converter.terminal.progress import Progress
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.names import DETECTION
from trt_inference.bundles.unused_thresholds import unused_thresholds
from trt_inference.engines.base import EngineOptions
from trt_inference.inference.timing import StageClock
from trt_inference.printable import printable, printable_name


@dataclass(frozen=True)
class ReplayOptions:
    """What to replay, by what, and what to make of it.

    Attributes:
        bundle: the candidate.
        against, recorded, precisions: see ``AskedSides``.
        thresholds: in the place of those of the bundles.
        topics: of images; empty for all that there are.
        annotations: COCO file of the recording's images.
        limits: beyond which the replay fails.
        worst: how many of the images that differ most are shown.
    """

    bags: Tuple[Path, ...]
    bundle: Path
    output: Path
    against: Optional[Path] = None
    recorded: Optional[Tuple[str, ...]] = None
    precisions: Tuple[str, ...] = ()
    backend: str = "auto"
    device: int = 0
    host_code_allowed: bool = False
    thresholds: GivenThresholds = field(default_factory=GivenThresholds)
    topics: Tuple[str, ...] = ()
    excerpt: Excerpt = field(default_factory=Excerpt)
    annotations: Optional[Path] = None
    limits: JudgeLimits = field(default_factory=JudgeLimits)
    worst: int = 12
    overwrite: bool = False


def replay(options: ReplayOptions, progress: Progress) -> ReplayResults:
    """Replay a recording, and write what was found into the folder of the options.

    Returns:
        What was found; whether a limit is exceeded is in its ``judgement``.

    Raises:
        RecordingError: the recording cannot be read, or has no such topics.
        ReplayError: there is nothing to compare, or the results cannot be written.
        TrtInferenceError: a bundle, an engine or the annotations cannot be used.
    """
    asked = _asked(options)
    check_asked(asked)
    _check_annotations(options, asked.bundle)
    _caution_unused(options, asked, progress)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(new_replay_folder(options.output, options.overwrite))
        recordings = stack.enter_context(Recordings(options.bags))
        check_excerpt(options.excerpt, recordings.seconds)
        topics = choose_image_topics(recordings, options.topics)
        recorded = _recorded_side(recordings, topics.names, asked, options.excerpt)
        if recorded is not None:
            stack.callback(recorded.close)
        choice = _engine_choice(options, progress)
        chosen = choose_sides(asked, recorded is not None, choice)
        lowest = None if options.annotations is None else LabelledAccuracy.score_threshold
        with SideOpener(choice, options.thresholds, lowest) as opener:
            sides = opener.open(chosen, recorded)
            _tell(sides, topics, progress)
            results = _Replay(options, sides, recordings, topics).run(folder, progress)
        _write(folder, results)
    return results


def _asked(options: ReplayOptions) -> AskedSides:
    return AskedSides(
        load_bundle(options.bundle),
        None if options.against is None else load_bundle(options.against),
        options.recorded,
        options.precisions,
    )


def _check_annotations(options: ReplayOptions, bundle: Bundle) -> None:
    if bundle.task != DETECTION and options.annotations is not None:
        raise ReplayError(
            f"--labels-coco measures mAP, which is of boxes, and '{printable_name(bundle.path)}' "
            f"is for {bundle.task}: leave it out"
        )
    if options.annotations is not None:
        import pycocotools  # noqa: F401 - that it is missing is told before a long replay
    if options.limits.map_drop is not None and options.annotations is None:
        raise ReplayError(
            "--fail-if-map-drops needs mAP, and that needs annotations: give --labels-coco"
        )


def _caution_unused(options: ReplayOptions, asked: AskedSides, progress: Progress) -> None:
    bundles = [asked.bundle] if asked.against is None else [asked.against, asked.bundle]
    for bundle in bundles:
        for name, reason in unused_thresholds(bundle.task, bundle.needs_nms).items():
            if name in options.thresholds.names:
                progress.caution(
                    f"--{name.replace('_', '-')} has no effect on "
                    f"'{printable_name(bundle.path)}': {reason}"
                )


def _engine_choice(options: ReplayOptions, progress: Progress) -> EngineChoice:
    engine_options = EngineOptions(
        device=options.device,
        host_code_allowed=options.host_code_allowed,
        warn=progress.caution,
    )
    return EngineChoice(options.backend, engine_options)


def _recorded_side(
    recordings: Recordings, topics: Sequence[str], asked: AskedSides, excerpt: Excerpt
) -> Optional[RecordedSide]:
    """What the robot published, where that is to be the baseline."""
    other_baseline = asked.against is not None or len(asked.precisions) == 2
    if other_baseline:
        return None
    bundle = asked.bundle
    return open_recorded_side(
        recordings, topics, asked.recorded or (), bundle.labels, bundle.task, excerpt
    )


def _tell(sides: Sides, topics: ImageTopics, progress: Progress) -> None:
    """What is compared, before it takes its time."""
    progress.note(f"the baseline is {sides.before.title}: {sides.before.details}")
    progress.note(f"the candidate is {sides.after.title}: {sides.after.details}")
    progress.note(f"images of {', '.join(map(printable, topics.names))}")
    for text in topics.left_out:
        progress.note(text)


class _Replay:
    """One replay, of which everything is open."""

    def __init__(
        self, options: ReplayOptions, sides: Sides, recordings: Recordings, topics: ImageTopics
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
        """Look at all images, with the files that are written meanwhile."""
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

    def _labelled_accuracy(self) -> Optional[LabelledAccuracy]:
        file, topics = self._options.annotations, [one.name for one in self._topics]
        return None if file is None else LabelledAccuracy(file, self._labels.names, topics)

    def _files(self, folder: Path, stack: contextlib.ExitStack) -> Sequence[Receiver]:
        names = self._labels.names
        titles = self._sides.before.title, self._sides.after.title
        annotations = annotations_file(folder / REPLAY_ANNOTATIONS, names, titles)
        receivers: List[Receiver] = [stack.enter_context(annotations)]
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
        before = self._sides.before
        notes = before.after_reading() if isinstance(before, RecordedSide) else ()
        raise ReplayError(
            "\n".join([f"none of {taken} images could be compared: {'; '.join(reasons)}", *notes])
        )

    def _recording(self, accuracy: Optional[LabelledAccuracy]) -> ReplayedRecording:
        notes, before = [*self._left_out], self._sides.before
        is_recorded = isinstance(before, RecordedSide)
        if isinstance(before, RecordedSide):
            notes += before.after_reading()
        if accuracy is not None:
            notes += accuracy.notes(is_recorded)
        bags = tuple(printable_name(bag) for bag in self._options.bags)
        problems = tuple(self._recordings.problems)
        return ReplayedRecording(bags, self._topics, problems, tuple(notes))


def _write(folder: Path, results: ReplayResults) -> None:
    (folder / REPLAY_PAGE).write_text(draw_replay_page(results), "utf-8")
    (folder / REPLAY_FIGURES).write_text(replay_json(results), "utf-8")
