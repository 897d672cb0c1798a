"""Results as the messages that a robot publishes, serialised as in its recordings (CDR)."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from converter.recordings.definitions.vision_definitions import VISION_DEFINITIONS
from converter.recordings.recorded_image import RecordedImage
from trt_inference.inference.detections import Detections
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.inference.results import Classification, Result, Segmentation

_DETECTIONS = "vision_msgs/msg/Detection2DArray"
_CLASSIFICATION = "vision_msgs/msg/Classification"
_CLASS_MAP = "sensor_msgs/msg/Image"
# Of builtin_interfaces/Time.
_MOST_SECONDS, _LEAST_SECONDS = 2**31 - 1, -(2**31)


class ResultTopic(NamedTuple):
    """Where results of a task are published, and as what; as the node does."""

    name: str
    type: str


_TOPICS: dict[type, ResultTopic] = {
    Detections: ResultTopic("detections", _DETECTIONS),
    Classification: ResultTopic("classification", _CLASSIFICATION),
    Segmentation: ResultTopic("segmentation", _CLASS_MAP),
}


def result_topic(result: Result) -> ResultTopic:
    """Where a result is published, and as what."""
    return _TOPICS[type(result)]


def utf8(text: str) -> str:
    r"""A text with ``\udc80`` for each character that has no UTF-8, which a recording may have
    brought along."""
    return text.encode("utf-8", "backslashreplace").decode()


class ResultSerialiser:
    """Makes messages of results, with the header of their image."""

    def __init__(self, labels: Sequence[str]) -> None:
        """
        Args:
            labels: of the class numbers; may grow.
        """
        self._types, self._labels = _types(), labels
        self._names: dict[int, str] = {}
        self._make: dict[type, Callable[[Any, Any], Any]] = {
            Detections: self._detections,
            Classification: self._classification,
            Segmentation: self._class_map,
        }
        self._pose = self._no_pose()

    def definition(self, result: Result) -> str:
        """The message definition of a result, with those of all types in it."""
        return self._types.generate_msgdef(result_topic(result).type, ros_version=2)[0]

    def serialise(self, result: Result, image: RecordedImage) -> bytes:
        """The message with a result: CDR with its header of four bytes."""
        message = self._make[type(result)](result, self._header(image))
        return bytes(self._types.serialize_cdr(message, result_topic(result).type))

    def _new(self, name: str, **fields: Any) -> Any:
        return self._types.types[name](**fields)

    def _header(self, image: RecordedImage) -> Any:
        seconds, nanoseconds = divmod(image.stamp, 10**9)
        stamp = self._new(
            "builtin_interfaces/msg/Time",
            sec=min(max(seconds, _LEAST_SECONDS), _MOST_SECONDS),
            nanosec=nanoseconds,
        )
        return self._new("std_msgs/msg/Header", stamp=stamp, frame_id=utf8(image.frame_id))

    def _detections(self, result: Detections, header: Any) -> Any:
        corners = result.xyxy.astype(np.float64)
        centres = (corners[:, :2] + corners[:, 2:]) / 2
        sizes = corners[:, 2:] - corners[:, :2]
        found = [
            self._new(
                "vision_msgs/msg/Detection2D",
                header=header,
                results=[
                    self._new(
                        "vision_msgs/msg/ObjectHypothesisWithPose",
                        hypothesis=hypothesis,
                        pose=self._pose,
                    )
                ],
                bbox=self._box(centre, size),
                id="",
            )
            for hypothesis, centre, size in zip(
                self._hypotheses(result), centres.tolist(), sizes.tolist(), strict=True
            )
        ]
        return self._new(_DETECTIONS, header=header, detections=found)

    def _classification(self, result: Classification, header: Any) -> Any:
        return self._new(_CLASSIFICATION, header=header, results=self._hypotheses(result))

    def _class_map(self, result: Segmentation, header: Any) -> Any:
        height, width = result.class_map.shape
        return self._new(
            _CLASS_MAP,
            header=header,
            height=height,
            width=width,
            encoding="mono8",
            is_bigendian=0,
            step=width,
            data=np.ascontiguousarray(result.class_map).reshape(-1),
        )

    def _hypotheses(self, result: Detections | Classification) -> list[Any]:
        return [
            self._new("vision_msgs/msg/ObjectHypothesis", class_id=self._name(one), score=score)
            for one, score in zip(result.class_ids.tolist(), result.scores.tolist(), strict=True)
        ]

    def _name(self, class_id: int) -> str:
        name = self._names.get(class_id)
        if name is None:
            name = self._names[class_id] = utf8(class_name(self._labels, class_id))
        return name

    def _box(self, centre: list[float], size: list[float]) -> Any:
        position = self._new("vision_msgs/msg/Point2D", x=centre[0], y=centre[1])
        pose = self._new("vision_msgs/msg/Pose2D", position=position, theta=0.0)
        return self._new(
            "vision_msgs/msg/BoundingBox2D", center=pose, size_x=size[0], size_y=size[1]
        )

    def _no_pose(self) -> Any:
        point = self._new("geometry_msgs/msg/Point", x=0.0, y=0.0, z=0.0)
        turn = self._new("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0)
        pose = self._new("geometry_msgs/msg/Pose", position=point, orientation=turn)
        return self._new("geometry_msgs/msg/PoseWithCovariance", pose=pose, covariance=np.zeros(36))


def _types() -> Typestore:
    """With sensor_msgs, and vision_msgs, which rosbags does not have."""
    types = get_typestore(Stores.ROS2_HUMBLE)
    for name, text in VISION_DEFINITIONS.items():
        types.register(get_types_from_msg(text, name))
    return types
