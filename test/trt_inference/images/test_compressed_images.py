"""Compressed images: the pixels that went into them, and pictures made to do harm."""

import struct
import zlib
from typing import Dict, Tuple

import cv2
import numpy as np
import pytest

from test.trt_inference.images.image_fields import compressed_image, encoded, smooth
from trt_inference.errors import ImageError
from trt_inference.images.compressed_images import describe_compressed
from trt_inference.images.image_reader import ImageReader

FORMAT = "bgr8; jpeg compressed bgr8"


def read(picture: bytes, format: str = FORMAT) -> np.ndarray:
    return ImageReader().read_compressed(compressed_image(picture, format)).bgr()


def test_a_png_has_the_pixels_that_went_into_it_whatever_its_kind() -> None:
    colors = smooth(48, 64, 3)
    np.testing.assert_array_equal(read(encoded(".png", colors)), colors)
    alpha = np.dstack([colors, smooth(48, 64)])
    np.testing.assert_array_equal(read(encoded(".png", alpha)), colors)
    grey = smooth(48, 64)
    np.testing.assert_array_equal(read(encoded(".png", grey)), np.dstack([grey] * 3))


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
def test_sixteen_bits_are_rounded(channels: Tuple[int, ...]) -> None:
    wide = smooth(48, 64, *channels, dtype=np.uint16)
    expected = np.rint(wide / 257).astype(np.uint8)
    expected = expected[..., :3] if channels else np.dstack([expected] * 3)
    np.testing.assert_array_equal(read(encoded(".png", wide)), expected)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_bayer_pattern_is_sent_as_it_is_and_gets_its_colors_here(suffix: str) -> None:
    picture = encoded(suffix, smooth(48, 64))
    mosaic = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_UNCHANGED)
    expected = cv2.cvtColor(mosaic, cv2.COLOR_BayerBG2BGR)
    np.testing.assert_array_equal(read(picture, "bayer_rggb8; jpeg compressed "), expected)


