"""`replay`: the order of the steps from a recording and two sides to a page of what differs."""

import contextlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional, Sequence, Tuple

from converter.errors import ReplayError
from converter.recordings.choose_image_topics import ImageTopics, choose_image_topics
from converter.recordings.recorded_message import Excerpt
from converter.recordings.recordings import Recordings
from converter.replay.files.replay_folder import REPLAY_FIGURES, REPLAY_PAGE, new_replay_folder
from converter.replay.files.replay_json import replay_json
from converter.replay.labelled.labelled_accuracy import LabelledAccuracy
from converter.replay.page.draw_page import draw_replay_page
from converter.replay.pipeline.expected_images import check_excerpt
from converter.replay.replay_run import ReplayRun, RunOptions
from converter.replay.results.judge import JudgeLimits
from converter.replay.results.replay_results import ReplayResults
from converter.replay.sides.bundle_side import EngineChoice
from converter.replay.sides.choose_sides import AskedSides, check_asked, choose_sides
from converter.replay.sides.open_sides import GivenThresholds, SideOpener, Sides
from converter.replay.sides.recorded_side import RecordedSide, open_recorded_side
from converter.terminal.progress import Progress
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.names import DETECTION
from trt_inference.bundles.unused_thresholds import unused_thresholds
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import ServerOptions
from trt_inference.printable import printable, printable_name


@dataclass(frozen=True)
class ReplayOptions:
    """What to replay, by what, and what to make of it.

    Attributes:
        bundle: the candidate.
        against, recorded, precisions: see ``AskedSides``.
        server: that runs both sides.
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
    server: Optional[ServerOptions] = None
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
            _caution_same(sides, progress)
            run = ReplayRun(_run_options(options), sides, recordings, topics)
            results = run.run(folder, progress)
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
        server=options.server,
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


def _run_options(options: ReplayOptions) -> RunOptions:
    return RunOptions(
        options.bags, options.excerpt, options.annotations, options.limits, options.worst
    )


def _tell(sides: Sides, topics: ImageTopics, progress: Progress) -> None:
    """What is compared, before it takes its time."""
    for name, side in (("baseline", sides.before), ("candidate", sides.after)):
        score = side.score_threshold
        published = "" if score is None else f", published from score {score:g} on"
        progress.note(f"the {name} is {side.title}: {side.details}{published}")
    progress.note(f"images of {', '.join(map(printable, topics.names))}")
    for text in topics.left_out:
        progress.note(text)


def _caution_same(sides: Sides, progress: Progress) -> None:
    """A released bundle that was copied over the new one passes each check."""
    models = [side.bundle.precisions[side.precision] for side in sides.bundles()]
    if len(models) == 2 and models[0] == models[1]:
        progress.caution(
            "baseline and candidate are the same network: nothing but their thresholds and labels "
            "can make a difference"
        )


def _write(folder: Path, results: ReplayResults) -> None:
    (folder / REPLAY_PAGE).write_text(draw_replay_page(results), "utf-8")
    (folder / REPLAY_FIGURES).write_text(replay_json(results), "utf-8")
