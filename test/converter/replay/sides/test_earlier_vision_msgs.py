"""Results in the earlier forms of vision_msgs, which their bags bring along."""

from pathlib import Path
from typing import Any, Dict

import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from test.converter.recordings.bags import PERIOD, START
from test.converter.replay.recorded_robot import IMAGES, RESULTS, image_of, look_at

BOX = "geometry_msgs/Pose2D center\nfloat64 size_x\nfloat64 size_y"
ARRAY = "std_msgs/Header header\nvision_msgs/Detection2D[] detections"
POSE = "geometry_msgs/PoseWithCovariance pose"
RESULT = "std_msgs/Header header\nvision_msgs/ObjectHypothesisWithPose[] results\n"
# Foxy and Galactic.
FORMS: Dict[str, Dict[str, str]] = {
    "2": {
        "ObjectHypothesisWithPose": f"string id\nfloat64 score\n{POSE}",
        "Detection2D": f"{RESULT}vision_msgs/BoundingBox2D bbox\nsensor_msgs/Image source_img\n"
        "bool is_tracking\nstring tracking_id",
    },
    "3": {
        "ObjectHypothesis": "string class_id\nfloat64 score",
        "ObjectHypothesisWithPose": f"vision_msgs/ObjectHypothesis hypothesis\n{POSE}",
        "Detection2D": f"{RESULT}vision_msgs/BoundingBox2D bbox\nstring id",
    },
}


def store_of(form: str) -> Any:
    store = get_typestore(Stores.ROS2_FOXY)
    definitions = {"BoundingBox2D": BOX, "Detection2DArray": ARRAY, **FORMS[form]}
    for name, definition in definitions.items():
        store.register(get_types_from_msg(definition, f"vision_msgs/msg/{name}"))
    return store


def blank(store: Any, type_name: str) -> Any:
    """A message with zeros and nothing in it."""
    fields = {}
    for name, (kind, what) in store.fielddefs[type_name][1]:
        base = what[0] if kind.name == "BASE" else ""
        if kind.name == "NAME":
            fields[name] = blank(store, what)
        elif kind.name == "ARRAY":
            fields[name] = np.zeros(what[1])
        elif kind.name == "SEQUENCE":
            fields[name] = np.zeros(0, np.uint8) if what[0][0].name == "BASE" else []
        else:
            fields[name] = {"string": "", "bool": False}.get(base, 0)
    return store.types[type_name](**fields)


def detections(store: Any, form: str, number: int) -> Any:
    """A dog at 10, 20, 50, 100 with a score of 0.75."""
    message = blank(store, "vision_msgs/msg/Detection2DArray")
    message.header = header_of_image(store, number)
    detection = blank(store, "vision_msgs/msg/Detection2D")
    result = blank(store, "vision_msgs/msg/ObjectHypothesisWithPose")
    hypothesis, name = (result, "id") if form == "2" else (result.hypothesis, "class_id")
    setattr(hypothesis, name, "dog")
    hypothesis.score = 0.75
    detection.results = [result]
    box = detection.bbox
    box.center.x, box.center.y, box.size_x, box.size_y = 30.0, 60.0, 40.0, 80.0
    message.detections = [detection]
    return message


def header_of_image(store: Any, number: int) -> Any:
    seconds, nanoseconds = divmod(START + number * PERIOD, 10**9)
    time = store.types["builtin_interfaces/msg/Time"](sec=seconds, nanosec=nanoseconds)
    return store.types["std_msgs/msg/Header"](stamp=time, frame_id="camera")


@pytest.mark.parametrize("storage", ["MCAP", "SQLITE3"])
@pytest.mark.parametrize("form", FORMS)
def test_earlier_forms_are_read_by_the_definitions_in_the_bag(
    tmp_path: Path, form: str, storage: str
) -> None:
    store = store_of(form)
    with Writer(tmp_path / "bag", version=9, storage_plugin=StoragePlugin[storage]) as writer:
        images = writer.add_connection(IMAGES, "sensor_msgs/msg/Image", typestore=store)
        array = "vision_msgs/msg/Detection2DArray"
        results = writer.add_connection(RESULTS, array, typestore=store)
        for number in range(5):
            image = image_of(number)
            writer.write(images, image.log_time, image.data)
            content = store.serialize_cdr(detections(store, form, number), array)
            writer.write(results, image.log_time + 1, content)
    looked = look_at(tmp_path / "bag")
    for number in range(5):
        assert looked.found(number) == [((10.0, 20.0, 50.0, 100.0), "dog", 0.75)]
    assert looked.notes == ("The recorded boxes are of a vision_msgs before 4.0",)
