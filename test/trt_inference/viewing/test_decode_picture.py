"""Pictures of all kinds are read as people see them, or refused."""

import struct
import zlib
from typing import Callable, List, Tuple

import cv2
import numpy as np
import pytest

from trt_inference.errors import ImageError
from trt_inference.viewing.decode_picture import decode_picture


def noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(1).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def encoded(suffix: str, image: np.ndarray) -> bytes:
    return bytes(cv2.imencode(suffix, image)[1].tobytes())


def chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def png(size: Tuple[int, int], bits: int, color: int, rows: List[bytes], *before: bytes) -> bytes:
    """A png by its specification: color 0 is grey, 3 a palette, 4 grey with alpha."""
    header = struct.pack(">IIBBBBB", *size, bits, color, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = (chunk(b"IHDR", header), *before, chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


# Which side of the picture the first stored row is, and the first stored column (EXIF 2.3, 4.6.4).
SIDES = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}


def as_stored(upright: np.ndarray, orientation: int) -> np.ndarray:
    """The pixels that a camera stores, pixel by pixel from the definition."""
    height, width = upright.shape[:2]
    first_row, first_column = SIDES[orientation]
    is_turned = first_row in ("left", "right")
    stored = np.zeros((width, height, 3) if is_turned else upright.shape, np.uint8)
    for row in range(stored.shape[0]):
        for column in range(stored.shape[1]):
            y, x = (column, row) if is_turned else (row, column)
            if "bottom" in (first_row, first_column):
                y = height - 1 - y
            if "right" in (first_row, first_column):
                x = width - 1 - x
            stored[row, column] = upright[y, x]
    return stored


def exif(orientation: int, order: str) -> bytes:
    """A TIFF file with two tags, the second of which is the orientation."""
    name = b"II" if order == "<" else b"MM"
    tags = struct.pack(f"{order}HHIHH", 0x0100, 3, 1, 30, 0)
    tags += struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return name + struct.pack(f"{order}HIH", 42, 8, 2) + tags + bytes(4)


def with_exif(suffix: str, image: np.ndarray, content: bytes) -> bytes:
    plain = encoded(suffix, image)
    if suffix == ".jpg":
        application = b"Exif\0\0" + content
        return (
            plain[:2] + b"\xff\xe1" + struct.pack(">H", len(application) + 2) + application
        ) + plain[2:]
    if suffix == ".png":
        after_header = 8 + 25
        return plain[:after_header] + chunk(b"eXIf", content) + plain[after_header:]
    height, width = image.shape[:2]
    sizes = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\x08\0\0\0" + sizes + plain[12:]
    body += b"EXIF" + struct.pack("<I", len(content)) + content
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", SIDES)
def test_picture_is_upright_whatever_way_the_camera_was_held(
    suffix: str, order: str, orientation: int
) -> None:
    upright = np.kron(noise(2, 3, 3), np.ones((16, 16, 1), np.uint8))  # which jpeg keeps
    content = with_exif(suffix, as_stored(upright, orientation), exif(orientation, order))
    read = decode_picture(content).astype(int)
    assert read.shape == upright.shape
    # A jpeg or a webp with loss smears colors into the neighbours.
    assert np.abs(read - upright)[8::16, 8::16].max() <= (0 if suffix == ".png" else 40)


def test_exif_that_is_cut_or_of_no_orientation_turns_nothing() -> None:
    image = noise(20, 30, 3)
    for content in (exif(6, "<")[:20], exif(0, ">"), exif(99, "<"), b"", b"II*\0\xff\xff\xff\xff"):
        np.testing.assert_array_equal(decode_picture(with_exif(".png", image, content)), image)


def test_sixteen_bits_become_eight_by_rounding() -> None:
    image = noise(20, 30, 3, dtype=np.uint16)
    image[0, :3] = 0, 65535, 255
    for suffix in (".png", ".tif"):
        read = decode_picture(encoded(suffix, image))
        assert read.dtype == np.uint8
        assert np.abs(read - image / 257).max() <= 0.5


def test_one_bit_palette_and_grey_with_alpha_become_colors() -> None:
    white_and_black = png((8, 1), 1, 0, [bytes([0b10100000])])
    assert decode_picture(white_and_black)[0, :, 1].tolist() == [255, 0, 255, 0, 0, 0, 0, 0]
    colors = chunk(b"PLTE", bytes([10, 20, 30, 200, 100, 50]))
    transparent = chunk(b"tRNS", b"\0")  # the first color, which people see if nothing is behind it
    for more in ((colors,), (colors, transparent)):
        read = decode_picture(png((2, 1), 8, 3, [b"\0\1"], *more))
        assert read.tolist() == [[[30, 20, 10], [50, 100, 200]]]
    grey = png((2, 1), 8, 4, [bytes([7, 0, 200, 255])])
    assert decode_picture(grey).tolist() == [[[7, 7, 7], [200, 200, 200]]]


def test_what_is_transparent_has_the_color_that_is_stored() -> None:
    image = noise(20, 30, 4)
    image[:5, ..., 3] = 0
    np.testing.assert_array_equal(decode_picture(encoded(".png", image)), image[..., :3])


def flat_jpeg(values: Tuple[int, ...], transform: int) -> bytes:
    """A jpeg of 8x8 pixels of one color, by the specification, with Adobe's marker.

    Each component has one block and only its mean, in halves from the middle, 128. All numbers
    have 8 bits, so that values are at most 64 or at least 192.
    """

    def segment(marker: int, content: bytes) -> bytes:
        return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content

    numbers = range(1, len(values) + 1)
    one_code = [1] + 15 * [0]  # a table of Huffman with one code of one bit
    frame = bytes([8, 0, 8, 0, 8, len(values)])
    scan = bytes([len(values)])
    bits = ""
    for value in values:
        halves = max(-255, 2 * (value - 128))
        # The code for 8 bits; negative numbers are written less by one; the code for the end.
        bits += "0" + format(halves if halves > 0 else halves + 255, "08b") + "0"
    bits += "1" * (-len(bits) % 8)
    pixels = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    return b"".join(
        [
            b"\xff\xd8",
            segment(0xEE, b"Adobe" + struct.pack(">HHHB", 100, 0, 0, transform)),
            segment(0xDB, b"\0" + bytes([4] * 64)),
            segment(0xC0, frame + b"".join(bytes([one, 0x11, 0]) for one in numbers)),
            segment(0xC4, b"\x00" + bytes([*one_code, 8])),
            segment(0xC4, b"\x10" + bytes([*one_code, 0])),
            segment(0xDA, scan + b"".join(bytes([one, 0]) for one in numbers) + b"\0\x3f\0"),
            pixels.replace(b"\xff", b"\xff\0"),
            b"\xff\xd9",
        ]
    )


def test_colors_of_print_become_those_of_a_screen() -> None:
    """Adobe stores how much of a color is missing: red is what no cyan takes away, less black."""
    red, green, blue, light = 200, 0, 255, 230
    cmyk = decode_picture(flat_jpeg((red, green, blue, light), transform=0))
    expected = np.array([blue, green, red]) * light / 255
    assert np.abs(cmyk - expected).max() <= 2
    # The first three as luma and differences, as in other jpegs (JFIF 1.02).
    luma, to_blue, to_red = 200, 200, 60
    ycck = decode_picture(flat_jpeg((luma, to_blue, to_red, light), transform=2))
    red = luma + 1.402 * (to_red - 128)
    green = luma - 0.344136 * (to_blue - 128) - 0.714136 * (to_red - 128)
    blue = luma + 1.772 * (to_blue - 128)
    # What is stored is the amount of ink that is missing of the color given as its opposite.
    expected = np.clip([blue, green, red], 0, 255)
    expected = (255 - expected) * light / 255
    assert np.abs(ycck - expected).max() <= 2


def test_jpeg_with_more_behind_its_end_is_read() -> None:
    """Phones add videos, further pictures and notes of their own."""
    content = encoded(".jpg", noise(200, 300, 3))
    np.testing.assert_array_equal(
        decode_picture(content + bytes(range(256)) * 1000), decode_picture(content)
    )
    np.testing.assert_array_equal(
        decode_picture(content + encoded(".jpg", noise(20, 30, 3))), decode_picture(content)
    )


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-2],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[: len(whole) // 2] + bytes(len(whole) // 2),  # as a power cut leaves it
    ],
)
@pytest.mark.parametrize("is_progressive", [0, 1])
def test_jpeg_without_its_end_is_refused(
    damage: Callable[[bytes], bytes], is_progressive: int
) -> None:
    image = noise(200, 300, 3)
    flags = [cv2.IMWRITE_JPEG_PROGRESSIVE, is_progressive]
    # The second has EXIF with a preview, which is a jpeg with an end of its own.
    for whole in (
        cv2.imencode(".jpg", image, flags)[1].tobytes(),
        with_exif(".jpg", image, exif(1, "<") + encoded(".jpg", noise(16, 16, 3))),
    ):
        assert decode_picture(whole).shape == image.shape
        with pytest.raises(ImageError, match="is a JPEG that is cut: its end is missing"):
            decode_picture(damage(whole))


