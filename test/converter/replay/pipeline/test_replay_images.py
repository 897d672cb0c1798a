"""All images of a recording are shown to both sides, and whatever fails ends it with its error."""

import itertools
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from converter.errors import RecordingError
from converter.recordings.recorded_image import RecordedImage
from converter.recordings.recorded_message import RecordedMessage
from converter.replay.differences.difference import ComparedImage
from converter.replay.gather_results import MeasuredReplay, ReplayedRecording, ResultGatherer
from converter.replay.pipeline import run_engines
from converter.replay.pipeline.read_ahead import ReadAhead
from converter.replay.pipeline.replay_images import (
    REPLAY_STAGES,
    ImageComparison,
    ReplayCounts,
    replay_images,
)
from converter.replay.results.judge import JudgeLimits
from converter.replay.sides.bundle_side import BundleSide, EngineChoice
from converter.replay.sides.common_labels import CommonLabels
from converter.replay.sides.open_sides import Sides
from converter.replay.sides.side import ReplaySide, SideResult
from test.color_bundle import COLORS, picture
from test.converter.replay.picture_samples import recorded
from trt_inference.bundles.bundle import Thresholds, load_bundle
from trt_inference.errors import EngineError, FrameLost, ImageError
from trt_inference.images.image_reader import ImageReader
from trt_inference.inference.detections import Detections
from trt_inference.timing import StageClock
from trt_inference.tools.no_answer import MOST_IN_A_ROW, Patience

IMAGES = 30
NAMES = tuple(COLORS)
EMPTY = Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int32))


