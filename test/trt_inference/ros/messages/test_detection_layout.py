"""The layout of detections in messages of several definitions, as another implementation of CDR
(rosbags) serialises them: that of Humble and later, and others."""

from typing import Any, Dict, List, Mapping, Optional

import numpy as np
import pytest
from hypothesis import given
from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from converter.recordings.definitions.vision_definitions import VISION_DEFINITIONS
from test.trt_inference.ros.messages.seen_images import Seen, seen_images
from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.detection_bytes import DetectionBytes
from trt_inference.ros.messages.detection_layout import (
    DetectionLayout,
    LayoutError,
    Serialize,
    learn_layout,
    prove_layout,
)
from trt_inference.ros.messages.detection_writer import proven_layout
from trt_inference.ros.messages.headers import ImageHeader

ARRAY, DETECTION = "vision_msgs/msg/Detection2DArray", "vision_msgs/msg/Detection2D"
HYPOTHESIS, BOX = "vision_msgs/msg/ObjectHypothesis", "vision_msgs/msg/BoundingBox2D"
POINT, POSE = "vision_msgs/msg/Point2D", "vision_msgs/msg/Pose2D"
AS_IT_IS = VISION_DEFINITIONS[DETECTION]


class RosbagsSerializer:
    """Serialises detections by definitions, some of which may differ from those of vision_msgs."""

    little_endian = True

    def __init__(self, **changed: str) -> None:
        self._store = get_typestore(Stores.ROS2_HUMBLE)
        for name, definition in {**VISION_DEFINITIONS, **changed}.items():
            self._store.register(get_types_from_msg(definition, name))

    def __call__(self, found: Detections, header: ImageHeader, texts: Mapping[int, str]) -> bytes:
        message = self._blank(ARRAY)
        self._fill_header(message, header)
        for corners, score, class_id in zip(found.xyxy, found.scores, found.class_ids):
            detection = self._blank(DETECTION)
            self._fill_header(detection, header)
            self._fill(detection, [float(value) for value in corners], texts[int(class_id)])
            detection.results[0].hypothesis.score = float(score)
            message.detections.append(detection)
        return bytes(self._store.serialize_cdr(message, ARRAY, little_endian=self.little_endian))

    def _fill(self, detection: Any, corners: List[float], text: str) -> None:
        left, top, right, bottom = corners
        detection.results = [self._blank("vision_msgs/msg/ObjectHypothesisWithPose")]
        detection.results[0].hypothesis.class_id = text
        detection.bbox.center.position.x = (left + right) / 2
        detection.bbox.center.position.y = (top + bottom) / 2
        detection.bbox.size_x, detection.bbox.size_y = right - left, bottom - top

    def _fill_header(self, message: Any, header: ImageHeader) -> None:
        if hasattr(message, "header"):
            message.header.stamp.sec, message.header.stamp.nanosec = header.stamp
            message.header.frame_id = header.frame_id

    def _blank(self, name: str) -> Any:
        fields: Dict[str, Any] = {}
        for field, (kind, description) in self._store.fielddefs[name][1]:
            if kind == Nodetype.NAME:
                fields[field] = self._blank(description)
            elif kind == Nodetype.BASE:
                fields[field] = "" if description[0] == "string" else 0
            elif description[0][0] == Nodetype.NAME:
                fields[field] = []
            else:
                fields[field] = np.zeros(description[1], description[0][1][0])
        return self._store.types[name](**fields)


class BigEndian(RosbagsSerializer):
    little_endian = False


class TextInTheId(RosbagsSerializer):
    """The message says the class once more, behind the box."""

    def _fill(self, detection: Any, corners: List[float], text: str) -> None:
        super()._fill(detection, corners, text)
        detection.id = text


class TwoHypotheses(RosbagsSerializer):
    def _fill(self, detection: Any, corners: List[float], text: str) -> None:
        super()._fill(detection, corners, text)
        detection.results *= 2