def test_values_without_a_known_range_are_refused() -> None:
    image = np.random.default_rng(1).random((20, 30, 3)).astype(np.float32)
    with pytest.raises(ImageError, match="has values of float32"):
        decode_picture(encoded(".tif", image))


def bmp_header(width: int, height: int) -> bytes:
    """Of 24 bits, as by Windows."""
    file = b"BM" + struct.pack("<IHHI", 0, 0, 0, 54)
    return file + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def old_bmp_header(width: int, height: int) -> bytes:
    """As by OS/2."""
    return b"BM" + struct.pack("<IHHIIHHHH", 0, 0, 0, 26, 12, width, height, 1, 24)


def tiff_header(width: int, height: int, order: str = "<", is_big: bool = False) -> bytes:
    """Of 8 bits, without pixels; BigTIFF where it is big."""
    name, version = (b"II" if order == "<" else b"MM"), 43 if is_big else 42
    values = {0x0100: width, 0x0101: height, 0x0102: 8, 0x0103: 1, 0x0106: 1, 0x0111: 8}
    tag, count = ("HHQI4x", "Q") if is_big else ("HHII", "H")
    first = struct.pack(f"{order}HHQ", 8, 0, 16) if is_big else struct.pack(f"{order}I", 8)
    tags = [struct.pack(order + tag, number, 4, 1, value) for number, value in values.items()]
    directory = struct.pack(order + count, len(tags)) + b"".join(tags) + bytes(8)
    return name + struct.pack(f"{order}H", version) + first + directory


