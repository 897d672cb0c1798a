"""Frame in, detections out, with a bundle whose detections can be told from the picture."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Tuple

import cv2
import numpy as np
import pytest

from test.color_bundle import (
    CANDIDATES,
    CELLS,
    COLORS,
    LABELS,
    change_manifest,
    picture,
    write_color_bundle,
)
from trt_inference.bundles.bundle import Fitting, load_bundle
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.onnxruntime.backend import OnnxRuntimeBackend
from trt_inference.errors import BundleError, EngineError, ImageError
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame


@pytest.fixture
def detector(shared_color_bundle: Path) -> Iterator[Detector]:
    with Detector.open(load_bundle(shared_color_bundle)) as opened:
        yield opened


@pytest.fixture(scope="module")
def stretching_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_color_bundle(tmp_path_factory.mktemp("stretch") / "colors", fit="stretch")


def grey(width: int, height: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


def paint(frame: np.ndarray, bgr: Tuple[int, int, int], box: Tuple[int, int, int, int]) -> None:
    x1, y1, x2, y2 = box
    frame[y1:y2, x1:x2] = bgr


def found(detections: Detections) -> Dict[str, List[float]]:
    """The boxes by label; there is at most one of each in a test."""
    labels = [LABELS[class_id] for class_id in detections.class_ids]
    assert len(set(labels)) == len(labels)
    return dict(zip(labels, detections.xyxy.tolist()))


# A cell has 8 pixels of the 64 of the input: in a frame it has 8 / scale pixels.
@pytest.mark.parametrize(
    ("width", "height", "boxes"),
    [
        (64, 64, {"blue": (0, 0, 8, 8), "green": (56, 56, 64, 64), "red": (24, 40, 32, 48)}),
        (128, 128, {"blue": (0, 0, 16, 16), "green": (112, 112, 128, 128), "red": (32, 0, 48, 16)}),
        # One half the size, 32 rows between two borders of 16: four rows of cells.
        (128, 64, {"blue": (0, 0, 16, 16), "green": (112, 48, 128, 64), "red": (48, 32, 64, 48)}),
        (64, 128, {"blue": (0, 0, 16, 16), "green": (48, 112, 64, 128), "red": (32, 48, 48, 64)}),
        # A frame smaller than the input is enlarged by two, and its cells have 4 pixels.
        (32, 16, {"blue": (0, 0, 4, 4), "green": (28, 12, 32, 16), "red": (12, 8, 16, 12)}),
    ],
)
def test_each_color_is_found_where_it_is_in_a_letterbox(
    detector: Detector, width: int, height: int, boxes: Dict[str, Any]
) -> None:
    frame = grey(width, height)
    for label, box in boxes.items():
        paint(frame, COLORS[label], box)
    assert found(detector.detect(frame)) == {label: list(box) for label, box in boxes.items()}


@pytest.mark.parametrize(("width", "height"), [(64, 64), (256, 128), (128, 256), (640, 64)])
def test_each_color_is_found_where_it_is_when_stretched(
    stretching_bundle: Path, width: int, height: int
) -> None:
    frame = grey(width, height)
    across, down = width // 8, height // 8  # of one cell
    boxes = {
        label: (column * across, row * down, (column + 1) * across, (row + 1) * down)
        for label, column, row in (("blue", 0, 0), ("green", 7, 7), ("red", 5, 2))
    }
    for label, box in boxes.items():
        paint(frame, COLORS[label], box)
    with Detector.open(load_bundle(stretching_bundle)) as stretching:
        assert found(stretching.detect(frame)) == {key: list(box) for key, box in boxes.items()}


@pytest.mark.parametrize(("width", "height"), [(512, 256), (128, 64), (64, 200)])
@pytest.mark.parametrize("resize", ["linear", "area"])
def test_only_what_a_crop_looks_at_is_found(
    shared_color_bundle: Path, width: int, height: int, resize: str
) -> None:
    # Half of the largest square, in the middle; it has eight cells in a row.
    fitting = Fitting("center-crop", resize=resize, crop_fraction=0.5)
    side = min(width, height) // 2
    left, top, cell = (width - side) // 2, (height - side) // 2, side // 8
    frame = grey(width, height)
    frame[: top // 2, : left // 2] = COLORS["red"]  # beyond the crop
    boxes = {}
    for label, column, row in (("blue", 0, 0), ("green", 7, 7), ("red", 5, 2)):
        x, y = left + column * cell, top + row * cell
        boxes[label] = [x, y, x + cell, y + cell]
        paint(frame, COLORS[label], (x, y, x + cell, y + cell))
    bundle = load_bundle(shared_color_bundle)
    with Detector.open(replace(bundle, input=replace(bundle.input, fitting=fitting))) as cropping:
        assert found(cropping.detect(frame)) == boxes


def test_borders_right_and_below_do_not_move_boxes(shared_color_bundle: Path) -> None:
    frame = grey(128, 64)
    paint(frame, COLORS["blue"], (16, 32, 32, 48))
    bundle = load_bundle(shared_color_bundle)
    fitting = Fitting("letterbox-top-left")
    with Detector.open(replace(bundle, input=replace(bundle.input, fitting=fitting))) as detector:
        assert found(detector.detect(frame)) == {"blue": [16, 32, 32, 48]}


def test_box_may_lie_between_the_pixels_of_the_frame(detector: Detector) -> None:
    # 100x75 becomes 64x48 from row 8 on. The cell from 16, 16 to 24, 24 is in the frame
    # 16 / 0.64 = 25, (16 - 8) / 0.64 = 12.5, 24 / 0.64 = 37.5, (24 - 8) / 0.64 = 25.
    frame = grey(100, 75)
    paint(frame, COLORS["red"], (25, 12, 38, 25))
    np.testing.assert_allclose(found(detector.detect(frame))["red"], [25, 12.5, 37.5, 25], 1e-6)


def test_score_is_that_of_the_network(detector: Detector) -> None:
    frame = grey(64, 64)
    paint(frame, (0, 0, 204), (8, 8, 16, 16))
    assert detector.detect(frame).scores.tolist() == pytest.approx([204 / 255])


def test_grey_picture_gives_an_empty_result(detector: Detector) -> None:
    assert len(detector.detect(grey(300, 200))) == 0


def test_best_detection_comes_first(detector: Detector) -> None:
    frame = grey(64, 64)
    for strength, column in ((153, 0), (255, 2), (204, 4)):
        paint(frame, (0, strength, 0), (column * 8, 0, column * 8 + 8, 8))
    detections = detector.detect(frame)
    assert detections.scores.tolist() == pytest.approx([1.0, 204 / 255, 153 / 255])
    assert detections.xyxy[:, 0].tolist() == [16, 32, 0]


def test_thresholds_are_replaced_between_two_frames(detector: Detector) -> None:
    frame = grey(64, 64)
    paint(frame, (153, 0, 0), (0, 0, 8, 8))  # a score of 0.6
    paint(frame, (0, 0, 255), (32, 32, 40, 40))
    assert set(found(detector.detect(frame))) == {"blue", "red"}
    detector.thresholds = replace(detector.thresholds, score_threshold=0.7)
    assert set(found(detector.detect(frame))) == {"red"}
    detector.thresholds = replace(detector.thresholds, score_threshold=0.5)
    assert set(found(detector.detect(frame))) == {"blue", "red"}
    detector.thresholds = replace(detector.thresholds, max_detections=1)
    assert set(found(detector.detect(frame))) == {"red"}


def test_next_frame_leaves_earlier_results_as_they_were(detector: Detector) -> None:
    first = detector.detect(picture("red", (2, 3)))
    before = [array.copy() for array in (first.xyxy, first.scores, first.class_ids)]
    detector.detect(picture("green", (5, 1), scale=3))
    detector.detect(grey(64, 64))
    for now, then in zip((first.xyxy, first.scores, first.class_ids), before):
        np.testing.assert_array_equal(now, then)


def test_frames_of_different_sizes_do_not_disturb_each_other(detector: Detector) -> None:
    frames = []
    for width, height in ((64, 64), (128, 64), (64, 128), (640, 480), (32, 32)):
        frame = grey(width, height)
        paint(frame, COLORS["green"], (0, 0, width // 2, height // 2))
        frames.append(frame)
    alone = []
    for frame in frames:
        with Detector.open(detector.bundle) as fresh:
            alone.append(fresh.detect(frame))
    for index in (0, 1, 2, 3, 4, 3, 1, 0, 4, 2, 2):
        detections = detector.detect(frames[index])
        assert len(detections) >= 4
        np.testing.assert_array_equal(detections.xyxy, alone[index].xyxy)
        np.testing.assert_array_equal(detections.scores, alone[index].scores)


def test_frame_that_cannot_be_used_leaves_the_detector_usable(detector: Detector) -> None:
    with pytest.raises(ImageError):
        detector.detect(np.zeros((64, 64), np.uint8))
    assert found(detector.detect(picture("blue", (1, 1)))) == {"blue": [8, 8, 16, 16]}


def test_a_picture_that_could_not_be_read_is_named_as_that(detector: Detector) -> None:
    """cv2.imread raises nothing."""
    with pytest.raises(ImageError, match=r"cv2\.imread returns None"):
        detector.detect(cv2.imread("/nowhere/street.jpg"))
    found = detector.detect(picture("red", (2, 3)))
    assert isinstance(found, Detections) and len(found) == 1


def test_frames_of_different_sizes_are_run_at_once_and_each_gets_its_own_result(
    shared_color_bundle: Path,
) -> None:
    bundle = load_bundle(shared_color_bundle)
    frames = [grey(64, 64), grey(128, 64), grey(64, 256)]
    for frame, color in zip(frames, COLORS.values()):
        paint(frame, color, (0, 0, frame.shape[1] // 2, frame.shape[0] // 2))
    with Detector.open(bundle) as single:
        expected = [single.detect(frame) for frame in frames]
    with Detector.open(bundle, options=EngineOptions(batch=3)) as detector:
        for chosen in ((0, 1, 2), (2, 0), (1,)):
            for index in chosen:
                detector.add(Frame(frames[index]))
            detector.start()
            results = detector.finish()
            assert len(results) == len(chosen)
            for index, result in zip(chosen, results):
                np.testing.assert_array_equal(result.xyxy, expected[index].xyxy)
                np.testing.assert_array_equal(result.class_ids, expected[index].class_ids)


def test_frame_that_cannot_be_used_is_left_out_of_a_run(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    with Detector.open(bundle, options=EngineOptions(batch=3)) as detector:
        detector.add(Frame(picture("red", (1, 1))))
        with pytest.raises(ImageError):
            detector.add(Frame(np.zeros((64, 64, 5), np.uint8)))
        detector.add(Frame(picture("blue", (2, 2))))
        detector.start()
        assert [list(found(one)) for one in detector.finish()] == [["red"], ["blue"]]


def test_no_more_frames_are_taken_than_the_engine_runs_at_once(detector: Detector) -> None:
    with pytest.raises(EngineError, match="no frame was added"):
        detector.start()
    detector.add(Frame(grey(64, 64)))
    with pytest.raises(EngineError, match="1 frames were added"):
        detector.add(Frame(grey(64, 64)))


def test_clock_has_a_time_for_each_stage_of_each_frame(detector: Detector) -> None:
    assert detector.clock.percentiles() == {}
    detector.detect(grey(64, 64))
    times = detector.clock.percentiles()
    assert list(times) == ["preprocess", "inference", "postprocess"]
    assert all(0 < stage.p50 < 1000 for stage in times.values())


@pytest.mark.parametrize(
    ("anchors", "needs_nms", "counts"),
    [
        (CELLS, True, True),
        (CELLS, False, True),  # the best of more boxes, which the network has suppressed
        (CANDIDATES, True, False),  # the network has no more boxes than candidates
        (CANDIDATES, False, False),
        (None, True, True),  # of an earlier converter
        (None, False, False),
    ],
)
def test_frames_are_counted_in_which_candidates_may_have_been_cut_off(
    anchors: Optional[int], needs_nms: bool, counts: bool, color_bundle: Path
) -> None:
    def change(manifest: Dict[str, Any]) -> None:
        manifest["needs_nms"] = needs_nms
        if anchors is not None:
            manifest["source"]["most_candidates"] = anchors

    change_manifest(color_bundle, change)
    few, many = grey(64, 64), grey(64, 64)
    paint(few, COLORS["blue"], (0, 0, 64, 16))  # 16 of 64 cells, where K is 20
    paint(many, COLORS["blue"], (0, 0, 64, 24))
    with Detector.open(load_bundle(color_bundle)) as detector:
        detector.detect(few)
        assert detector.counts.full == 0
        for _ in range(2):
            detector.detect(many)
        assert detector.counts.full == (2 if counts else 0)
        detector.thresholds = replace(detector.thresholds, score_threshold=1.0)
        detector.detect(few)
        assert detector.counts.full == (2 if counts else 0)


def test_closed_detector_reports_that_it_is_closed(shared_color_bundle: Path) -> None:
    with Detector.open(load_bundle(shared_color_bundle)) as detector:
        pass
    with pytest.raises(EngineError, match="closed"):
        detector.detect(grey(64, 64))


def test_network_of_the_chosen_precision_is_the_one_that_is_opened(color_bundle: Path) -> None:
    def add_int8(manifest: Dict[str, Any]) -> None:
        precisions = manifest["precisions"]
        precisions["int8"] = {**precisions["fp32"], "file": "int8.onnx"}  # which is not there

    change_manifest(color_bundle, add_int8)
    bundle = load_bundle(color_bundle)
    with Detector.open(bundle) as detector:
        assert detector.choice.precision == "fp32"
    with pytest.raises(BundleError, match=r"int8\.onnx cannot be read"):
        Detector.open(bundle, precision="int8")


def test_engine_that_fails_its_first_run_is_closed(
    shared_color_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = []

    def fail() -> Any:
        raise EngineError("it fails")

    def open_one_that_fails(self: OnnxRuntimeBackend, *arguments: Any) -> Any:
        opened.append(open_engine(self, *arguments))
        monkeypatch.setattr(opened[0], "finish", fail)
        return opened[0]

    open_engine = OnnxRuntimeBackend.open
    monkeypatch.setattr(OnnxRuntimeBackend, "open", open_one_that_fails)
    with pytest.raises(EngineError, match="it fails"):
        Detector.open(load_bundle(shared_color_bundle))
    monkeypatch.undo()
    with pytest.raises(EngineError, match="closed"):
        opened[0].infer()
