"""sensor_msgs/Image and CompressedImage → the frame that the detector takes."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Optional, Union

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from trt_inference.errors import ImageError
from trt_inference.frame import Frame
from trt_inference.ros.checks import check_size, quoted, shortened
from trt_inference.ros.compressed_images import decode, describe_compressed
from trt_inference.ros.encodings import ENCODINGS, LATE_CONVERSIONS, NV24_TO_BGR, Encoding

# YUV with brightness from 16 to 235 (BT.601), as OpenCV's conversions of the other YUV encodings
# have it: rows B, G, R; columns Y, U, V, and what is added.
_YUV_TO_BGR = np.array([[1.164, 2.018, 0.0], [1.164, -0.391, -0.813], [1.164, 0.0, 1.596]])
_YUV_TO_BGR = np.hstack([_YUV_TO_BGR, -_YUV_TO_BGR @ [[16.0], [128.0], [128.0]]])


class ImageReader:
    """Gives the pixels of messages as frames. What has to be converted goes into arrays that are
    kept while the format stays the same, so that a frame is good until the next call."""

    def __init__(self) -> None:
        self._native: Optional[np.ndarray] = None
        self._bgr: Optional[np.ndarray] = None
        self._bytes: Optional[np.ndarray] = None
        self._yuv: Optional[np.ndarray] = None

    def read(self, message: Union[Image, CompressedImage]) -> Frame:
        """The pixels of a message.

        Of encodings that are bytes in some order (bgr8, rgb8, bgra8, rgba8, mono8, 8UC3, 8UC1)
        it is a view of the message's data, whatever its ``step``.

        Raises:
            ImageError: wrong size, step, encoding or amount of data; not a sound jpeg or png.
        """
        if isinstance(message, CompressedImage):
            return self._frame(*decode(message))
        encoding = ENCODINGS.get(message.encoding)
        if encoding is None:
            return Frame(self._by_cv_bridge(message))
        _check(message, encoding)
        if encoding.conversion == NV24_TO_BGR:
            return Frame(self._from_nv24(message))
        return self._frame(self._as_native(_view(message, encoding)), encoding.conversion)

    def _by_cv_bridge(self, message: Image) -> np.ndarray:
        """For encodings that are not in our table."""
        refused = (
            f"encoding {quoted(message.encoding)} is not supported: "
            f"set the camera to one of {', '.join(ENCODINGS)}"
        )
        kind = "unsupported encoding"
        if self._bridge is None:
            raise ImageError(refused, kind)
        check_size(message.width, message.height)
        try:
            pixels = self._bridge.imgmsg_to_cv2(message, desired_encoding="bgr8")
        except Exception as error:  # it has no error of its own for much that it does not like
            raise ImageError(f"{refused} (cv_bridge: {shortened(str(error))})", kind) from error
        if pixels.dtype != np.uint8 or pixels.shape != (message.height, message.width, 3):
            raise ImageError(f"{refused} (cv_bridge: {pixels.dtype} {list(pixels.shape)})", kind)
        return pixels

    @cached_property
    def _bridge(self) -> Any:
        """A CvBridge, or None where there is none, or none that works with this NumPy."""
        try:
            from cv_bridge import CvBridge
        except ImportError:
            return None
        return CvBridge()

    def _as_native(self, pixels: np.ndarray) -> np.ndarray:
        """The same numbers in this machine's order of bytes, where OpenCV can read them."""
        if pixels.dtype.isnative and pixels.flags.aligned:
            return pixels
        if self._native is None or self._native.shape != pixels.shape:
            self._native = np.empty(pixels.shape, np.uint16)
        np.copyto(self._native, pixels)
        return self._native

    def _frame(self, pixels: np.ndarray, conversion: Optional[int]) -> Frame:
        if conversion is None or conversion in LATE_CONVERSIONS:
            return Frame(self._as_bytes(pixels), conversion)
        self._bgr = cv2.cvtColor(pixels, conversion, dst=self._bgr)
        return Frame(self._as_bytes(self._bgr))

    def _as_bytes(self, pixels: np.ndarray) -> np.ndarray:
        if pixels.dtype == np.uint8:
            return pixels
        self._bytes = cv2.convertScaleAbs(pixels, dst=self._bytes, alpha=255 / 65535)
        return self._bytes

    def _from_nv24(self, message: Image) -> np.ndarray:
        """Brightness, and then a plane in which U and V take turns, as wide and high as it."""
        height, width, row = message.height, message.width, _row_bytes(message, ENCODINGS["nv24"])
        luma = np.ndarray((height, width), np.uint8, message.data, 0, (row, 1))
        chroma = np.ndarray(
            (height, width, 2), np.uint8, message.data, height * row, (2 * row, 2, 1)
        )
        if self._yuv is None or self._yuv.shape != (height, width, 3):
            self._yuv = np.empty((height, width, 3), np.uint8)
        cv2.mixChannels([luma, chroma], [self._yuv], [0, 0, 1, 1, 2, 2])
        np.maximum(self._yuv[..., 0], 16, out=self._yuv[..., 0])
        self._bgr = cv2.transform(self._yuv, _YUV_TO_BGR, dst=self._bgr)
        return self._bgr


