"""The table of the node's parameters."""

from typing import Sequence

from rclpy.parameter import Parameter

from trt_inference.ros.parameters.engine_parameters import ENGINE_PARAMETERS, UNLESS_DECIDED
from trt_inference.ros.parameters.spec import Spec

_BOOL = Parameter.Type.BOOL
_INTEGER = Parameter.Type.INTEGER
_DOUBLE = Parameter.Type.DOUBLE
_STRING = Parameter.Type.STRING
_STRINGS = Parameter.Type.STRING_ARRAY
_INTEGERS = Parameter.Type.INTEGER_ARRAY

SHORTEST_HEARTBEAT = 0.01  # seconds; an executor that only sends heartbeats does nothing else
MOST_CAMERAS = 32  # each has topics, a thread and memory of its own


def _distinct_topics(topics: Sequence[str]) -> str:
    if list(topics) == [""]:
        return ""
    if len(topics) > MOST_CAMERAS:
        return f"{len(topics)} topics are too many: one node takes {MOST_CAMERAS} at most"
    if not all(topics):
        return f"{list(topics)} has an empty topic: leave all out for the topic 'image'"
    twice = sorted({topic for topic in topics if list(topics).count(topic) > 1})
    return f"{', '.join(twice)} is there twice" if twice else ""


def _heartbeat(period: float) -> str:
    if period == 0 or period >= SHORTEST_HEARTBEAT:
        return ""
    return f"{period} is too short: give {SHORTEST_HEARTBEAT} or more, or 0.0 for no bond"


def _region(values: Sequence[int]) -> str:
    if len(values) == 4 and min(values) >= 0 and (not any(values) or min(values[2:]) > 0):
        return ""
    return (
        f"{list(values)} is no region: give x, y, width and height in pixels, or four zeros for "
        "the whole image"
    )


# Read when the node is configured, beside those of the engine.
_CONFIGURED = (
    *ENGINE_PARAMETERS,
    Spec(
        "image_topics",
        _STRINGS,
        f"Images of several cameras, at most {MOST_CAMERAS}, for one engine; results are in each "
        "camera's namespace",
        [""],
        check=_distinct_topics,
    ),
    Spec(
        "image_transport",
        _STRING,
        "How images come; compressed: jpeg or png on <topic>/compressed",
        "raw",
        choices=("raw", "compressed"),
    ),
    Spec(
        "image_reliability",
        _STRING,
        "QoS reliability of the image subscription; auto: as the publishers offer it",
        "auto",
        choices=("auto", "best_effort", "reliable"),
    ),
    Spec(
        "image_depth",
        _INTEGER,
        "QoS depth of the image subscription; more than 1 adds latency",
        1,
        range=(1, 100),
    ),
    Spec(
        "hand_over",
        _STRING,
        "Receive images on another thread than the engine's; auto: of several cameras, or where "
        "the engine is not done before the next one comes",
        "auto",
        choices=tuple(UNLESS_DECIDED),
    ),
    Spec(
        "batch_deadline",
        _DOUBLE,
        "Seconds that an image of one camera waits for those of the others, to be run with them",
        0.005,
        range=(0.0, 1.0),
    ),
    Spec(
        "label_policy",
        _STRING,
        "What class_id is in messages: the name of the class, or its index",
        "name",
        choices=("name", "index"),
    ),
    Spec(
        "autostart",
        _BOOL,
        "Configure and activate when the process starts, without being asked",
        False,
    ),
    Spec(
        "bond_heartbeat_period",
        _DOUBLE,
        "Seconds between signs of life to a lifecycle manager, where bondpy is, 0.01 or more; "
        "0.0: no bond",
        0.1,
        range=(0.0, 10.0),
        check=_heartbeat,
    ),
    Spec(
        "diagnostics_period",
        _DOUBLE,
        "Seconds between messages on /diagnostics",
        1.0,
        range=(0.1, 3600.0),
    ),
)

# Without a default: those of the bundle.
_THRESHOLDS = (
    Spec(
        "score_threshold",
        _DOUBLE,
        "Lowest score of a detection, or of a class of a classification",
        range=(0.0, 1.0),
        live=True,
    ),
    Spec(
        "iou_threshold",
        _DOUBLE,
        "IoU above which the worse of two boxes of one class is dropped",
        range=(0.0, 1.0),
        live=True,
    ),
    Spec(
        "max_detections",
        _INTEGER,
        "Most detections in one message, or classes of a classification",
        range=(1, 10000),
        live=True,
    ),
)

_LIVE = (
    Spec("classes", _STRINGS, 'Names of the classes that are wanted; [""]: all', [""], live=True),
    Spec(
        "minimum_box_size",
        _DOUBLE,
        "Least shorter side of a box in pixels of the image",
        0.0,
        range=(0.0, 100000.0),
        live=True,
    ),
    Spec(
        "region_of_interest",
        _INTEGERS,
        "Part of the image to look at: x, y, width, height in pixels; zeros: the whole",
        [0, 0, 0, 0],
        check=_region,
        live=True,
    ),
    Spec(
        "publish_non_finite",
        _BOOL,
        "Publish what is left of results with scores or boxes of NaN or infinity",
        False,
        live=True,
    ),
    Spec(
        "infer_without_subscribers",
        _BOOL,
        "Run the network also when nobody subscribes to its results",
        False,
        live=True,
    ),
    Spec(
        "debug_image_rate",
        _DOUBLE,
        "Most images a second on ~/debug_image; 0.0: none",
        5.0,
        range=(0.0, 1000.0),
        live=True,
    ),
    Spec(
        "debug_image_quality",
        _INTEGER,
        "JPEG quality of ~/debug_image/compressed",
        80,
        range=(1, 100),
        live=True,
    ),
)


def _limit(name: str, description: str, default: float, highest: float) -> Spec:
    return Spec(name, _DOUBLE, description, default, range=(0.0, highest), live=True)


# When /diagnostics warns.
_LIMITS = (
    _limit("expected_rate", "Images a second of each camera; 0.0: not known", 0.0, 1000.0),
    _limit("camera_timeout", "Seconds without an image until it is a warning", 2.0, 3600.0),
    _limit("warn_rate", "Part of expected_rate below which to warn", 0.9, 1.0),
    _limit("error_rate", "The same, below which it is an error", 0.5, 1.0),
    _limit("warn_dropped", "Part of the images that is dropped, above which to warn", 0.1, 1.0),
    _limit("error_dropped", "The same, above which it is an error", 0.5, 1.0),
    _limit("warn_age", "Seconds from an image's stamp to its result, above which to warn", 0.5, 60),
    _limit("error_age", "The same, above which it is an error", 2.0, 60),
    _limit("swap_limit", "Seconds of a swap, above which to warn; 0.0: any number", 5.0, 3600.0),
)

SPECS = (*_CONFIGURED, *_THRESHOLDS, *_LIVE, *_LIMITS)
SPECS_BY_NAME = {spec.name: spec for spec in SPECS}
CONFIGURED = tuple(spec.name for spec in _CONFIGURED)
THRESHOLD_NAMES = tuple(spec.name for spec in _THRESHOLDS)
DIAGNOSTIC_LIMITS = tuple(spec.name for spec in _LIMITS)
