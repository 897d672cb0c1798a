"""Fields of a camera image → the frame that the detector takes, without ROS.

An image is any object with the fields of ``RawImage`` or ``CompressedImage``, which are those of
the messages of sensor_msgs: messages of rclpy, of a recorded bag, or the tuples themselves.
"""

from typing import Any, Dict, NamedTuple, Optional, Union

import cv2
import numpy as np

from trt_inference.errors import ImageError
from trt_inference.images.checks import check_size, quoted
from trt_inference.images.compressed_images import decode
from trt_inference.images.encodings import ENCODINGS, Encoding
from trt_inference.inference.frame import Frame


class RawImage(NamedTuple):
    """Pixels in rows, as sensor_msgs/Image has them.

    Attributes:
        encoding: a key of ``ENCODINGS``.
        step: bytes from one row to the next.
        data: anything with the buffer protocol.
        is_bigendian: whether values of 16 bits have their high byte first.
    """

    width: int
    height: int
    encoding: str
    step: int
    data: Any
    is_bigendian: Union[bool, int] = False


class CompressedImage(NamedTuple):
    """A jpeg or png, as sensor_msgs/CompressedImage has it.

    Attributes:
        format: what image_transport writes, as ``bgr8; jpeg compressed bgr8``.
        data: anything with the buffer protocol.
    """

    format: str
    data: Any


class ImageReader:
    """Gives the pixels of images as frames. What has to be converted goes into arrays that are
    kept while the format stays the same, so that a frame is good until the next call."""

    def __init__(self) -> None:
        self._native: Optional[np.ndarray] = None
        self._bgr: Optional[np.ndarray] = None
        self._bytes: Optional[np.ndarray] = None
        self._kept: Dict[str, Dict[str, np.ndarray]] = {}  # by encoding, for those that unpack

    def read_raw(self, image: Any) -> Frame:
        """The pixels of an image with the fields of ``RawImage``.

        For encodings that are bytes in some order (bgr8, rgb8, bgra8, rgba8, mono8, 8UC3, 8UC1)
        the frame is a view of the image's data, whatever its ``step``.

        Raises:
            ImageError: wrong size, step, encoding or amount of data.
        """
        encoding = ENCODINGS.get(image.encoding)
        if encoding is None:
            raise unsupported(image.encoding)
        _check(image, encoding)
        if encoding.unpack is not None:
            kept = self._kept.setdefault(image.encoding, {})
            return Frame(encoding.unpack(image, _row_bytes(image, encoding), kept))
        return self._frame(self._as_native(_view(image, encoding)), encoding)

    def read_compressed(self, image: Any) -> Frame:
        """The pixels of an image with the fields of ``CompressedImage``.

        Raises:
            ImageError: it is neither a sound jpeg nor a sound png.
        """
        return self._frame(*decode(image))

    def _as_native(self, pixels: np.ndarray) -> np.ndarray:
        """The same numbers in this machine's order of bytes, where OpenCV can read them."""
        if pixels.dtype.isnative and pixels.flags.aligned:
            return pixels
        if self._native is None or self._native.shape != pixels.shape:
            self._native = np.empty(pixels.shape, np.uint16)
        np.copyto(self._native, pixels)
        return self._native

    def _frame(self, pixels: np.ndarray, encoding: Encoding) -> Frame:
        conversion = encoding.conversion
        if conversion is None or encoding.is_late:
            return Frame(self._as_bytes(pixels), conversion)
        self._bgr = cv2.cvtColor(pixels, conversion, dst=self._bgr)
        return Frame(self._as_bytes(self._bgr))

    def _as_bytes(self, pixels: np.ndarray) -> np.ndarray:
        if pixels.dtype == np.uint8:
            return pixels
        self._bytes = cv2.convertScaleAbs(pixels, dst=self._bytes, alpha=255 / 65535)
        return self._bytes


def unsupported(encoding: str, reason: str = "") -> ImageError:
    """The error for an encoding that is not in ``ENCODINGS``, with why another reader failed."""
    return ImageError(
        f"encoding {quoted(encoding)} is not supported: set the camera to one of "
        f"{', '.join(ENCODINGS)}{reason and f' ({reason})'}",
        kind="unsupported encoding",
    )


def describe_raw(image: Any) -> str:
    """Size, encoding and padding of an image with the fields of ``RawImage``, for people."""
    encoding = ENCODINGS.get(image.encoding)
    if encoding is None:
        return f"{image.width}x{image.height} {quoted(image.encoding)}, step {image.step}"
    text = f"{image.width}x{image.height} {image.encoding}"
    padding = _row_bytes(image, encoding) - image.width * encoding.pixel_bytes
    return f"{text}, step {image.step} ({padding} bytes of padding)" if padding else text


def _view(image: Any, encoding: Encoding) -> np.ndarray:
    """``[rows, width]`` or ``[rows, width, channels]``, uint8 or uint16 in the message's order of
    bytes."""
    size = encoding.bits // 8
    shape = (encoding.data_rows(image.height), image.width, encoding.channels)
    strides = (_row_bytes(image, encoding), encoding.pixel_bytes, size)
    axes = 2 if encoding.channels == 1 else 3
    order = ">" if image.is_bigendian else "<"
    return np.ndarray(shape[:axes], f"{order}u{size}", image.data, 0, strides[:axes])


def _row_bytes(image: Any, encoding: Encoding) -> int:
    """From one row of the first plane to the next. That is ``step``; but drivers differ in what it
    counts for several planes, and where there is no more data than pixels, there is no padding."""
    tight = image.width * encoding.pixel_bytes
    data_rows = encoding.data_rows(image.height)
    if data_rows != image.height and len(image.data) == tight * data_rows:
        return tight
    return int(image.step)


def _check(image: Any, encoding: Encoding) -> None:
    """Whether the fields fit each other."""
    size = f"{image.width}x{image.height}"
    check_size(image.width, image.height)
    across, down = encoding.block
    if image.width % across or image.height % down:
        raise ImageError(
            f"image of {size} pixels in {image.encoding}, which has colours for blocks of "
            f"{across}x{down} pixels: set the camera to a size of whole blocks",
            kind="size that does not fit the encoding",
        )
    if image.step < image.width * encoding.pixel_bytes:
        raise ImageError(
            f"step {image.step} is too small for {image.width} pixels of "
            f"{image.encoding}: it must be {image.width * encoding.pixel_bytes} or more",
            kind="step too small",
        )
    needed = encoding.data_rows(image.height) * _row_bytes(image, encoding)
    if len(image.data) < needed:
        raise ImageError(
            f"{len(image.data)} bytes of data for an image of {size} in {image.encoding} with "
            f"step {image.step}: {needed} are needed",
            kind="too few bytes",
        )