def describe_format(message: Union[Image, CompressedImage]) -> str:
    """Size, encoding and padding of an image, for people."""
    if isinstance(message, CompressedImage):
        return describe_compressed(message)
    encoding = ENCODINGS.get(message.encoding)
    if encoding is None:
        return f"{message.width}x{message.height} {quoted(message.encoding)}, step {message.step}"
    text = f"{message.width}x{message.height} {message.encoding}"
    padding = _row_bytes(message, encoding) - message.width * encoding.pixel_bytes
    return f"{text}, step {message.step} ({padding} bytes of padding)" if padding else text


def _view(message: Image, encoding: Encoding) -> np.ndarray:
    """``[rows, width]`` or ``[rows, width, channels]``, uint8 or uint16 in the message's order of
    bytes."""
    size = encoding.bits // 8
    shape = (encoding.data_rows(message.height), message.width, encoding.channels)
    strides = (_row_bytes(message, encoding), encoding.pixel_bytes, size)
    axes = 2 if encoding.channels == 1 else 3
    order = ">" if message.is_bigendian else "<"
    return np.ndarray(shape[:axes], f"{order}u{size}", message.data, 0, strides[:axes])


def _row_bytes(message: Image, encoding: Encoding) -> int:
    """From one row of the first plane to the next. That is ``step``; but what drivers say of
    several planes differs, and where there is no more data than pixels, there is no padding."""
    tight = message.width * encoding.pixel_bytes
    data_rows = encoding.data_rows(message.height)
    if data_rows != message.height and len(message.data) == tight * data_rows:
        return tight
    return int(message.step)


def _check(message: Image, encoding: Encoding) -> None:
    """Whether the fields fit each other."""
    size = f"{message.width}x{message.height}"
    check_size(message.width, message.height)
    across, down = encoding.block
    if message.width % across or message.height % down:
        raise ImageError(
            f"image of {size} pixels in {message.encoding}, which has colours for blocks of "
            f"{across}x{down} pixels: set the camera to a size of whole blocks",
            kind="size that does not fit the encoding",
        )
    if message.step < message.width * encoding.pixel_bytes:
        raise ImageError(
            f"step {message.step} is too small for {message.width} pixels of "
            f"{message.encoding}: it must be {message.width * encoding.pixel_bytes} or more",
            kind="step too small",
        )
    needed = encoding.data_rows(message.height) * _row_bytes(message, encoding)
    if len(message.data) < needed:
        raise ImageError(
            f"{len(message.data)} bytes of data for an image of {size} in {message.encoding} with "
            f"step {message.step}: {needed} are needed",
            kind="too few bytes",
        )
