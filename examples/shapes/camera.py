"""A camera node that draws what it sees: moving shapes, with the truth about them.

Publishes ``image`` (sensor_msgs/Image, bgr8) and, with the same header, ``ground_truth``
(vision_msgs/Detection2DArray) and ``image/compressed`` (sensor_msgs/CompressedImage, jpeg). Run it
with config/fastdds_large_images.xml.
"""

import argparse
import array
import sys
from functools import partial
from typing import Callable, Optional

import cv2
import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.utilities import remove_ros_args
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray

from examples.shapes.drawing import CLASS_NAMES, Scene
from examples.shapes.moving_scene import MovingScene
from examples.shapes.spinning import spin_until_the_end
from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.class_texts import class_texts
from trt_inference.ros.messages.result_messages import detections_to_message

FRAME_ID = "camera_optical_frame"
JPEG_QUALITY = 95
# What was sent last is kept for those who are not yet known when the first image is sent.
EVERY_MESSAGE = QoSProfile(
    depth=100,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


class Camera(Node):
    """Draws and publishes ``rate`` images a second while somebody subscribes to them and
    to the truth. While somebody subscribes to compressed images, each is sent as a jpeg, too."""

    def __init__(self, width: int, height: int, rate: float, seed: int, still: bool) -> None:
        """
        Args:
            still: send the first picture again and again, without the truth, for rates that
                drawing would limit.
        """
        super().__init__("camera")
        self._still = still
        self._drawn: Optional[Scene] = None
        self._scene = MovingScene(seed=seed, height=height, width=width)
        sensor = QoSProfile(depth=2, reliability=ReliabilityPolicy.BEST_EFFORT)
        # For who has to receive every image: qos_overrides./image.publisher.reliability:=reliable
        takes_overrides = QoSOverridingOptions.with_default_policies()
        self._images = self.create_publisher(
            Image, "image", sensor, qos_overriding_options=takes_overrides
        )
        self._truth = self.create_publisher(Detection2DArray, "ground_truth", EVERY_MESSAGE)
        # Recorders want every image, and may be late where the machine is busy.
        self._jpegs = self.create_publisher(CompressedImage, "image/compressed", EVERY_MESSAGE)
        self._image = Image(height=height, width=width, encoding="bgr8", step=width * 3)
        self._started = self.get_clock().now()
        self.create_timer(1 / rate, self._capture)
        self._unsent: Optional[Callable[[], CompressedImage]] = None
        self._pause = self.create_timer(0.5 / rate, self._send_jpeg)
        self._pause.cancel()

    def _capture(self) -> None:
        if self._images.get_subscription_count() == 0:
            return
        if not self._still and self._truth.get_subscription_count() == 0:
            self.get_logger().info(
                "waits for a subscriber of ground_truth; with --still it needs none", once=True
            )
            return
        scene = self._draw()
        # The image is "taken" when it is drawn: what follows is the way of a real image.
        header = Header(stamp=self.get_clock().now().to_msg(), frame_id=FRAME_ID)
        self._image.header = header
        self._images.publish(self._image)
        if not self._still:
            self._tell_truth(scene, header)
        if self._jpegs.get_subscription_count() > 0:
            self._send_jpeg()  # where there was no pause
            # In the pause before the next image, so that it takes no time from who works on this.
            self._unsent = partial(compressed, scene.image, header)
            self._pause.reset()

    def _send_jpeg(self) -> None:
        self._pause.cancel()
        if self._unsent is not None:
            self._jpegs.publish(self._unsent())
            self._unsent = None

    def _tell_truth(self, scene: Scene, header: Header) -> None:
        ones = np.ones(len(scene.class_ids), np.float32)
        truth = Detections(scene.xyxy, ones, scene.class_ids)
        texts = class_texts(CLASS_NAMES, "name")
        self._truth.publish(detections_to_message(truth, header, texts))

    def _draw(self) -> Scene:
        """The scene of this moment, with its pixels in the message."""
        if self._drawn is None or not self._still:
            elapsed = self.get_clock().now() - self._started
            self._drawn = self._scene.frame(elapsed.nanoseconds * 1e-9)
            self._image.data = as_message_data(self._drawn.image)
        return self._drawn


def compressed(image: np.ndarray, header: Header) -> CompressedImage:
    """The message of a picture, uint8 [H, W, 3] BGR, as a jpeg."""
    _, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return CompressedImage(header=header, format="jpeg", data=as_message_data(jpeg))


def as_message_data(image: np.ndarray) -> "array.array[int]":
    """The bytes of a picture in the one type that rclpy takes without a copy for each byte."""
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(image).data)
    return data


def main() -> int:
    """Publish until the process is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=720)
    parser.add_argument("--rate", type=float, default=30.0, help="images a second")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--still", action="store_true", help="send one picture, without the truth")
    rclpy.init()
    options = parser.parse_args(remove_ros_args(sys.argv)[1:])
    camera = Camera(options.width, options.height, options.rate, options.seed, options.still)
    spin_until_the_end(camera)
    return 0


if __name__ == "__main__":
    sys.exit(main())