def cell(number: int) -> tuple[str, tuple[int, int]]:
    """What is in an image: its color, row and column."""
    return NAMES[number % 3], (number % 8, number // 8)


def decode(message: RecordedMessage, reader: ImageReader) -> RecordedImage:
    number = int(message.seconds)
    if number % 10 == 9:
        raise ImageError(f"image {number} is broken", kind="broken")
    return recorded(picture(*cell(number)), number)


def messages(count: int = IMAGES) -> Iterator[RecordedMessage]:
    for number in range(count):
        yield RecordedMessage("/camera", "test", number, float(number), b"")


class Kept:
    """Keeps what it is given; the frame is looked at at once, as it is not its own."""

    def __init__(self) -> None:
        self.images: list[ComparedImage] = []
        self.centres: list[tuple[int, ...]] = []

    def add(self, compared: ComparedImage) -> None:
        row, column = cell(int(compared.image.seconds))[1]
        pixels = compared.image.frame.bgr()
        self.centres.append(tuple(pixels[8 * row + 4, 8 * column + 4].tolist()))
        self.images.append(compared)


@pytest.fixture
def sides(shared_color_bundle: Path) -> Iterator[Sides]:
    bundle, choice = load_bundle(shared_color_bundle), EngineChoice("onnxruntime")
    before = BundleSide.open(bundle, "fp32", choice, Thresholds(0.5, 0.5, 10))
    after = BundleSide.open(bundle, "fp32", choice, Thresholds(0.5, 0.5, 10))
    yield Sides(before, after)
    before.close()
    after.close()


class Run(NamedTuple):
    kept: Kept
    counts: ReplayCounts
    advanced: int


def run(sides: Sides, recording: Iterator[RecordedMessage], kept: Kept, read=decode) -> Run:  # type: ignore[no-untyped-def]
    layouts = tuple({side.layout for side in sides.bundles()})
    clock = StageClock(REPLAY_STAGES)
    ahead = ReadAhead(recording, read, layouts, clock)
    comparison = ImageComparison(sides, CommonLabels(sides.before.labels, NAMES), [kept])
    advanced = itertools.count()
    counts = replay_images(ahead, sides, comparison, clock, lambda: next(advanced))
    return Run(kept, counts, next(advanced))


def test_every_image_is_looked_at_by_both_sides_in_order(sides: Sides) -> None:
    turn = sys.getswitchinterval()
    found = run(sides, messages(), Kept())
    assert sys.getswitchinterval() == turn
    usable = [number for number in range(IMAGES) if number % 10 != 9]
    assert [int(one.image.seconds) for one in found.kept.images] == usable
    assert found.kept.centres == [COLORS[cell(number)[0]] for number in usable]
    for number, one in zip(usable, found.kept.images):
        color, (row, column) = cell(number)
        box = [8 * column, 8 * row, 8 * column + 8, 8 * row + 8]
        for side in (one.before, one.after):
            assert side is not None and isinstance(side.published, Detections)
            assert side.published.xyxy.tolist() == [box]
            assert [NAMES[i] for i in side.published.class_ids] == [color]
        assert one.found is not None and one.found.differences == ()
    assert found.advanced == IMAGES
    assert found.counts.taken == {"/camera": IMAGES}
    assert found.counts.compared == {"/camera": len(usable)}
    assert [tuple(one) for one in found.counts.skipped.kinds()] == [
        ("/camera", "broken", 3, "at 9.000 s: image 9 is broken")
    ]


def test_a_network_that_gives_nan_publishes_nothing_and_is_counted(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = sides.before, sides.after
    infer = usual[1].infer  # type: ignore[attr-defined]

    def sometimes(pixels: np.ndarray) -> Mapping[str, np.ndarray]:
        outputs = infer(pixels)
        if pixels[4, 4].tolist() == list(COLORS["blue"]):  # the first image alone
            outputs["scores"][:] = np.nan
        return outputs

    monkeypatch.setattr(usual[1], "infer", sometimes)
    found = run(sides, messages(), Kept())
    assert found.counts.not_finite == [0, 1]
    first, *others = found.kept.images
    assert first.found is not None and [d.kind for d in first.found.differences] == ["lost"]
    assert not any(one.found.differences for one in others if one.found)


def lose(side: ReplaySide, monkeypatch: pytest.MonkeyPatch, *numbers: int) -> None:
    """Let a server give no answer to the images of these numbers."""
    infer, seen = side.infer, itertools.count()  # type: ignore[attr-defined]

    def sometimes(pixels: np.ndarray) -> Mapping[str, np.ndarray]:
        if next(seen) in numbers:
            raise FrameLost("no answer within 0.1 s", "too late")
        return infer(pixels)  # type: ignore[no-any-return]

    monkeypatch.setattr(side, "infer", sometimes)


@pytest.mark.parametrize("losing", [0, 1], ids=["baseline", "candidate"])
def test_an_image_without_an_answer_is_passed_over_and_never_nothing_seen(
    sides: Sides, losing: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(sides[losing], monkeypatch, 2, 3)
    found = run(sides, messages(9), Kept())
    assert [int(one.image.seconds) for one in found.kept.images] == [0, 1, 4, 5, 6, 7, 8]
    assert not any(one.found.differences for one in found.kept.images if one.found)
    assert (found.counts.taken, found.counts.compared) == ({"/camera": 9}, {"/camera": 7})
    assert [tuple(one) for one in found.counts.skipped.kinds()] == [
        ("/camera", "too late", 2, "at 2.000 s: no answer within 0.1 s")
    ]
    assert found.advanced == 9


def test_too_many_images_without_an_answer_end_the_replay(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_engines, "Patience", lambda: Patience(lambda seconds: None))
    lose(sides.after, monkeypatch, *range(2, 100))
    kept = Kept()
    text = f"^{MOST_IN_A_ROW} images in a row.*0.1 s.*start the server"
    with pytest.raises(EngineError, match=text):
        run(sides, messages(60), kept)
    assert [int(one.image.seconds) for one in kept.images] == [0, 1]


def test_an_answer_in_between_lets_a_replay_go_on(
    sides: Sides, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_engines, "Patience", lambda: Patience(lambda seconds: None))
    nearly = MOST_IN_A_ROW - 1
    lose(sides.after, monkeypatch, *range(nearly), *range(nearly + 1, 2 * nearly + 1))
    found = run(sides, messages(60), Kept())
    assert len(found.kept.images) > 2
    assert sum(one.images for one in found.counts.skipped.kinds()) >= 2 * nearly


class Absent(ReplaySide):
    """A robot that has dropped every second image."""

    title, details, task, labels, score_threshold = "recorded", "", "detection", NAMES, None

    def look(self, image: RecordedImage) -> "SideResult | None":
        return None if int(image.seconds) % 2 else SideResult(EMPTY, EMPTY)


def test_an_image_without_a_result_of_the_baseline_is_handed_on_without_a_comparison(
    sides: Sides,
) -> None:
    found = run(Sides(Absent(), sides.after), messages(10), Kept())
    assert found.counts.missing == [4, 0]
    assert found.counts.compared == {"/camera": 5}
    for one in found.kept.images:
        assert (one.before is None) == (one.found is None) == bool(int(one.image.seconds) % 2)


class Fault(NamedTuple):
    """What fails at which image, and with what."""

    place: str
    number: int

    def error(self) -> BaseException:
        return {
            "reading": RecordingError("cut short"),
            "decoding": MemoryError("decoding"),
            "engine": EngineError("lost"),
            "files": OSError("disk full"),
            "Ctrl-C": KeyboardInterrupt(),
        }[self.place]


PLACES = ("reading", "decoding", "engine", "files", "Ctrl-C")
SINGLE = [[Fault(place, number)] for place in PLACES for number in (0, 12, 28)]
PAIRS = [
    [Fault(one, 12), Fault(other, 12 + later)]
    for one, other in itertools.permutations(PLACES, 2)
    for later in (0, 1)
]


@pytest.mark.parametrize("faults", SINGLE + PAIRS, ids=lambda faults: "-".join(map(str, faults)))
def test_whatever_fails_first_ends_all_threads_with_its_error(
    sides: Sides, faults: "list[Fault]", monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(place: str, number: int) -> None:
        for fault in faults:
            if fault == (place, number):
                raise fault.error()

    def recording() -> Iterator[RecordedMessage]:
        for message in messages():
            check("reading", int(message.seconds))
            yield message

    def failing(message: RecordedMessage, reader: ImageReader) -> RecordedImage:
        check("decoding", int(message.seconds))
        return decode(message, reader)

    class Files(Kept):
        def add(self, compared: ComparedImage) -> None:
            check("files", int(compared.image.seconds))
            super().add(compared)

    seen = itertools.count()
    infer = sides.after.infer  # type: ignore[attr-defined]

    def engine(pixels: np.ndarray) -> Mapping[str, np.ndarray]:
        # The number of the image: each tenth is broken, and does not come here.
        usable = next(seen)
        number = usable + usable // 9
        check("engine", number)
        check("Ctrl-C", number)
        return infer(pixels)

    monkeypatch.setattr(sides.after, "infer", engine)
    kept = Files()
    with pytest.raises(tuple(type(fault.error()) for fault in faults)):
        run(sides, recording(), kept, failing)
    first = min(fault.number for fault in faults)
    assert all(int(one.image.seconds) <= first for one in kept.images)
    running = {thread.name.partition("_")[0] for thread in threading.enumerate()}
    assert not running & {"read", "compare"}


def test_the_rate_is_of_all_images_in_all_of_the_time(sides: Sides) -> None:
    counts = ReplayCounts(taken=Counter({"/front": 30, "/rear": 10}), seconds=8.0)
    results = ResultGatherer(CommonLabels(NAMES, NAMES), 0).results(
        sides,
        counts,
        ReplayedRecording((), (), (), ()),
        MeasuredReplay(10.0, StageClock(REPLAY_STAGES)),
        JudgeLimits(),
    )
    assert (results.speed.replay, results.speed.share) == (5.0, 0.5)
