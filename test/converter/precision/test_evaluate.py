"""What a precision loses, against what pycocotools and plain counting find on the same images."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest

from converter.comparison.agreement import Agreement, ClassAgreement
from converter.errors import DatasetError
from converter.inputs.dataset import Dataset, load_dataset
from converter.precision.evaluate import Evaluator
from converter.precision.model_engine import ModelEngine
from converter.precision.precision_results import PrecisionMeasurement
from test.color_bundle import COLORS, LABELS, picture
from test.converter.expected import coco
from test.converter.precision.models import dataset, scenes, untracked, write_pictures
from test.task_bundles import (
    HEIGHT,
    WIDTH,
    write_classification_bundle,
    write_segmentation_bundle,
)
from trt_inference.bundles.bundle import Bundle, Thresholds, load_bundle
from trt_inference.bundles.choose_precision import PrecisionChoice
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector

Outputs = dict[str, np.ndarray]
Change = Callable[[Outputs], object]
SCENES = scenes(6)
FRAMES = [frame for frame, _ in SCENES]
BLUE, GREEN, RED = range(3)


class Changed(ModelEngine):
    """fp32 with other outputs."""

    def __init__(self, bundle: Bundle, change: Change) -> None:
        super().__init__(onnx.load(str(bundle.model_file("fp32"))), bundle)
        self._change = change

    def finish(self) -> Mapping[str, np.ndarray]:
        """Changes copies."""
        outputs = {name: values.copy() for name, values in super().finish().items()}
        self._change(outputs)
        return outputs


def nothing(outputs: Outputs) -> None:
    """fp32 as it is."""


def shifted(pixels: float, *classes: int) -> Change:
    """Boxes of these classes further to the right."""

    def change(outputs: Outputs) -> None:
        chosen = np.isin(outputs["classes"], classes)
        outputs["boxes"][chosen] += np.array([pixels, 0, pixels, 0], np.float32)

    return change


def weaker(factor: float, *classes: int) -> Change:
    """Scores of these classes times a number."""

    def change(outputs: Outputs) -> None:
        outputs["scores"][np.isin(outputs["classes"], classes)] *= factor

    return change


def swapped(outputs: Outputs) -> None:
    """Blue for green, and the reverse."""
    outputs["classes"][:] = np.array([GREEN, BLUE, RED])[outputs["classes"]]


def dreamy(outputs: Outputs) -> None:
    """What fp32 is sure not to have seen is there; it is listed behind the five of the scene."""
    outputs["scores"][0, 5:8] = 0.9
    outputs["scores"][0, 0] = 0.6


def measure(bundle: Path, images: Dataset, change: Change) -> PrecisionMeasurement:
    loaded = load_bundle(bundle)
    evaluator = Evaluator(loaded, images, untracked)
    measured = evaluator.measure(Changed(loaded, change), "int8")
    evaluator.close()
    return measured


def by_pycocotools(
    bundle: Path, truth: Sequence[Detections], change: Change
) -> tuple[float, float]:
    """mAP@0.5 and mAP@[.5:.95] of the changed engine."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    loaded = load_bundle(bundle)
    detector = Detector(loaded, Changed(loaded, change), PrecisionChoice("int8", ""))
    detector.thresholds = Thresholds(0.01, 0.5, 100)
    rows = []
    for number, frame in enumerate(FRAMES):
        found = detector.detect(frame)
        assert isinstance(found, Detections)
        for (x1, y1, x2, y2), score, class_id in zip(
            found.xyxy.tolist(), found.scores, found.class_ids, strict=True
        ):
            rows.append([7 + number, x1, y1, x2 - x1, y2 - y1, score, 11 + class_id])
    with contextlib.redirect_stdout(io.StringIO()):
        annotations = COCO()
        names = [f"{number:03}.png" for number in range(len(truth))]
        annotations.dataset = {"info": {}, **coco(dict(zip(names, truth, strict=True)), (64, 64))}
        annotations.createIndex()
        evaluation = COCOeval(annotations, annotations.loadRes(np.array(rows)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats[1], evaluation.stats[0]


def test_fp32_loses_nothing_against_itself(shared_color_bundle: Path) -> None:
    measured = measure(shared_color_bundle, dataset(*FRAMES), nothing)
    assert measured.loss == pytest.approx(0, abs=1e-12)
    count = sum(len(truth) for _, truth in SCENES)
    assert measured.agreement == Agreement(6, count, count, 0, 0, 1.0, 1.0, 0.0)
    assert measured.images == 6


@pytest.mark.parametrize(
    "change",
    [shifted(5, RED), shifted(2, BLUE, GREEN, RED), weaker(0.001, BLUE), swapped, dreamy],
    ids=["boxes elsewhere", "boxes nearby", "scores of nothing", "other classes", "more"],
)
def test_the_loss_is_what_pycocotools_finds_missing(
    change: Change, shared_color_bundle: Path
) -> None:
    measured = measure(shared_color_bundle, dataset(*FRAMES), change)
    map_50, map_50_95 = by_pycocotools(shared_color_bundle, [truth for _, truth in SCENES], change)
    assert map_50_95 < 1
    assert measured.of_fp32 is not None
    assert measured.of_fp32.map_50_95 == pytest.approx(map_50_95)
    assert measured.loss == pytest.approx(1 - map_50)
    assert measured.fp32 is measured.accuracy is None


def test_what_differs_is_counted(shared_color_bundle: Path) -> None:
    """Red boxes are somewhere else; three are there that fp32 has not seen."""
    reds = sum(int((truth.class_ids == RED).sum()) for _, truth in SCENES)
    count = sum(len(truth) for _, truth in SCENES)
    found = measure(shared_color_bundle, dataset(*FRAMES), shifted(6, RED)).agreement
    assert isinstance(found, Agreement)
    assert (found.matched, found.missing, found.extra) == (count - reds, reds, reds)
    found = measure(shared_color_bundle, dataset(*FRAMES), shifted(2, RED)).agreement
    assert isinstance(found, Agreement)
    assert found.matched == count
    assert found.lowest_iou == pytest.approx(6 / 10)
    found = measure(shared_color_bundle, dataset(*FRAMES), dreamy).agreement
    assert isinstance(found, Agreement)
    assert found.extra == 3 * len(FRAMES)
    assert found.largest_score_difference == pytest.approx(0.4)


def test_what_fp32_does_not_publish_cannot_be_lost(shared_color_bundle: Path) -> None:
    """A cell that is colored a little has a score of 0.3."""
    frame = picture("blue", (2, 2))
    frame[32:40, 32:40] = (180, 50, 54)

    def faint_is_gone(outputs: Outputs) -> None:
        outputs["scores"][outputs["scores"] < 0.5] = 0

    measured = measure(shared_color_bundle, dataset(frame), faint_is_gone)
    assert measured.loss == pytest.approx(0)
    assert measured.agreement == Agreement(1, 1, 1, 0, 0, 1.0, 1.0, 0.0)


def test_a_score_that_falls_below_the_threshold_by_a_hair_is_no_loss(
    shared_color_bundle: Path,
) -> None:
    frame = picture("blue", (2, 2))
    frame[32:40, 32:40] = (200, 35, 36)  # 129 / 255
    measured = measure(shared_color_bundle, dataset(frame), weaker(0.98, BLUE))
    assert measured.loss == pytest.approx(0)
    assert isinstance(measured.agreement, Agreement)
    assert (measured.agreement.matched, measured.agreement.missing) == (2, 0)
    assert measured.agreement.largest_score_difference == pytest.approx(0.02)


def test_detections_that_a_robot_no_longer_publishes_are_missing(
    shared_color_bundle: Path,
) -> None:
    """Their scores are far below the threshold of 0.5, and the order of all scores is the same."""
    count = sum(len(truth) for _, truth in SCENES)
    measured = measure(shared_color_bundle, dataset(*FRAMES), weaker(0.2, BLUE, GREEN, RED))
    assert isinstance(measured.agreement, Agreement)
    assert measured.agreement.missing == count
    assert not measured.is_within(1.0)


def annotated(folder: Path, truth: Sequence[Detections]) -> Dataset:
    """The scenes with annotations, from files."""
    file = folder / "annotations.json"
    names = [f"{number:03}.png" for number in range(len(truth))]
    file.write_text(json.dumps(coco(dict(zip(names, truth, strict=True)), (64, 64))), "utf-8")
    return load_dataset(write_pictures(folder / "pictures", FRAMES), file, LABELS, 100)


@pytest.mark.parametrize(
    ("left", "pixels", "larger"),
    [(0, 2, "map_50_95"), (2, 4, "map_50")],
)
def test_with_annotations_the_larger_drop_counts(
    left: int, pixels: int, larger: str, shared_color_bundle: Path, tmp_path: Path
) -> None:
    """Boxes are annotated some pixels to the left of where fp32 finds them."""
    moved = [
        Detections(truth.xyxy - [left, 0, left, 0], truth.scores, truth.class_ids)
        for _, truth in SCENES
    ]
    images = annotated(tmp_path, moved)
    measured = measure(shared_color_bundle, images, shifted(pixels, BLUE, GREEN, RED))
    before = by_pycocotools(shared_color_bundle, moved, nothing)
    after = by_pycocotools(shared_color_bundle, moved, shifted(pixels, BLUE, GREEN, RED))
    drops = dict(zip(("map_50", "map_50_95"), np.subtract(before, after), strict=True))
    assert max(drops, key=lambda name: drops[name]) == larger
    assert measured.loss == pytest.approx(drops[larger])
    assert measured.fp32 is not None and measured.accuracy is not None
    assert (measured.fp32.map_50, measured.fp32.map_50_95) == pytest.approx(before)
    assert (measured.accuracy.map_50, measured.accuracy.map_50_95) == pytest.approx(after)


def test_annotations_that_fp32_does_not_meet_judge_nothing(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    """They name other classes, so that fp32 has an mAP of 0 and nothing can be lost of it."""
    other = [Detections(truth.xyxy, truth.scores, (truth.class_ids + 1) % 3) for _, truth in SCENES]
    images, bundle = annotated(tmp_path, other), load_bundle(shared_color_bundle)
    evaluator = Evaluator(bundle, images, untracked)
    assert any("annotations" in note and "0.00" in note for note in evaluator.notes)
    assert evaluator.measure(Changed(bundle, nothing), "int8").is_within(0.01)
    blind = Changed(bundle, weaker(0.001, BLUE, GREEN, RED))
    assert not evaluator.measure(blind, "int8").is_within(0.01)


def test_images_in_which_fp32_sees_nothing_judge_nothing(shared_color_bundle: Path) -> None:
    grey = dataset(*np.full((3, 64, 64, 3), 128, np.uint8))
    with pytest.raises(DatasetError, match=r"score of 0\.5 or more in the 3 images"):
        Evaluator(load_bundle(shared_color_bundle), grey, untracked)


def test_images_of_one_class_are_a_weak_test(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    reds = [picture("red", (row, row)) for row in range(4)]
    (note,) = Evaluator(bundle, dataset(*reds), untracked).notes
    assert "all 4 images" in note and "red only" in note
    assert Evaluator(bundle, dataset(*reds, picture("blue", (0, 0))), untracked).notes == ()


def test_the_worst_pictures_come_first(shared_color_bundle: Path) -> None:
    """The one with the most red cells, which are lost."""
    frames = [picture("red", (2, 2)), picture("blue", (3, 3)), picture("red", (4, 4))]
    frames[2][:8, :8] = COLORS["red"]
    first, second, third = measure(shared_color_bundle, dataset(*frames), shifted(6, RED)).pictures
    assert [one.name for one in (first, second, third)] == ["2.png", "0.png", "1.png"]
    assert isinstance(first.expected, Detections) and isinstance(first.found, Detections)
    np.testing.assert_array_equal(first.frame, frames[2])
    moved = first.found.xyxy - first.expected.xyxy
    np.testing.assert_allclose(moved[first.expected.scores > 0.5][:, 0], 6)


@pytest.mark.parametrize("change", [shifted(2, RED), weaker(0.9, RED)])
def test_those_that_moved_come_first_among_pictures_in_which_nothing_is_lost(
    change: Change, shared_color_bundle: Path
) -> None:
    frames = [picture(color, (2, 2)) for color in ("blue", "red", "green")]
    pictures = measure(shared_color_bundle, dataset(*frames), change).pictures
    assert pictures[0].name == "1.png"


def plain(*colors: str) -> list[np.ndarray]:
    """A picture of each color, in the size of the other tasks' bundles."""
    return [np.full((HEIGHT, WIDTH, 3), COLORS[color], np.uint8) for color in colors]


def test_a_classifier_loses_the_images_of_another_class(tmp_path: Path) -> None:
    bundle = write_classification_bundle(tmp_path / "bundle")
    images = dataset(*plain("red", "blue", "green", "red", "blue", "blue", "green", "blue"))

    def green_for_red(outputs: Outputs) -> None:
        if outputs["classes"][0, 0] == RED:
            outputs["classes"][:] = [[GREEN, RED, BLUE]]
            outputs["scores"][0, 0] -= 0.25

    measured = measure(bundle, images, green_for_red)
    agreement = measured.agreement
    assert isinstance(agreement, ClassAgreement)
    assert (agreement.compared, agreement.same) == (8, 6)
    assert agreement.largest_score_difference == pytest.approx(0.25, abs=1e-6)
    assert measured.loss == pytest.approx(2 / 8)
    assert {one.name for one in measured.pictures[:2]} == {"0.png", "3.png"}
    assert measure(bundle, images, nothing).loss == 0


def test_a_segmenter_loses_the_pixels_of_another_class(tmp_path: Path) -> None:
    """Half of the first picture is red, and nothing of the others."""
    bundle = write_segmentation_bundle(tmp_path / "bundle")
    frames = plain("blue", "green", "blue", "blue")
    frames[0][: HEIGHT // 2] = COLORS["red"]

    def red_is_background(outputs: Outputs) -> None:
        outputs["class_map"][outputs["class_map"] == 1 + RED] = 0

    measured = measure(bundle, dataset(*frames), red_is_background)
    assert measured.loss == pytest.approx(1 / 8)
    assert measured.pictures[0].name == "0.png"
    assert measure(bundle, dataset(*frames), nothing).loss == 0


def test_large_frames_are_looked_at_in_a_grid(tmp_path: Path) -> None:
    """The grid has the same share of each class as the frame."""
    bundle = write_segmentation_bundle(tmp_path / "bundle")
    small = np.concatenate([plain("blue")[0][: HEIGHT // 4], plain("red")[0][HEIGHT // 4 :]])
    large = cv2.resize(small, (640, 480), interpolation=cv2.INTER_NEAREST)

    def red_is_background(outputs: Outputs) -> None:
        outputs["class_map"][outputs["class_map"] == 1 + RED] = 0

    measured = measure(bundle, dataset(large), red_is_background)
    assert measured.loss == pytest.approx(3 / 4, abs=0.01)
    assert isinstance(measured.agreement, ClassAgreement)
    assert 40_000 < measured.agreement.compared < 100_000  # of 307200 pixels


def not_a_number(outputs: Outputs) -> None:
    outputs["scores"][:] = np.nan


def test_an_engine_that_gives_no_numbers_loses_everything(
    shared_color_bundle: Path, tmp_path: Path
) -> None:
    assert measure(shared_color_bundle, dataset(*FRAMES), not_a_number).loss == 1
    bundle = write_classification_bundle(tmp_path / "bundle")
    assert measure(bundle, dataset(*plain("red", "blue")), not_a_number).loss == 1
