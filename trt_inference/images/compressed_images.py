"""A compressed camera image → pixels: jpeg and png, as image_transport sends them.

The picture's own header is read before anything is decoded: what is cut is known by its end,
and a small file can hold a picture that no memory takes.
"""

import struct
from typing import Any, NamedTuple, Tuple

import cv2
import numpy as np

from trt_inference.errors import ImageError
from trt_inference.images.checks import check_size, quoted
from trt_inference.images.encodings import ENCODINGS, Encoding
from trt_inference.images.jpeg_markers import jpeg_size

# More than any camera on a robot has; 200 MB as BGR.
MAXIMUM_PIXELS = 2**26
# deflate makes at most 1032 bytes of one, and a byte of a png has at most 8 pixels. A jpeg has at
# least one bit for each block of 8x8 pixels in the finest plane, which is far less.
MAXIMUM_PIXELS_OF_A_BYTE = 1032 * 8

_DAMAGED = "damaged"  # the kind of error

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_ENDS = {"jpeg": b"\xff\xd9", "png": b"IEND\xaeB`\x82"}
# Cameras pad jpegs, and some add data of their own.
_BYTES_AFTER_THE_END = 4096


class Header(NamedTuple):
    """What the first bytes declare: ``kind`` is jpeg or png, sizes are in pixels."""

    kind: str
    width: int
    height: int


def decode(image: Any) -> Tuple[np.ndarray, Encoding]:
    """The picture, uint8 or uint16 ``[h, w]``, ``[h, w, 3]`` or ``[h, w, 4]``, and the encoding of
    its pixels. Like image_transport, it ignores the orientation in EXIF.

    Raises:
        ImageError: neither jpeg nor png, too large, damaged, or not of colours.
    """
    header = read_header(image)
    check_size(header.width, header.height)
    data = memoryview(image.data)
    most = min(MAXIMUM_PIXELS, MAXIMUM_PIXELS_OF_A_BYTE * len(data))
    if header.width * header.height > most:
        raise ImageError(
            f"{header.kind} of {len(data)} bytes claims to have "
            f"{header.width}x{header.height} pixels: {most} are the most",
            kind="too many pixels",
        )
    if _ENDS[header.kind] not in bytes(data[-_BYTES_AFTER_THE_END:]):
        raise ImageError(f"{header.kind} of {len(data)} bytes is cut: its end is missing", _DAMAGED)
    pixels = _decoded(data, header)
    if pixels.ndim == 2:
        return pixels, _grey_encoding(image.format)
    return pixels, ENCODINGS["bgr8" if pixels.shape[2] == 3 else "bgra8"]


def read_header(image: Any) -> Header:
    """Kind and size, from the first bytes of the data.

    Raises:
        ImageError: neither jpeg nor png, or no size in it.
    """
    if "compressedDepth" in image.format:
        raise ImageError(
            f"format {quoted(image.format)} is a depth image: subscribe to a colour image",
            kind="depth image",
        )
    data = memoryview(image.data)
    start = bytes(data[:8])
    try:
        if start[:3] == _JPEG:
            return Header("jpeg", *jpeg_size(data))
        if start == _PNG:
            return Header("png", *struct.unpack_from(">II", data, 16))
    except struct.error as error:
        raise ImageError(f"picture of {len(data)} bytes is cut: no size", _DAMAGED) from error
    raise ImageError(
        f"data of format {quoted(image.format)} is neither jpeg nor png: "
        "let image_transport's compressed plugin send one of them",
        kind="unsupported format",
    )


def describe_compressed(image: Any) -> str:
    """Size, kind and format of an image, for people."""
    try:
        header = read_header(image)
    except ImageError:
        return f"format {quoted(image.format)}"
    return f"{header.width}x{header.height} {header.kind} (format {quoted(image.format)})"


def _decoded(data: memoryview, header: Header) -> np.ndarray:
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise ImageError(f"{header.kind} cannot be decoded: {error.err}", _DAMAGED) from error
    if pixels is None or pixels.shape[:2] != (header.height, header.width):
        raise ImageError(
            f"{header.kind} of {len(data)} bytes is damaged: it cannot be decoded", _DAMAGED
        )
    return pixels


def _grey_encoding(text: str) -> Encoding:
    """The encoding of a picture of one channel. The first word of image_transport's format is that
    of the image before it was compressed, and a Bayer pattern is sent as it is."""
    name = text.partition(";")[0].strip()
    return ENCODINGS[name if name.startswith("bayer_") and name in ENCODINGS else "mono8"]
