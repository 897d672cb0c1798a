"""Images as broken cameras and drivers send them: each contradicts itself, whatever is supported.

A fault is made on an image whose header is odd too, which is no reason to refuse an image.
"""

import array
from typing import Callable, Tuple

from builtin_interfaces.msg import Time
from hypothesis import strategies as st
from sensor_msgs.msg import Image
from std_msgs.msg import Header

UINT32 = 2**32 - 1
INT32 = 2**31 - 1
MOST_BYTES = 4  # of a pixel

# A pixel of any of them takes a byte or more.
ENCODINGS = st.sampled_from(
    [
        "bgr8",
        "rgb8",
        "bgra8",
        "rgba8",
        "mono8",
        "mono16",
        "bgr16",
        "rgba16",
        "8UC1",
        "8UC3",
        "16UC1",
        "32FC1",
        "bayer_rggb8",
        "bayer_gbrg16",
        "yuv422",
        "yuv422_yuy2",
        "yuyv",
        "uyvy",
        "nv12",
        "nv21",
        "nv24",
    ]
)
NO_ENCODINGS = st.one_of(
    st.sampled_from(["", " bgr8", "BGR8", "bgr", "jpeg", "h264", "8UC0", "99UC3", "bgr8\n", "🎥"]),
    st.text(st.characters(exclude_categories=["Cs"], min_codepoint=0x80), max_size=20),
)
SIDES = st.integers(2, 60)
TOO_LARGE = st.one_of(st.integers(2**16, UINT32), st.sampled_from([2**31 - 1, 2**31, UINT32]))

SECONDS = st.one_of(st.integers(-INT32 - 1, INT32), st.sampled_from([0, -1, INT32, -INT32 - 1]))
NANOSECONDS = st.one_of(st.integers(0, UINT32), st.sampled_from([0, 10**9, UINT32]))
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@st.composite
def headers(draw: st.DrawFn) -> Header:
    """Any time of the wire type, in any frame."""
    stamp = Time(sec=draw(SECONDS), nanosec=draw(NANOSECONDS))
    return Header(stamp=stamp, frame_id=draw(TEXTS))


@st.composite
def malformed_images(draw: st.DrawFn) -> Image:
    """With a fault that no reader may overlook."""
    width, height = draw(SIDES), draw(SIDES)
    image = Image(header=draw(headers()), width=width, height=height, encoding=draw(ENCODINGS))
    image.is_bigendian = draw(st.integers(0, 255))
    image.step = width * draw(st.integers(1, MOST_BYTES))
    image.data = some_bytes(height * image.step)
    draw(st.sampled_from(FAULTS))(draw, image)
    return image


def unknown_encoding(draw: st.DrawFn, image: Image) -> None:
    """Nobody knows what the bytes are."""
    image.encoding = draw(NO_ENCODINGS)


def short_data(draw: st.DrawFn, image: Image) -> None:
    """A transfer that broke off: not even a byte for each pixel."""
    image.step = max(image.step, image.width)
    image.data = some_bytes(draw(st.integers(0, image.width * image.height - 1)))


def small_step(draw: st.DrawFn, image: Image) -> None:
    """Rows that overlap."""
    image.step = draw(st.integers(0, image.width - 1))


def no_pixels(draw: st.DrawFn, image: Image) -> None:
    """A camera that is not ready."""
    setattr(image, draw(st.sampled_from(["width", "height"])), draw(st.integers(0, 1)))


def too_large(draw: st.DrawFn, image: Image) -> None:
    """A number that was not initialised; products of two leave 32 bits, and 64 with a step."""
    for name in draw(st.sampled_from([("width",), ("height",), ("width", "height", "step")])):
        setattr(image, name, draw(TOO_LARGE))


def large_step(draw: st.DrawFn, image: Image) -> None:
    """Rows that end far behind the data."""
    image.step = draw(TOO_LARGE)


def some_bytes(count: int) -> "array.array[int]":
    """What is in them is of no interest."""
    return array.array("B", bytes(count))


FAULTS: Tuple[Callable[[st.DrawFn, Image], None], ...] = (
    unknown_encoding,
    short_data,
    small_step,
    no_pixels,
    too_large,
    large_step,
)
