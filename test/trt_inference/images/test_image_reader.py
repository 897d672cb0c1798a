"""What a reader does with images, beside the pixels of each encoding."""

import tracemalloc
from typing import Any, Dict

import numpy as np
import pytest

from test.trt_inference.images.image_fields import raw_image
from trt_inference.errors import ImageError
from trt_inference.images.encodings import ENCODINGS
from trt_inference.images.image_reader import ImageReader, RawImage, describe_raw

BGR = np.random.default_rng(3).integers(0, 256, (7, 5, 3), np.uint8)


def bgr_image(padding: int = 0) -> RawImage:
    return raw_image(BGR.reshape(7, 15), "bgr8", (7, 5), padding)


@pytest.mark.parametrize(
    ("encoding", "channels"),
    [("bgr8", 3), ("8UC3", 3), ("rgb8", 3), ("bgra8", 4), ("rgba8", 4), ("mono8", 1), ("8UC1", 1)],
)
@pytest.mark.parametrize("padding", [0, 3])
def test_bytes_in_some_order_are_not_copied(encoding: str, channels: int, padding: int) -> None:
    image = raw_image(np.zeros((6, 8 * channels), np.uint8), encoding, (6, 8), padding)
    frame = ImageReader().read_raw(image)
    assert np.shares_memory(frame.pixels, np.frombuffer(image.data, np.uint8))
    assert (frame.conversion is None) == (encoding in ("bgr8", "8UC3"))


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_nothing_of_an_images_size_is_allocated_after_the_first_image(
    encoding: str, big: bool
) -> None:
    kind = ENCODINGS[encoding]
    rows = np.zeros((kind.data_rows(200), 300 * kind.pixel_bytes), np.uint8)
    image = raw_image(rows, encoding, (200, 300), big=big)
    reader = ImageReader()
    reader.read_raw(image)
    tracemalloc.start()
    try:
        for _ in range(3):
            reader.read_raw(image)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 200 * 300 / 10


def test_encodings_and_sizes_may_change_from_one_image_to_the_next() -> None:
    reader = ImageReader()
    generator = np.random.default_rng(9)
    names = [*sorted(ENCODINGS), *sorted(ENCODINGS, reverse=True)]
    for number, encoding in enumerate(names):
        kind, size = ENCODINGS[encoding], (4 + number % 3 * 2, 8)
        shape = kind.data_rows(size[0]), size[1] * kind.pixel_bytes
        image = raw_image(generator.integers(0, 256, shape, np.uint8), encoding, size)
        bgr = reader.read_raw(image).bgr()
        assert bgr.shape == (*size, 3)
        np.testing.assert_array_equal(bgr, ImageReader().read_raw(image).bgr())


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"encoding": "32FC1"}, "'32FC1' is not supported: .* bgr8"),
        ({"encoding": ""}, "'' is not supported"),
        ({"encoding": "\x1b[31m\n"}, r"'\\x1b\[31m\\n' is not supported"),
        ({"width": 0}, "0x7"),
        ({"height": 1}, "5x1"),
        ({"step": 14}, "step 14 is too small for 5 pixels of bgr8: it must be 15"),
        ({"data": bytes(104)}, "104 bytes of data .* 105 are needed"),
        ({"height": 2**32 - 1, "step": 2**32 - 1}, f"105 bytes .* {(2**32 - 1) ** 2} are needed"),
        ({"encoding": "yuyv"}, "5x7 pixels in yuyv, .* blocks of 2x1"),
        ({"encoding": "nv12"}, "5x7 pixels in nv12, .* blocks of 2x2"),
        ({"encoding": "nv21", "width": 6}, "6x7 pixels in nv21, .* blocks of 2x2"),
        ({"encoding": "nv12", "width": 6, "height": 6}, "105 bytes .* step 15: 135 are needed"),
    ],
)
def test_an_image_that_contradicts_itself_is_refused_with_the_value(
    changes: Dict[str, Any], named: str
) -> None:
    image = bgr_image()._replace(**changes)
    with pytest.raises(ImageError, match=named):
        ImageReader().read_raw(image)


def test_a_very_long_encoding_does_not_fill_the_log() -> None:
    image = bgr_image()._replace(encoding="bgr8" * 100_000)
    with pytest.raises(ImageError, match="bgr8bgr8…' is not supported") as raised:
        ImageReader().read_raw(image)
    assert len(str(raised.value)) < 1000
    assert len(describe_raw(image)) < 200


def test_format_is_described_with_its_padding() -> None:
    assert describe_raw(bgr_image()) == "5x7 bgr8"
    assert describe_raw(bgr_image(3)) == "5x7 bgr8, step 18 (3 bytes of padding)"


def test_errors_of_one_kind_can_be_counted_whatever_their_values() -> None:
    kinds = []
    for width in (1, 1000, 2000):
        image = bgr_image()._replace(width=width)
        with pytest.raises(ImageError) as raised:
            ImageReader().read_raw(image)
        kinds.append(raised.value.kind)
    assert kinds == ["no pixels", "step too small", "step too small"]
