"""Bags of the drawn scene, as a robot's camera would leave them."""

from pathlib import Path
from typing import Any, Tuple

import cv2
import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from examples.shapes.moving_scene import MovingScene

_START = 1_764_000_000 * 10**9  # nanoseconds since 1970
_RATE = 30
_DRAWN = 60  # pictures, which come again and again
_QUALITY = 90


def write_camera_bag(folder: Path, is_jpeg: bool, size: Tuple[int, int], images: int) -> Path:
    """Write a bag of MCAP with one camera, 30 images a second.

    Args:
        is_jpeg: CompressedImage instead of raw bgr8.
        size: width and height.
    """
    store = get_typestore(Stores.ROS2_HUMBLE)
    name = "sensor_msgs/msg/CompressedImage" if is_jpeg else "sensor_msgs/msg/Image"
    scene = MovingScene(1, size[1], size[0])
    drawn = [scene.frame(number / _RATE).image for number in range(min(_DRAWN, images))]
    encoded = [_encode(pixels) if is_jpeg else pixels for pixels in drawn]
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection("/camera/image", name, typestore=store)
        for number in range(images):
            stamp = _START + number * 10**9 // _RATE
            message = _message(store, name, encoded[number % len(encoded)], stamp)
            writer.write(connection, stamp, store.serialize_cdr(message, name))
    return folder


def _encode(pixels: np.ndarray) -> np.ndarray:
    return cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].ravel()


def _message(store: Any, name: str, content: np.ndarray, stamp: int) -> Any:
    types = store.types
    time = types["builtin_interfaces/msg/Time"](*divmod(stamp, 10**9))
    header = types["std_msgs/msg/Header"](time, "camera")
    if content.ndim == 1:
        return types[name](header, "jpeg", content)
    height, width = content.shape[:2]
    return types[name](header, height, width, "bgr8", 0, 3 * width, content.ravel())
