"""A compressed camera image → pixels: jpeg and png, as image_transport sends them.

The picture's own header is read before anything is decoded: what is cut is known by its end,
and a small file can hold a picture that no memory takes.
"""

from typing import Any, NamedTuple, Optional, Tuple

import cv2
import numpy as np

from trt_inference.errors import ImageError
from trt_inference.images.checks import check_size, quoted
from trt_inference.images.encodings import ENCODINGS, Encoding
from trt_inference.images.filled_jpegs import is_filled_up
from trt_inference.images.jpeg_markers import JPEG_START, read_jpeg_frame
from trt_inference.images.picture_checks import PNG_START, check_jpeg, check_png, read_png_size

# More than any camera on a robot has; 200 MB as BGR.
MAXIMUM_PIXELS = 2**26

_DAMAGED = "damaged"  # the kind of error
_FLAGS = cv2.IMREAD_UNCHANGED  # it does not turn the picture either


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
    try:
        pixels = _decode_jpeg(data) if header.kind == "jpeg" else _decode_png(data)
        if pixels is None or pixels.shape[:2] != (header.height, header.width):
            raise ImageError("is damaged: it cannot be decoded", _DAMAGED)
    except ImageError as error:
        raise _named(header.kind, data, error) from error
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
    start = bytes(data[: len(PNG_START)])
    kind = "jpeg" if start.startswith(JPEG_START) else "png" if start == PNG_START else ""
    try:
        if kind == "jpeg":
            frame = read_jpeg_frame(data)
            return Header(kind, frame.width, frame.height)
        if kind == "png":
            return Header(kind, *read_png_size(data))
    except ImageError as error:
        raise _named(kind, data, error) from error
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


def _decode_jpeg(data: memoryview) -> Optional[np.ndarray]:
    jpeg = check_jpeg(data, MAXIMUM_PIXELS)
    pixels = _decoded(data)
    if pixels is not None and is_filled_up(data, jpeg, pixels, _FLAGS):
        raise ImageError("is cut: some of its pixels are missing", _DAMAGED)
    return pixels


def _decode_png(data: memoryview) -> Optional[np.ndarray]:
    check_png(data, MAXIMUM_PIXELS)
    return _decoded(data)


def _decoded(data: memoryview) -> Optional[np.ndarray]:
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), _FLAGS)
    except cv2.error as error:
        raise ImageError(f"is damaged: {error.err}", _DAMAGED) from error


def _named(kind: str, data: memoryview, error: ImageError) -> ImageError:
    return ImageError(f"{kind} of {len(data)} bytes {error}", error.kind)


def _grey_encoding(text: str) -> Encoding:
    """The encoding of a picture of one channel. The first word of image_transport's format is that
    of the image before it was compressed, and a Bayer pattern is sent as it is."""
    name = text.partition(";")[0].strip()
    return ENCODINGS[name if name.startswith("bayer_") and name in ENCODINGS else "mono8"]
