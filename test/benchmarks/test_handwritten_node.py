"""The node by hand does the same job as ours: the same detections of the same pictures."""

from pathlib import Path
from typing import List, Tuple

import cv2
import numpy as np
import pytest
from std_msgs.msg import Header

from benchmarks.float_model import NotByHand, write_float_model
from benchmarks.handwritten_node import HandwrittenDetector, message_of
from test.color_bundle import COLORS, write_color_bundle
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector
from trt_inference.ros.messages.class_texts import class_texts
from trt_inference.ros.messages.result_messages import DetectionMessages

Row = Tuple[str, Tuple[float, ...]]


@pytest.fixture(scope="module")
def by_hand(
    shared_color_bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> HandwrittenDetector:
    model = tmp_path_factory.mktemp("by_hand") / "float.onnx"
    write_float_model(shared_color_bundle, model)
    return HandwrittenDetector(shared_color_bundle, model)


def picture(seed: int, size: Tuple[int, int]) -> np.ndarray:
    """Coloured rectangles of all sizes on grey; uint8 BGR."""
    generator = np.random.default_rng(seed)
    height, width = size
    image = np.full((height, width, 3), 90, np.uint8)
    for color in list(COLORS.values()) * 3:
        x, y = generator.integers(0, width), generator.integers(0, height)
        corner = x + generator.integers(10, width // 2), y + generator.integers(10, height // 2)
        cv2.rectangle(image, (int(x), int(y)), tuple(map(int, corner)), color, -1)
    return image


def rows_of(message: object) -> List[Row]:
    """Class, score and box of each detection, in an order that does not depend on rounding."""
    rows = []
    for one in message.detections:  # type: ignore[attr-defined]
        hypothesis, box = one.results[0].hypothesis, one.bbox
        centre = box.center.position
        values = hypothesis.score, centre.x, centre.y, box.size_x, box.size_y
        rows.append((hypothesis.class_id, tuple(round(value, 3) for value in values)))
    return sorted(rows)


@pytest.mark.parametrize("size", [(480, 640), (720, 1280), (333, 211), (64, 64)])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_finds_what_our_node_finds(
    shared_color_bundle: Path, by_hand: HandwrittenDetector, seed: int, size: Tuple[int, int]
) -> None:
    image = picture(seed, size)
    bundle = load_bundle(shared_color_bundle)
    with Detector.open(bundle, "onnxruntime") as detector:
        ours = DetectionMessages()(
            detector.detect(image), Header(), class_texts(bundle.labels, "name")
        )
    expected = rows_of(ours)
    found = rows_of(message_of(by_hand.detect(image), Header()))
    assert [name for name, _ in found] == [name for name, _ in expected]
    for (_, values), (_, right) in zip(found, expected):
        assert values == pytest.approx(right, abs=0.01)
    assert len(expected) >= 1


def test_it_finds_nothing_in_a_grey_picture(by_hand: HandwrittenDetector) -> None:
    assert by_hand.detect(np.full((480, 640, 3), 90, np.uint8)) == []


def test_overlapping_boxes_of_a_class_are_suppressed_and_of_two_classes_not(
    by_hand: HandwrittenDetector,
) -> None:
    boxes = np.array([[8, 8, 16, 16], [8, 8, 16, 15], [8, 8, 16, 16]], np.float32)
    scores = np.array([[0.9, 0, 0], [0.8, 0, 0], [0, 0.7, 0]], np.float32)
    found = by_hand.postprocess(boxes, scores, (0.5, 0.5), (0, 0), (128, 128, 3))
    assert [(one.label, round(one.score, 2)) for one in found] == [("blue", 0.9), ("green", 0.7)]
    assert found[0].box == (16, 16, 16, 16)


def test_a_bundle_that_it_was_not_written_for_is_refused(tmp_path: Path) -> None:
    stretched = write_color_bundle(tmp_path / "colors", fit="stretch")
    with pytest.raises(NotByHand, match="letterboxed"):
        write_float_model(stretched, tmp_path / "float.onnx")
    suppressed = write_color_bundle(tmp_path / "colors", needs_nms=False)
    with pytest.raises(NotByHand, match="suppression"):
        write_float_model(suppressed, tmp_path / "float.onnx")