class NoDetections(RosbagsSerializer):
    def __call__(self, found: Detections, header: ImageHeader, texts: Mapping[int, str]) -> bytes:
        return super().__call__(found[:0], header, texts)


class LengthInFront(RosbagsSerializer):
    """As parameter lists of later encodings have it."""

    def __call__(self, found: Detections, header: ImageHeader, texts: Mapping[int, str]) -> bytes:
        message = super().__call__(found, header, texts)
        return message[:4] + len(message).to_bytes(8, "little") + message[4:]


class PaddingTold(RosbagsSerializer):
    """The start tells how many bytes were added at the end, as XTypes has it."""

    def __call__(self, found: Detections, header: ImageHeader, texts: Mapping[int, str]) -> bytes:
        message = super().__call__(found, header, texts)
        padding = -len(message) % 4
        return message[:3] + bytes([padding]) + message[4:] + bytes(padding)


def layout_of(serialize: Serialize) -> Optional[DetectionLayout]:
    return proven_layout(serialize, bytes)  # rosbags aligns with zeros: all bytes are the same


HUMBLE = RosbagsSerializer()
HUMBLE_LAYOUT = layout_of(HUMBLE)


@given(seen_images())
def test_humbles_messages_are_written_byte_for_byte(seen: List[Seen]) -> None:
    assert HUMBLE_LAYOUT is not None
    write = DetectionBytes(HUMBLE_LAYOUT, HUMBLE)
    for one in seen:
        assert write(*one) == HUMBLE(*one)


@pytest.mark.parametrize(
    "changed",
    [
        {DETECTION: f"{AS_IT_IS}float64[4] corners\n"},
        {DETECTION: f"{AS_IT_IS}uint8 is_tracking\nstring tracking_id\n"},
        {HYPOTHESIS: "string class_id\nuint8 level\nfloat64 score\nfloat32[] others\n"},
        {POSE: "float64 theta\nvision_msgs/Point2D position\n"},
    ],
)
def test_what_else_a_definition_has_is_learnt(changed: Dict[str, str]) -> None:
    assert layout_of(RosbagsSerializer(**changed)) is not None


REFUSED = {
    "score before class": RosbagsSerializer(**{HYPOTHESIS: "float64 score\nstring class_id\n"}),
    "score in float32": RosbagsSerializer(**{HYPOTHESIS: "string class_id\nfloat32 score\n"}),
    "y before x": RosbagsSerializer(**{POINT: "float64 y\nfloat64 x\n"}),
    "size in float32": RosbagsSerializer(
        **{BOX: "vision_msgs/Pose2D center\nfloat32 size_x\nfloat32 size_y\n"}
    ),
    "no header in a detection": RosbagsSerializer(
        **{DETECTION: AS_IT_IS.replace("std_msgs/Header header\n", "")}
    ),
    "header behind": RosbagsSerializer(
        **{DETECTION: AS_IT_IS.replace("std_msgs/Header header\n", "") + "std_msgs/Header header\n"}
    ),
    "header of the message behind": RosbagsSerializer(
        **{ARRAY: "vision_msgs/Detection2D[] detections\nstd_msgs/Header header\n"}
    ),
    "other byte order": BigEndian(),
    "text behind the score": TextInTheId(),
    "two hypotheses": TwoHypotheses(),
    "no detections": NoDetections(),
    "length in front": LengthInFront(),
    "padding told": PaddingTold(),
}


@pytest.mark.parametrize("serialize", REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_written_is_refused(serialize: Serialize) -> None:
    with pytest.raises(LayoutError):
        prove_layout(DetectionBytes(learn_layout(serialize), serialize), serialize, bytes)
    assert layout_of(serialize) is None


def test_an_error_of_the_type_support_is_none_of_the_node() -> None:
    def fail(*_: Any) -> bytes:
        raise RuntimeError("no type support")

    assert layout_of(fail) is None
