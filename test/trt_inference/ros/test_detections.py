"""Images in, detections out, over real DDS."""

from pathlib import Path
from typing import Dict

import cv2
import numpy as np
import pytest

from test.color_bundle import CELL, COLORS, LABELS, SIZE, picture
from test.trt_inference.ros.client import TIMEOUT
from test.trt_inference.ros.conftest import Start
from trt_inference.ros.messages.result_messages import message_to_detections


def test_a_detection_has_header_label_and_box_of_its_image(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    for color in COLORS:
        image = client.image(picture(color, (1, 6), scale=10))
        message = client.detect(image)
        assert message.header == image.header
        (detection,) = message.detections
        assert detection.header == image.header
        assert detection.results[0].hypothesis.class_id == color
        assert detection.results[0].hypothesis.score == pytest.approx(1.0, abs=1e-3)
        # Row 1, column 6 of cells that are ten times as large as in the input.
        side = 10 * CELL
        assert (detection.bbox.size_x, detection.bbox.size_y) == pytest.approx((side, side))
        centre = detection.bbox.center.position
        assert (centre.x, centre.y) == pytest.approx((6.5 * side, 1.5 * side))


def test_boxes_of_a_wide_image_are_in_its_own_pixels(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    # 1280x720 is 64x36 in the input, 14 rows below its top: cell row 3 is 24 to 32 there.
    scale = 1280 / SIZE
    wide = np.full((720, 1280, 3), 128, np.uint8)
    box = np.array([2 * CELL, 3 * CELL - 14, 3 * CELL, 4 * CELL - 14]) * scale
    x1, y1, x2, y2 = box.astype(int)
    wide[y1:y2, x1:x2] = COLORS["red"]
    found = message_to_detections(client.detect(client.image(wide)), LABELS)
    assert found.class_ids.tolist() == [LABELS.index("red")]
    np.testing.assert_allclose(found.xyxy[0], box, atol=0.01)


def test_an_image_in_which_nothing_is_seen_gives_an_empty_message(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    image = client.image(np.full((48, 64, 3), 90, np.uint8))
    message = client.detect(image)
    assert message.header == image.header
    assert message.detections == []


@pytest.mark.parametrize(
    ("encoding", "conversion"),
    [
        ("rgb8", cv2.COLOR_BGR2RGB),
        ("bgra8", cv2.COLOR_BGR2BGRA),
        ("rgba8", cv2.COLOR_BGR2RGBA),
    ],
)
def test_other_encodings_give_the_same_detections(
    start_node: Start, shared_color_bundle: Path, encoding: str, conversion: int
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    pixels = picture("blue", (5, 2), scale=3)
    expected = message_to_detections(client.detect(client.image(pixels)), LABELS)
    other = client.image(cv2.cvtColor(pixels, conversion), encoding)
    found = message_to_detections(client.detect(other), LABELS)
    assert found.class_ids.tolist() == expected.class_ids.tolist() == [LABELS.index("blue")]
    np.testing.assert_array_equal(found.xyxy, expected.xyxy)


@pytest.mark.parametrize("hand_over", ["never", "always"])
def test_every_received_frame_is_inferred_dropped_or_rejected(
    start_node: Start, shared_color_bundle: Path, hand_over: str
) -> None:
    _, client = start_node(
        bundle=shared_color_bundle,
        image_reliability="reliable",
        image_depth=100,
        hand_over=hand_over,
    )
    client.start()
    first = client.image(picture("red", (0, 0)))
    client.send(first)
    client.answer(first)
    before = client.counters_at_rest()["received"]
    burst = 100
    last = client.image(picture("green", (7, 7), scale=8))
    for _ in range(burst - 1):
        client.send(client.image(picture("red", (0, 0), scale=8)))
    client.send(last)
    assert client.wait_for_count("received", before + burst) == before + burst
    # The newest frame is never the one that is dropped.
    client.answer(last)
    assert client.spin(TIMEOUT, until=lambda: accounted(client.record.diagnostics))


def accounted(counts: Dict[str, str]) -> bool:
    """Whether each frame that was received is in one of the other counters, and none rejected."""
    received, inferred, dropped, rejected = (
        int(counts[name]) for name in ("received", "inferred", "dropped", "rejected")
    )
    return received == inferred + dropped and rejected == 0
