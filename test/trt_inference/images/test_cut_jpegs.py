"""Jpegs that were cut and closed with an end: damaged, whatever is in them; whole ones are not."""

import struct
from typing import List, Sequence

import cv2
import numpy as np
import pytest

from test.trt_inference.images.image_fields import compressed_image, smooth
from trt_inference.errors import ImageError
from trt_inference.images.image_reader import ImageReader

END = b"\xff\xd9"
HEIGHT, WIDTH = 240, 322
FLAT = {"black": 0, "grey": 128, "white": 255}
# The OpenCV of JetPacks cannot write 4:4:4.
SAMPLING: List[Sequence[int]] = [[]]
if hasattr(cv2, "IMWRITE_JPEG_SAMPLING_FACTOR"):
    SAMPLING.append([cv2.IMWRITE_JPEG_SAMPLING_FACTOR, 0x111111])
# How encoders write: 4:2:0 as by default, 4:4:4, optimised tables, restarts, all of them.
WAYS: List[Sequence[int]] = [
    *SAMPLING,
    [cv2.IMWRITE_JPEG_QUALITY, 100],
    [cv2.IMWRITE_JPEG_OPTIMIZE, 1],
    [cv2.IMWRITE_JPEG_RST_INTERVAL, 1],
    [cv2.IMWRITE_JPEG_RST_INTERVAL, 50],
]
PROGRESSIVE = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]


def jpeg(pixels: np.ndarray, way: Sequence[int] = ()) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels, way)[1].tobytes())


def closed_after(picture: bytes, part: float) -> bytes:
    """Cut after a part of the pixels' data, and closed."""
    start = picture.index(b"\xff\xda") + 14
    cut = picture[: start + int(part * (len(picture) - start - 2))]
    return cut.rstrip(b"\xff") + END


def read(picture: bytes) -> np.ndarray:
    return ImageReader().read_compressed(compressed_image(picture)).bgr()


def decoded(picture: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)