def webp_header(width: int, height: int) -> bytes:
    """Of the extended format, around a small picture."""
    sizes = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    small = encoded(".webp", noise(4, 4, 3))[12:]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sizes + small
    return b"RIFF" + struct.pack("<I", len(body)) + body


def png_header(width: int, height: int) -> bytes:
    return png((width, height), 8, 0, [b""])


def jpeg_header(width: int, height: int) -> bytes:
    size = struct.pack(">HH", 4, 4)
    return encoded(".jpg", noise(4, 4, 3)).replace(size, struct.pack(">HH", height, width), 1)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("JPEG", jpeg_header(30_000, 30_000)),
        ("PNG", png_header(30_000, 30_000)),
        ("BMP", bmp_header(30_000, 30_000)),
        ("BMP", bmp_header(30_000, -30_000)),
        ("BMP", old_bmp_header(30_000, 30_000)),
        ("TIFF", tiff_header(30_000, 30_000)),
        ("TIFF", tiff_header(30_000, 30_000, ">")),
        ("TIFF", tiff_header(30_000, 30_000, "<", is_big=True)),
        ("WebP", webp_header(30_000, 30_000)),
        ("GIF", b"GIF89a" + struct.pack("<HH", 30_000, 30_000) + bytes(100)),
    ],
)
def test_a_gigantic_picture_is_refused_before_memory_is_taken_for_it(
    kind: str, content: bytes
) -> None:
    with pytest.raises(ImageError, match=rf"is a {kind} that claims to have 30000x30000 pixels: "):
        decode_picture(content)
    with pytest.raises(ImageError):  # the whole file
        decode_picture(content + bytes(2**21) + b"IEND\xff\xd9")


@pytest.mark.parametrize("suffix", [".bmp", ".tif", ".webp", ".png", ".jpg"])
def test_a_sound_picture_of_each_kind_is_not_too_large(suffix: str) -> None:
    assert decode_picture(encoded(suffix, noise(40, 60, 3))).shape == (40, 60, 3)


@pytest.mark.parametrize("orientation", SIDES)
def test_a_jpeg_that_was_cut_and_closed_is_refused_however_it_is_turned(orientation: int) -> None:
    whole = with_exif(".jpg", noise(200, 300, 3), exif(orientation, "<"))
    with pytest.raises(ImageError, match="is a JPEG that is cut: some of its pixels are missing"):
        decode_picture(whole[: len(whole) // 2].rstrip(b"\xff") + b"\xff\xd9")
    flat = with_exif(".jpg", np.full((200, 300, 3), 128, np.uint8), exif(orientation, "<"))
    assert (decode_picture(flat) == 128).all()


def test_more_pixels_than_opencv_takes_are_named_with_its_limit() -> None:
    with pytest.raises(ImageError, match="OPENCV_IO_MAX_IMAGE_WIDTH"):
        decode_picture(bmp_header(2**21, 2) + bytes(2**20))


@pytest.mark.long
def test_picture_of_8k_is_read_whole() -> None:
    image = np.kron(noise(9, 16, 3), np.ones((480, 480, 1), np.uint8))
    np.testing.assert_array_equal(decode_picture(encoded(".png", image)), image)
