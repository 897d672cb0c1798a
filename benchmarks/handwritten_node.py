"""The node that people write by hand, to measure ours beside it: python3 -m
benchmarks.handwritten_node --bundle BUNDLE --model MODEL.onnx --times TIMES.json

MODEL is an ONNX model, or a plan of TensorRT. The node takes ``image`` (bgr8) and publishes
``detector/detections``, as ours does, and finds the same. It is what a careful person writes in an
afternoon, after the examples of Ultralytics and NVIDIA, and where these differ it does what is
faster: it resizes before it converts colours and before there are floats, it decodes with NumPy
instead of in a loop over all boxes, and it looks only at boxes above the threshold. Of this project
it knows nothing but the labels and thresholds of the bundle.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import List, NamedTuple, Sequence, Tuple

import cv2
import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.utilities import remove_ros_args
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from benchmarks.handwritten_networks import TensorRtNetwork, open_network
from examples.shapes.spinning import spin_until_the_end
from trt_inference.bundles.atomic_write import write_file
from trt_inference.bundles.bundle import load_bundle

PAD = 114
# Further than any picture is wide: boxes of different classes are moved apart by it, so that they
# do not suppress each other.
APART = 10000.0


class Found(NamedTuple):
    """One detection: the box in pixels of the frame, x, y, width, height."""

    box: Tuple[float, float, float, float]
    score: float
    label: str


class HandwrittenDetector:
    """Preprocessing, the network and decoding."""

    def __init__(self, bundle: Path, model: Path, spins: bool = True) -> None:
        loaded = load_bundle(bundle)
        self.labels = loaded.labels
        self.thresholds = loaded.defaults
        self.network = open_network(model, spins)
        shape = self.network.shape
        self.is_planar = shape[1] == 3
        self.height, self.width = shape[2:] if self.is_planar else shape[1:3]
        self.network.run(self.preprocess(np.zeros((480, 640, 3), np.uint8))[0])

    def detect(self, frame: np.ndarray) -> List[Found]:
        """Uint8 ``[H, W, 3]``, BGR → detections, the best score first."""
        blob, scales, (left, top) = self.preprocess(frame)
        boxes, scores = self.network.run(blob)
        return self.postprocess(boxes[0], scores[0], scales, (left, top), frame.shape)

    def preprocess(
        self, frame: np.ndarray
    ) -> Tuple[np.ndarray, Tuple[float, float], Tuple[int, int]]:
        """Letterbox, RGB, 0 to 1; with the scales and the borders to the left and at the top."""
        height, width = frame.shape[:2]
        scale = min(self.width / width, self.height / height)
        new_width, new_height = round(width * scale), round(height * scale)
        left, top = (self.width - new_width) // 2, (self.height - new_height) // 2
        image = cv2.resize(frame, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
        image = cv2.copyMakeBorder(
            image,
            top,
            self.height - new_height - top,
            left,
            self.width - new_width - left,
            cv2.BORDER_CONSTANT,
            value=(PAD, PAD, PAD),
        )
        image = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        blob = image.astype(np.float32) / 255.0
        if self.is_planar:
            blob = blob.transpose(2, 0, 1)
        blob = np.ascontiguousarray(blob[None])
        return blob, (new_width / width, new_height / height), (left, top)

    def postprocess(
        self,
        boxes: np.ndarray,
        class_scores: np.ndarray,
        scales: Tuple[float, float],
        borders: Tuple[int, int],
        shape: Sequence[int],
    ) -> List[Found]:
        """Boxes ``[A, 4]`` and class scores ``[A, C]`` of the network → detections."""
        scores = class_scores.max(axis=1)
        kept = scores >= self.thresholds.score_threshold
        boxes, scores = boxes[kept], scores[kept]
        class_ids = class_scores[kept].argmax(axis=1)
        sizes = boxes[:, 2:] - boxes[:, :2]
        apart = np.concatenate([boxes[:, :2] + class_ids[:, None] * APART, sizes], axis=1)
        chosen = cv2.dnn.NMSBoxes(
            apart.tolist(), scores.tolist(), 0.0, self.thresholds.iou_threshold
        )
        boxes[:, [0, 2]] = ((boxes[:, [0, 2]] - borders[0]) / scales[0]).clip(0, shape[1])
        boxes[:, [1, 3]] = ((boxes[:, [1, 3]] - borders[1]) / scales[1]).clip(0, shape[0])
        found = []
        for index in np.array(chosen).flatten()[: self.thresholds.max_detections]:
            x1, y1, x2, y2 = boxes[index].tolist()
            label = self.labels[int(class_ids[index])]
            found.append(Found((x1, y1, x2 - x1, y2 - y1), float(scores[index]), label))
        return found


class HandwrittenNode(Node):
    """Subscribes, detects and publishes in one callback."""

    def __init__(self, detector: HandwrittenDetector) -> None:
        super().__init__("handwritten_detector")
        self.detector = detector
        # When each result was published, by the system's clock, and the seconds that it took.
        self.times: List[Tuple[float, float]] = []
        qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
        self.publisher = self.create_publisher(Detection2DArray, "detector/detections", 10)
        self.create_subscription(Image, "image", self.on_image, qos)

    def on_image(self, message: Image) -> None:
        """Detect, publish, and count the time between, as our node counts it."""
        received = time.perf_counter()
        frame = np.frombuffer(message.data, np.uint8).reshape(message.height, message.width, 3)
        found = self.detector.detect(frame)
        self.publisher.publish(message_of(found, message.header))
        self.times.append((time.time(), time.perf_counter() - received))


def message_of(found: Sequence[Found], header: Header) -> Detection2DArray:
    """A new message, with new elements."""
    message = Detection2DArray()
    message.header = header
    for box, score, label in found:
        x, y, width, height = box
        detection = Detection2D()
        detection.header = header
        detection.bbox.center.position.x = x + width / 2
        detection.bbox.center.position.y = y + height / 2
        detection.bbox.size_x = width
        detection.bbox.size_y = height
        hypothesis = ObjectHypothesisWithPose()
        hypothesis.hypothesis.class_id = label
        hypothesis.hypothesis.score = score
        detection.results.append(hypothesis)
        message.detections.append(detection)
    return message


def main() -> int:
    """Run the node until the process is stopped, and write its times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True, help="of benchmarks.float_model")
    parser.add_argument("--times", type=Path, required=True, help="file for the times of its work")
    parser.add_argument(
        "--no-spinning", action="store_true", help="ONNX Runtime's threads sleep between frames"
    )
    rclpy.init()
    options = parser.parse_args(remove_ros_args(sys.argv)[1:])
    detector = HandwrittenDetector(options.bundle, options.model, not options.no_spinning)
    node = HandwrittenNode(detector)
    spin_until_the_end(node)
    if isinstance(node.detector.network, TensorRtNetwork):
        node.detector.network.close()
    write_file(options.times, json.dumps(node.times).encode("utf-8"), durable=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