def lower_half(value: int) -> np.ndarray:
    pixels = smooth(HEIGHT, WIDTH, 3)
    pixels[HEIGHT // 2 :] = value
    return pixels


def almost_grey() -> np.ndarray:
    """What becomes the grey of missing pixels, though something is stored for it."""
    pixels = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    pixels[np.random.default_rng(4).random((HEIGHT, WIDTH)) < 0.06] = 129
    return pixels


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_cut_jpeg_with_an_end_is_refused(way: Sequence[int], part: float) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    for pixels in (noise, noise[:, :, 0], smooth(HEIGHT, WIDTH, 3), lower_half(128)):
        with pytest.raises(ImageError, match=r"jpeg of \d+ bytes is cut") as raised:
            read(closed_after(jpeg(pixels, way), part))
        assert raised.value.kind == "damaged"


def test_a_jpeg_that_was_cut_within_an_escaped_byte_is_refused() -> None:
    """0xFF 0x00 stands for 0xFF, and 0xFF alone begins a marker."""
    noise = np.random.default_rng(2).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    picture = jpeg(noise)
    cut = picture[: picture.index(b"\xff\x00", len(picture) // 2) + 1]
    for fill in (b"", b"\xff", b"\xff\xff"):
        with pytest.raises(ImageError, match="is cut"):
            read(cut + fill + END)


def test_a_whole_jpeg_with_fill_bytes_before_its_end_is_read() -> None:
    pixels = lower_half(128)
    picture = jpeg(pixels)
    filled = picture[: -len(END)] + b"\xff\xff\xff" + END
    assert np.array_equal(read(filled), decoded(picture))


@pytest.mark.parametrize("color", FLAT)
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9])
def test_a_cut_jpeg_of_one_color_is_refused(color: str, part: float) -> None:
    picture = jpeg(np.full((HEIGHT, WIDTH, 3), FLAT[color], np.uint8))
    with pytest.raises(ImageError, match="is cut"):
        read(closed_after(picture, part))


@pytest.mark.parametrize("size", [(32, 16), (17, 33), (33, 17), (65, 65), (41, 50), (1080, 1920)])
def test_a_cut_jpeg_of_any_size_is_refused(size: Sequence[int]) -> None:
    noise = np.random.default_rng(2).integers(0, 256, (*size, 3), np.uint8)
    for way in SAMPLING:
        with pytest.raises(ImageError, match="is cut"):
            read(closed_after(jpeg(noise, way), 0.2 if min(size) < 20 else 0.5))


def test_it_is_refused_again_and_again() -> None:
    """What an earlier picture has left in memory makes no difference."""
    for seed in range(20):
        pixels = smooth(HEIGHT, WIDTH, 3)
        pixels[seed] = seed
        read(jpeg(pixels))
        for way in WAYS:
            with pytest.raises(ImageError, match="is cut"):
                read(closed_after(jpeg(pixels, way), 0.5))


@pytest.mark.parametrize("way", [*WAYS, PROGRESSIVE])
def test_a_whole_jpeg_is_read_whatever_is_at_its_end(
    way: Sequence[int], capfd: pytest.CaptureFixture[str]
) -> None:
    whole = [lower_half(value) for value in FLAT.values()]
    whole += [np.full((HEIGHT, WIDTH, 3), value, np.uint8) for value in FLAT.values()]
    whole += [almost_grey(), almost_grey()[:, :, 0], almost_grey()[:33, :65]]
    for pixels in whole:
        picture = jpeg(pixels, way)
        np.testing.assert_array_equal(read(picture), decoded(picture))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("quality", [1, 50, 100])
def test_a_whole_jpeg_of_any_size_is_read(quality: int) -> None:
    for height in (*range(2, 19), 33):
        for width in (2, 3, 8, 9, 16, 17, 18, 33):
            pixels = np.full((height, width, 3), 128, np.uint8)
            pixels[:, : width // 2] = smooth(height, width, 3)[:, : width // 2]
            picture = jpeg(pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
            np.testing.assert_array_equal(read(picture), decoded(picture))


def test_a_jpeg_without_tables_as_webcams_send_it_is_read_or_found_to_be_cut() -> None:
    picture = without_tables(jpeg(smooth(HEIGHT, WIDTH, 3)))
    np.testing.assert_array_equal(read(picture), read(jpeg(smooth(HEIGHT, WIDTH, 3))))
    with pytest.raises(ImageError, match="is cut"):
        read(closed_after(picture, 0.5))


def without_tables(picture: bytes) -> bytes:
    """Without the codes of Huffman, which are those of the standard then, as in MJPEG."""
    kept, position = picture[:2], 2
    while picture[position + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", picture, position + 2)
        segment = picture[position : position + 2 + length]
        kept += b"" if segment[1] == 0xC4 else segment
        position += 2 + length
    return kept + picture[position:]


def test_a_progressive_jpeg_without_some_of_its_scans_is_refused() -> None:
    picture = jpeg(smooth(HEIGHT, WIDTH, 3), PROGRESSIVE)
    scans = [at for at in range(len(picture)) if picture[at : at + 2] == b"\xff\xda"]
    assert len(scans) > 5
    for start in scans[1:]:
        for cut in (start, start - 20):  # between two scans, and in one of them
            with pytest.raises(ImageError, match="is cut"):
                read(picture[:cut].rstrip(b"\xff") + END)
    read(picture)


def test_more_scans_than_any_encoder_writes_are_not_decoded() -> None:
    picture = jpeg(smooth(16, 16), PROGRESSIVE)
    last = picture[picture.rindex(b"\xff\xda") : -2]
    read(picture)
    with pytest.raises(ImageError, match="too many scans: 100 are the most"):
        read(picture[:-2] + last * 1000 + END)


def test_a_jpeg_that_breaks_off_where_the_next_one_begins_is_refused() -> None:
    """Two pictures of a camera in one message, of which the first has lost its end."""
    picture = jpeg(smooth(HEIGHT, WIDTH, 3))
    with pytest.raises(ImageError, match="is cut: its end is missing"):
        read(picture[: len(picture) // 2].rstrip(b"\xff") + picture)
