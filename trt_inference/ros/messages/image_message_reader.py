"""Image messages → frames: by this project's own decoding, or by cv_bridge for what it lacks."""

from typing import Any, Optional

import numpy as np
from sensor_msgs.msg import Image

from trt_inference.images.checks import check_frame_id, check_size, shorten
from trt_inference.images.compressed_images import describe_compressed
from trt_inference.images.encodings import ENCODINGS
from trt_inference.images.image_reader import ImageReader, describe_raw, unsupported
from trt_inference.inference.frame import Frame
from trt_inference.ros.messages.serialized_image import (
    COMPRESSED_TYPES,
    AnyImage,
    DamagedImage,
    image_of_rclpy,
)


class MessageReader:
    """Gives the pixels of messages as frames; each frame is good until the next call."""

    def __init__(self) -> None:
        self._reader = ImageReader()
        self._bridge: Optional[Any] = None
        self._has_looked_for_bridge = False

    def read(self, message: AnyImage) -> Frame:
        """The pixels of a message.

        Raises:
            ImageError: it cannot be used.
        """
        if isinstance(message, DamagedImage):
            raise message.error()
        check_frame_id(message.header.frame_id)
        if isinstance(message, COMPRESSED_TYPES):
            return self._reader.read_compressed(message)
        if message.encoding in ENCODINGS:
            return self._reader.read_raw(message)
        return Frame(_by_cv_bridge(self._bridge_for(message.encoding), image_of_rclpy(message)))

    def _bridge_for(self, encoding: str) -> Any:
        """cv_bridge, for encodings that are not in this project's table."""
        if not self._has_looked_for_bridge:
            self._has_looked_for_bridge, self._bridge = True, _open_bridge()
        if self._bridge is None:
            raise unsupported(encoding)
        return self._bridge


def _by_cv_bridge(bridge: Any, message: Image) -> np.ndarray:
    check_size(message.width, message.height)
    try:
        pixels = bridge.imgmsg_to_cv2(message, desired_encoding="bgr8")
    except Exception as error:  # it has no error of its own for much that it does not like
        reason = f"cv_bridge: {shorten(str(error))}"
        raise unsupported(message.encoding, reason) from error
    if pixels.dtype != np.uint8 or pixels.shape != (message.height, message.width, 3):
        reason = f"cv_bridge: {pixels.dtype} {list(pixels.shape)}"
        raise unsupported(message.encoding, reason)
    return np.asarray(pixels)


def _open_bridge() -> Optional[Any]:
    """A CvBridge, or None where there is none, or none that works with this NumPy."""
    try:
        from cv_bridge import CvBridge
    except ImportError:
        return None
    return CvBridge()


def describe_format(message: AnyImage) -> str:
    """Size, encoding and padding of an image, for people."""
    if isinstance(message, COMPRESSED_TYPES):
        return describe_compressed(message)
    return describe_raw(message)
