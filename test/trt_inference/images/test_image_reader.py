"""What a reader does with image messages, beside the pixels of each encoding."""

from __future__ import annotations

import array
import sys
import tracemalloc
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import Image

from test.trt_inference.ros.image_messages import image_message
from trt_inference.errors import ImageError
from trt_inference.images.encodings import ENCODINGS
from trt_inference.ros.messages.image_message_reader import MessageReader, describe_format

BGR = np.random.default_rng(3).integers(0, 256, (7, 5, 3), np.uint8)
UNKNOWN = "yuv444_of_tomorrow"


def bgr_message(padding: int = 0) -> Image:
    return image_message(BGR.reshape(7, 15), "bgr8", (7, 5), padding)


@pytest.mark.parametrize(
    ("encoding", "channels"),
    [("bgr8", 3), ("8UC3", 3), ("rgb8", 3), ("bgra8", 4), ("rgba8", 4), ("mono8", 1), ("8UC1", 1)],
)
@pytest.mark.parametrize("padding", [0, 3])
def test_bytes_in_some_order_are_not_copied(encoding: str, channels: int, padding: int) -> None:
    image = image_message(np.zeros((6, 8 * channels), np.uint8), encoding, (6, 8), padding)
    frame = MessageReader().read(image)
    assert np.shares_memory(frame.pixels, np.frombuffer(image.data, np.uint8))
    assert (frame.conversion is None) == (encoding in ("bgr8", "8UC3"))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_nothing_of_an_images_size_is_allocated_after_the_first_image(
    encoding: str, big: bool
) -> None:
    kind = ENCODINGS[encoding]
    rows = np.zeros((kind.data_rows(200), 300 * kind.pixel_bytes), np.uint8)
    image = image_message(rows, encoding, (200, 300), big=big)
    reader = MessageReader()
    reader.read(image)
    tracemalloc.start()
    try:
        for _ in range(3):
            reader.read(image)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200 * 300 / 10


def test_encodings_and_sizes_may_change_from_one_image_to_the_next() -> None:
    reader = MessageReader()
    generator = np.random.default_rng(9)
    names = [*sorted(ENCODINGS), *sorted(ENCODINGS, reverse=True)]
    for number, encoding in enumerate(names):
        kind, size = ENCODINGS[encoding], (4 + number % 3 * 2, 8)
        shape = kind.data_rows(size[0]), size[1] * kind.pixel_bytes
        image = image_message(generator.integers(0, 256, shape, np.uint8), encoding, size)
        bgr = reader.read(image).bgr()
        assert bgr.shape == (*size, 3)
        np.testing.assert_array_equal(bgr, MessageReader().read(image).bgr())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"encoding": "32FC1"}, "'32FC1' is not supported: .* bgr8"),
        ({"encoding": ""}, "'' is not supported"),
        ({"encoding": "\x1b[31m\n"}, r"'\\x1b\[31m\\n' is not supported"),
        ({"width": 0}, "0x7"),
        ({"height": 1}, "5x1"),
        ({"step": 14}, "step 14 is too small for 5 pixels of bgr8: it must be 15"),
        ({"data": array.array("B", bytes(104))}, "104 bytes of data .* 105 are needed"),
        ({"height": 2**32 - 1, "step": 2**32 - 1}, f"105 bytes .* {(2**32 - 1) ** 2} are needed"),
        ({"encoding": "yuyv"}, "5x7 pixels in yuyv, .* blocks of 2x1"),
        ({"encoding": "nv12"}, "5x7 pixels in nv12, .* blocks of 2x2"),
        ({"encoding": "nv21", "width": 6}, "6x7 pixels in nv21, .* blocks of 2x2"),
        ({"encoding": "nv12", "width": 6, "height": 6}, "105 bytes .* step 15: 135 are needed"),
    ],
)
def test_a_message_that_contradicts_itself_is_refused_with_the_value(
    changes: dict[str, object], named: str
) -> None:
    image = bgr_message()
    for name, value in changes.items():
        setattr(image, name, value)
    with pytest.raises(ImageError, match=named):
        MessageReader().read(image)


def test_a_very_long_encoding_does_not_fill_the_log() -> None:
    image = bgr_message()
    image.encoding = "bgr8" * 100_000
    with pytest.raises(ImageError, match="bgr8bgr8…' is not supported") as raised:
        MessageReader().read(image)
    assert len(str(raised.value)) < 1000
    assert len(describe_format(image)) < 200


def test_format_is_described_with_its_padding() -> None:
    assert describe_format(bgr_message()) == "5x7 bgr8"
    assert describe_format(bgr_message(3)) == "5x7 bgr8, step 18 (3 bytes of padding)"


class FakeBridge:
    """cv_bridge.CvBridge's one method that counts here, with its own names of parameters."""

    result: Any = None

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = "passthrough") -> Any:
        assert desired_encoding == "bgr8"
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def fake_bridge(monkeypatch: pytest.MonkeyPatch) -> type[FakeBridge]:
    """cv_bridge, as if it were installed."""
    monkeypatch.setitem(sys.modules, "cv_bridge", SimpleNamespace(CvBridge=FakeBridge))
    return FakeBridge


def test_cv_bridge_is_asked_for_what_we_do_not_know(
    fake_bridge: type[FakeBridge], monkeypatch: pytest.MonkeyPatch
) -> None:
    image = bgr_message()
    image.encoding = UNKNOWN
    monkeypatch.setattr(fake_bridge, "result", BGR)
    np.testing.assert_array_equal(MessageReader().read(image).bgr(), BGR)
    image.encoding = "rgb8"
    np.testing.assert_array_equal(MessageReader().read(image).bgr(), BGR[..., ::-1])


@pytest.mark.parametrize(
    ("result", "named"),
    [
        (TypeError("buffer is too small"), "buffer is too small"),
        (RuntimeError("Unknown encoding " * 1000), "Unknown encoding"),
        (BGR[:3], r"uint8 \[3, 5, 3\]"),
        (BGR.astype(np.float32), r"float32 \[7, 5, 3\]"),
        (BGR[..., 0], r"uint8 \[7, 5\]"),
    ],
)
def test_what_cv_bridge_does_not_like_is_an_image_error(
    fake_bridge: type[FakeBridge], monkeypatch: pytest.MonkeyPatch, result: Any, named: str
) -> None:
    image = bgr_message()
    image.encoding = UNKNOWN
    monkeypatch.setattr(fake_bridge, "result", result)
    with pytest.raises(ImageError, match=f"'{UNKNOWN}' is not supported.*{named}") as raised:
        MessageReader().read(image)
    assert len(str(raised.value)) < 1000


def test_errors_of_one_kind_can_be_counted_whatever_their_values() -> None:
    kinds = []
    for width in (1, 1000, 2000):
        image = bgr_message()
        image.width = width
        with pytest.raises(ImageError) as raised:
            MessageReader().read(image)
        kinds.append(raised.value.kind)
    assert kinds == ["no pixels", "step too small", "step too small"]