def test_a_picture_is_not_turned_as_exif_asks() -> None:
    picture = encoded(".jpg", smooth(48, 64, 3))
    # One entry of TIFF: orientation (0x0112), one short (3): 6, a quarter turn.
    entries = struct.pack("<HHHIHHI", 1, 0x0112, 3, 1, 6, 0, 0)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + entries
    turned = picture[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + picture[2:]
    by_default = cv2.imdecode(np.frombuffer(turned, np.uint8), cv2.IMREAD_COLOR)
    assert by_default.shape == (64, 48, 3), "OpenCV must see the orientation"
    np.testing.assert_array_equal(read(turned), read(picture))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_cut_picture_is_refused_before_anything_is_printed(
    suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    picture = encoded(suffix, smooth(48, 64, 3))
    for length in [*range(0, len(picture), 7), len(picture) - 1]:
        with pytest.raises(ImageError):
            read(picture[:length])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "behind",
    [
        b"",
        bytes(1000),
        b"\xff" * 9,
        b"maker's notes" * 1000,
        bytes(5_000_000),
        b"\xff" * 5_000_000,
        encoded(".jpg", smooth(20, 20, 3)),
        encoded(".png", smooth(200, 300, 3)) * 9,
    ],
    ids=lambda behind: f"{behind[:8]!r} {len(behind)}",
)
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_what_cameras_add_behind_a_picture_does_no_harm(suffix: str, behind: bytes) -> None:
    picture = encoded(suffix, smooth(48, 64, 3))
    np.testing.assert_array_equal(read(picture + behind), read(picture))


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_the_end_of_a_preview_is_not_that_of_the_picture(suffix: str) -> None:
    picture, preview = encoded(suffix, smooth(48, 64, 3)), encoded(suffix, smooth(8, 8, 3))
    whole = with_preview(picture, preview)
    np.testing.assert_array_equal(read(whole), read(picture))
    for length in (len(whole) - 13, len(whole) - 20, len(whole) // 2):
        for behind in (b"", bytes(5000)):
            with pytest.raises(ImageError, match="is cut: its end is missing"):
                read(whole[:length] + behind)


def with_preview(picture: bytes, preview: bytes) -> bytes:
    if preview.startswith(b"\x89PNG"):
        checked = b"prVw" + preview
        chunk = struct.pack(">I", len(preview)) + checked + struct.pack(">I", zlib.crc32(checked))
        return picture[:33] + chunk + picture[33:]
    exif = b"Exif\0\0" + preview
    return picture[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + picture[2:]


def test_jpegs_of_other_makers_are_read_past_all_their_segments() -> None:
    picture = encoded(".jpg", smooth(48, 64, 3))
    comment = b"\xff\xfe" + struct.pack(">H", 0xFFFF) + b"\xff\xc0" * 32766 + b"!"
    progressive = cv2.imencode(".jpg", smooth(48, 64, 3), [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1]
    for other in (
        picture[:2] + comment * 3 + picture[2:],
        picture[:2] + b"\xff" * 20 + picture[2:],
        progressive.tobytes(),
    ):
        np.testing.assert_array_equal(read(other), read(picture))


@pytest.mark.parametrize(
    ("picture", "format", "named"),
    [
        (b"", "jpeg", "'jpeg' is neither jpeg nor png"),
        (b"hello, this is no picture", "h264", "'h264' is neither jpeg nor png"),
        (b"RIFF\x1a\0\0\0WEBPVP8L", "webp", "'webp' is neither"),
        (b"x", "f" * 100_000, "'fffff.*…' is neither"),
        (encoded(".png", smooth(9, 9)), "16UC1; compressedDepth", "'16UC1; compressedDepth' is a"),
        (encoded(".png", smooth(1, 9)), "png", "9x1"),
        (encoded(".jpg", smooth(9, 9))[:2] + b"\xff\xda" * 9, "jpeg", "it has no size"),
        (b"\xff\xd8" + b"\xff" * 100_000, "jpeg", "it has no size"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_format(
    picture: bytes, format: str, named: str
) -> None:
    with pytest.raises(ImageError, match=named) as raised:
        read(picture, format)
    assert len(str(raised.value)) < 300


def png_of_zeros(width: int, height: int) -> bytes:
    """A sound png of one bit for each pixel, all black."""

    def chunk(name: bytes, content: bytes) -> bytes:
        checked = name + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    rows = bytes(height * (1 + (width + 7) // 8))
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_the_most_that_png_can_hold_is_read_and_more_pixels_than_its_bytes_can_are_not() -> None:
    picture = png_of_zeros(4000, 4000)
    assert len(picture) < 3000
    assert read(picture).shape == (4000, 4000, 3)
    with pytest.raises(ImageError, match=r"claims to have 16000x4000 pixels: \d+ are the most"):
        read(picture.replace(struct.pack(">II", 4000, 4000), struct.pack(">II", 16000, 4000)))


def test_a_small_file_with_a_gigantic_picture_is_not_decoded() -> None:
    picture = png_of_zeros(16000, 8000)
    assert len(picture) < 20_000
    with pytest.raises(ImageError, match=f"16000x8000 pixels: {2**26} are the most"):
        read(picture)
    small = encoded(".jpg", smooth(48, 64))
    size, huge = struct.pack(">HH", 48, 64), struct.pack(">HH", 65500, 65500)
    with pytest.raises(ImageError, match="65500x65500 pixels"):
        read(small.replace(size, huge, 1))


def test_the_most_that_jpeg_can_hold_is_read_and_more_pixels_than_its_bytes_can_are_not() -> None:
    """A bit for each block of 8x8 pixels, where nothing is in the picture."""
    flags = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    picture = cv2.imencode(".jpg", np.zeros((4000, 4000), np.uint8), flags)[1].tobytes()
    assert len(picture) < 4000 * 4000 / 250  # in which two scans have a bit of each block
    assert read(picture).shape == (4000, 4000, 3)
    small = encoded(".jpg", smooth(48, 64))
    size, huge = struct.pack(">HH", 48, 64), struct.pack(">HH", 3000, 3000)
    most = len(small) * 512
    with pytest.raises(ImageError, match=f"claims to have 3000x3000 pixels: {most} are the most"):
        read(small.replace(size, huge, 1))


def odd_pictures() -> Dict[str, bytes]:
    """Whose parts are of the standards, but which cameras do not send, and what is none."""
    jpeg, png = encoded(".jpg", smooth(48, 64)), encoded(".png", smooth(48, 64))
    size = struct.pack(">HH", 48, 64)
    frame = jpeg[jpeg.index(b"\xff\xc0") : jpeg.index(b"\xff\xc4")]
    return {
        "12 bits": jpeg.replace(b"\xff\xc0\0\x0b\x08", b"\xff\xc1\0\x0b\x0c"),
        "lossless": jpeg.replace(b"\xff\xc0", b"\xff\xc3", 1),
        "hierarchical": jpeg.replace(b"\xff\xc0", b"\xff\xc5", 1),
        "no height": jpeg.replace(size, struct.pack(">HH", 0, 64), 1),
        "two frames": jpeg.replace(frame, frame * 2),
        "no components": jpeg.replace(b"\xff\xc0\0\x0b\x08" + size + b"\1", frame[:9] + b"\0"),
        "many components": jpeg.replace(frame, frame[:9] + b"\xff" + frame[10:]),
        "no size of blocks": jpeg.replace(frame, frame[:11] + b"\0" + frame[12:]),
        "end only": jpeg[:2] + b"\xff\xd9",
        "no tables": jpeg[:2] + frame + b"\xff\xd9",
        "png without its end": png[:-12],
        "png of a header": png[:33] + png[-12:],
        "png of half its pixels": png[:41] + png[41 + len(png) // 3 :],
        "png of no size": png[:16] + bytes(8) + png[24:],
        "png with a wrong length": png[:33] + b"\xff\xff\xff\xff" + png[37:],
    }


@pytest.mark.parametrize("name", odd_pictures())
@pytest.mark.parametrize("format", ["jpeg", "\x1b[31m\nred", "\0", "bayer_rggb8; png"])
def test_an_odd_picture_is_an_error_of_one_line(name: str, format: str) -> None:
    with pytest.raises(ImageError) as raised:
        read(odd_pictures()[name], format)
    assert str(raised.value).isprintable()


def test_formats_are_described() -> None:
    image = compressed_image(encoded(".jpg", smooth(48, 64)), FORMAT)
    assert describe_compressed(image) == f"64x48 jpeg (format '{FORMAT}')"
    assert describe_compressed(compressed_image(b"?", "h264")) == "format 'h264'"
