"""Results of replays, made by hand: their figures are made up, and agree with each other."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from converter.comparison.accuracy import Accuracy
from converter.recordings.recorded_image import RecordedImage
from converter.replay.differences.difference import (
    LOST,
    MOVED,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    ComparedImage,
    Difference,
    FoundThing,
    ImageDifferences,
)
from converter.replay.pictures.worst_images import WorstImages
from converter.replay.results.replay_results import (
    ClassTally,
    Judgement,
    ReplayedTopic,
    ReplayResults,
    ReplaySpeed,
    SideFacts,
    SkippedKind,
    TimeBin,
)
from converter.replay.sides.side import SideResult
from trt_inference.inference.detections import Detections
from trt_inference.inference.frame import Frame
from trt_inference.inference.results import Classification, Result, Segmentation

LABELS = ("circle", "square", "triangle")
HEIGHT, WIDTH = 480, 640
GROUND = 96  # the grey of the images
HOSTILE = '<script>alert("x")</script>\x1b[2J\u202e[red]' + "x" * 10_000
IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
# What the baseline has in the image of `differing_image`, and what the candidate has.
KEPT = FoundThing(0, 0.91, (40.0, 60.0, 140.0, 160.0))
GONE = FoundThing(1, 0.62, (220.0, 80.0, 330.0, 190.0))
FADED = FoundThing(1, 0.21, (222.0, 82.0, 331.0, 191.0))
FRESH = FoundThing(2, 0.55, (420.0, 90.0, 560.0, 230.0))
RENAMED = (
    FoundThing(0, 0.8, (60.0, 300.0, 170.0, 410.0)),
    FoundThing(2, 0.8, (60.0, 300.0, 170.0, 410.0)),
)
SHIFTED = (
    FoundThing(1, 0.83, (260.0, 300.0, 370.0, 420.0)),
    FoundThing(1, 0.61, (260.0, 300.0, 370.0, 420.0)),
)
SLID = (
    FoundThing(2, 0.71, (440.0, 300.0, 550.0, 410.0)),
    FoundThing(2, 0.7, (460.0, 310.0, 575.0, 430.0)),
)


def recorded(number: int, pixels: np.ndarray | None = None) -> RecordedImage:
    """The image of that number, of a camera with 30 images a second."""
    if pixels is None:
        pixels = np.full((HEIGHT, WIDTH, 3), GROUND, np.uint8)
    stamp = 1_764_000_000_000_000_000 + number * 33_333_333
    return RecordedImage(
        "/camera/image_raw", stamp, "camera", stamp + 4_000_000, number / 30, Frame(pixels)
    )


def side(result: Result) -> SideResult:
    """A side that publishes all that it finds."""
    return SideResult(result, result)


def detections(things: Sequence[FoundThing]) -> Detections:
    """These things as detections."""
    boxes = np.array([thing.box for thing in things], np.float32).reshape(-1, 4)
    scores = np.array([thing.score for thing in things], np.float32)
    return Detections(boxes, scores, np.array([thing.class_id for thing in things], np.int32))


def compared(
    image: RecordedImage, before: Result, after: Result, differences: Sequence[Difference]
) -> ComparedImage:
    """A comparison in which these differences were found."""
    nothing = np.zeros(len(LABELS))
    found = ImageDifferences(tuple(differences), nothing, nothing, nothing)
    return ComparedImage(image, side(before), side(after), found)


def differing_image(number: int = 0, weight: float = 1.0, copies: int = 1) -> ComparedImage:
    """An image with a difference of each kind."""
    return compared(
        recorded(number),
        detections([KEPT, SHIFTED[0], RENAMED[0], SLID[0], GONE]),
        detections([KEPT, RENAMED[1], SLID[1], SHIFTED[1], FRESH]),
        [
            Difference(LOST, weight, GONE, FADED),
            Difference(NEW, 0.55, None, FRESH),
            Difference(OTHER_CLASS, 0.5, *RENAMED),
            Difference(MOVED, 0.33, *SLID),
            Difference(SCORE_SHIFTED, 0.22, *SHIFTED),
        ]
        * copies,
    )


def _timeline() -> tuple[TimeBin, ...]:
    """15 s in bins of a quarter of a second; between 9 s and 10 s nothing was recorded."""
    bins = []
    for number in range(60):
        images = 0 if 36 <= number < 40 else 8
        before = images * (3 + number // 5 % 3) + images // 8 * (number % 4)
        differences = {12: 3, 13: 1, 44: 9}.get(number, 0)
        after = before - differences
        bins.append(TimeBin(number / 4, (number + 1) / 4, images, before, after, differences))
    return tuple(bins)


def detection() -> ReplayResults:
    """Some differences, some images that were skipped, a limit that is kept."""
    worst = WorstImages(3, LABELS)
    for number in (95, 100, 330):
        worst.add(differing_image(number, 1 + number / 1000))
    return ReplayResults(
        task="detection",
        bags=("/home/someone/bags/drive_3", "drive_4.mcap"),
        before=SideFacts("shapes fp32", "ONNX Runtime 1.26 on this CPU", 0.4),
        after=SideFacts("shapes int8", "ONNX Runtime 1.26 on this CPU", 0.4),
        topics=(
            ReplayedTopic("/camera/front/image_raw", IMAGE, 300, 300, 298),
            ReplayedTopic("/camera/rear/compressed", COMPRESSED, 152, 152, 152),
        ),
        compared=450,
        differing=8,
        classes=(
            ClassTally("circle", 700, 703, 699, 1, 3, 0, 2, 4, 1, 1),
            ClassTally("square", 500, 499, 497, 2, 2, 1, 0, 1, 1, 0),
            ClassTally("triangle", 74, 74, 74),
        ),
        total=ClassTally("all classes", 1274, 1276, 1270, 3, 5, 1, 2, 5, 2, 1),
        timeline=_timeline(),
        worst=worst.worst(),
        skipped=(
            SkippedKind(
                "/camera/front/image_raw",
                "the image is truncated",
                2,
                "image of 921600 bytes, 1280x720 bgr8 needs 2764800",
            ),
        ),
        problems=(),
        notes=("left out: /depth/image_raw, which has depths (16UC1)",),
        speed=ReplaySpeed(
            345.6, 371.2, (("read", 0.4), ("decode", 1.25), ("baseline", 1.3), ("candidate", 1.2))
        ),
        judgement=Judgement(kept=("4 of 1,274 detections lost: 0.31 %, allowed are 1.00 %",)),
        accuracy=(Accuracy(450, 0.9312, 0.8123), Accuracy(450, 0.9287, 0.8071)),
        labelled=450,
    )


def nothing_differs() -> ReplayResults:
    """The same without differences, and without anything to care about."""
    results = detection()
    counts = [(one.name, one.before) for one in results.classes]
    return replace(
        results,
        topics=results.topics[1:],
        differing=0,
        classes=tuple(ClassTally(name, number, number, number) for name, number in counts),
        total=ClassTally("all classes", 1274, 1274, 1274),
        timeline=tuple(one._replace(after=one.before, differences=0) for one in results.timeline),
        worst=(),
        skipped=(),
        judgement=Judgement(),
        accuracy=None,
        labelled=0,
    )


def classification() -> ReplayResults:
    """12 of 60 images get another class; what the robot published is the baseline."""
    worst = WorstImages(2, LABELS)
    for number, score in ((7, 0.9), (9, 0.7)):
        before = Classification(np.float32([score, 0.05]), np.int32([0, 1]))
        after = Classification(np.float32([0.6, 0.3]), np.int32([2, 0]))
        things = FoundThing(0, score), FoundThing(2, 0.6)
        found = [Difference(OTHER_CLASS, 1 + score, *things)]
        worst.add(compared(recorded(number), before, after, found))
    failure = "12 of 60 classified images lost: 20.00 %, allowed are 1.00 %"
    return replace(
        detection(),
        task="classification",
        bags=("kitchen",),
        before=SideFacts("recorded", "/detector/classification", None, missing=12),
        compared=60,
        differing=14,
        classes=(
            ClassTally("circle", 40, 28, 28, other_class=12),
            ClassTally("triangle", 20, 32, 20, score_shifted=2, became=12),
        ),
        total=ClassTally("all classes", 60, 60, 48, other_class=12, score_shifted=2, became=12),
        worst=worst.worst(),
        judgement=Judgement(failures=(failure,)),
        accuracy=None,
        labelled=0,
    )


def segmentation() -> ReplayResults:
    """A hundredth of the pixels has another class, in 6 of 60 images."""
    before = np.zeros((HEIGHT, WIDTH), np.uint8)
    before[200:, :] = 1
    before[100:260, 80:240] = 2
    after = before.copy()
    after[100:180, 80:240] = 0
    things = FoundThing(2, 0.04, is_share=True), FoundThing(0, 0.04, is_share=True)
    worst = WorstImages(2, LABELS)
    found = [Difference(OTHER_CLASS, 0.04, *things)]
    worst.add(compared(recorded(31), Segmentation(before), Segmentation(after), found))
    pixels = 60.0 * HEIGHT * WIDTH
    part = pixels / 100
    return replace(
        detection(),
        task="segmentation",
        bags=("garden",),
        compared=60,
        differing=6,
        classes=(
            ClassTally("square", 0.6 * pixels, 0.6 * pixels, 0.6 * pixels),
            ClassTally("circle", 0.3 * pixels, 0.31 * pixels, 0.3 * pixels, became=part),
            ClassTally("triangle", 0.1 * pixels, 0.09 * pixels, 0.09 * pixels, other_class=part),
        ),
        total=ClassTally(
            "all classes", pixels, pixels, 0.99 * pixels, other_class=part, became=part
        ),
        worst=worst.worst(),
        judgement=Judgement(),
        accuracy=None,
        labelled=0,
    )


def empty() -> ReplayResults:
    """Nothing could be compared."""
    return replace(
        detection(),
        bags=("broken.mcap",),
        topics=(ReplayedTopic("/camera/image_raw", IMAGE, 3, 3, 0),),
        compared=0,
        differing=0,
        classes=(),
        total=ClassTally("all classes"),
        timeline=(),
        worst=(),
        problems=("broken.mcap ends in the middle of a message: the rest is missing",),
        notes=(),
        speed=ReplaySpeed(0.0, None),
        judgement=Judgement(),
        accuracy=None,
        labelled=0,
    )


def one_image() -> ReplayResults:
    """A recording of a single image, which differs."""
    results = detection()
    return replace(
        results,
        compared=1,
        differing=1,
        timeline=(TimeBin(3.1875, 3.25, 1, 5.0, 5.0, 5),),
        worst=results.worst[:1],
        skipped=(),
        judgement=Judgement(),
    )


@functools.cache
def huge() -> ReplayResults:
    """80 classes, 240 bins, 20 worst images with 60 differences, and labels that want harm."""
    labels = (HOSTILE, "<b>bold</b>", *(f"class {number}" for number in range(2, 80)))
    worst = WorstImages(20, labels)
    for number in range(20):
        worst.add(differing_image(number * 700, 100.0 + number % 5, copies=12))
    bins = tuple(
        TimeBin(
            number * 4.0,
            number * 4.0 + 4,
            0 if 100 < number < 120 or number == 7 else 120,
            500 + 300 * np.sin(number / 9),
            480 + 310 * np.sin(number / 9),
            int(abs(40 * np.sin(number / 30) ** 9) + number % 3),
        )
        for number in range(240)
    )
    classes = tuple(
        ClassTally(name, 9000 // number, 9000 // number, 8000 // number, *[number % 4] * 7)
        for number, name in enumerate(labels, 1)
    )
    total = ClassTally("all classes", 123456, 120000, 110000, 9001, 7000, 2000, 5000, 12000, 4000)
    return replace(
        detection(),
        bags=tuple(f"{HOSTILE}/{number}" for number in range(3)),
        before=SideFacts(HOSTILE, HOSTILE, 0.25, not_finite=3),
        after=SideFacts("detector int8", "TensorRT 10.3", 0.25, missing=700_000),
        topics=tuple(ReplayedTopic(f"/{HOSTILE}/{n}", HOSTILE, 9, 9, 9) for n in range(3)),
        compared=28_000,
        differing=11_003,
        classes=classes,
        total=total,
        timeline=bins,
        worst=worst.worst(),
        skipped=tuple(SkippedKind(f"/{HOSTILE}", HOSTILE, 9, HOSTILE) for _ in range(5)),
        problems=(HOSTILE,) * 3,
        notes=(HOSTILE,),
        judgement=Judgement((HOSTILE,), (HOSTILE,)),
    )


EVERY_SAMPLE = (detection, nothing_differs, classification, segmentation, empty, one_image, huge)
