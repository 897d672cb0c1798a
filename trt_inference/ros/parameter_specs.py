"""The table of the node's parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional, Sequence, Tuple

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.parameter import Parameter

from trt_inference.bundle import PRECISIONS
from trt_inference.engines import BACKENDS


@dataclass(frozen=True)
class Spec:
    """One parameter. Without a default it takes the bundle's. A live one takes effect on the
    next frame, the others when the node is configured."""

    name: str
    type: Parameter.Type
    description: str
    default: Any = None
    range: Optional[Tuple[float, float]] = None
    choices: Sequence[str] = ()
    live: bool = False


SPECS = (
    Spec("bundle", Parameter.Type.STRING, "Folder made by the converter", default=""),
    Spec(
        "precision",
        Parameter.Type.STRING,
        "Precision of the network; auto: the fastest on this device that the bundle has",
        default="auto",
        choices=("auto", *PRECISIONS),
    ),
    Spec(
        "backend", Parameter.Type.STRING, "What runs the network", default="auto", choices=BACKENDS
    ),
    Spec(
        "threads",
        Parameter.Type.INTEGER,
        "CPU threads of one inference; 0 lets the backend choose",
        default=0,
        range=(0, 256),
    ),
    Spec("device", Parameter.Type.INTEGER, "Number of the GPU", default=0, range=(0, 63)),
    Spec(
        "cuda_graph",
        Parameter.Type.BOOL,
        "Launch a frame's work on the GPU as one piece, where the driver can",
        default=True,
    ),
    Spec(
        "zero_copy",
        Parameter.Type.BOOL,
        "Let the GPU work on the memory of the processor, for Jetsons, which share it",
        default=False,
    ),
    Spec(
        "spin",
        Parameter.Type.BOOL,
        "Wait for the GPU with a busy core, for some microseconds less",
        default=False,
    ),
    Spec(
        "build_if_missing",
        Parameter.Type.BOOL,
        "Build an engine that TensorRT needs and the bundle lacks, and configure then",
        default=False,
    ),
    Spec(
        "score_threshold",
        Parameter.Type.DOUBLE,
        "Lowest score of a detection, or of a class of a classification",
        range=(0.0, 1.0),
        live=True,
    ),
    Spec(
        "iou_threshold",
        Parameter.Type.DOUBLE,
        "IoU above which the worse of two boxes of one class is dropped",
        range=(0.0, 1.0),
        live=True,
    ),
    Spec(
        "max_detections",
        Parameter.Type.INTEGER,
        "Most detections in one message, or classes of a classification",
        range=(1, 10000),
        live=True,
    ),
    Spec(
        "image_reliability",
        Parameter.Type.STRING,
        "QoS reliability of the image subscription",
        default="best_effort",
        choices=("best_effort", "reliable"),
    ),
    Spec(
        "image_depth",
        Parameter.Type.INTEGER,
        "QoS depth of the image subscription; more than 1 adds latency",
        default=1,
        range=(1, 100),
    ),
    Spec(
        "autostart",
        Parameter.Type.BOOL,
        "Configure and activate when the process starts, without being asked",
        default=False,
    ),
    Spec(
        "diagnostics_period",
        Parameter.Type.DOUBLE,
        "Seconds between messages on /diagnostics",
        default=1.0,
        range=(0.1, 3600.0),
    ),
)

SPECS_BY_NAME = {spec.name: spec for spec in SPECS}
THRESHOLDS = tuple(spec.name for spec in SPECS if spec.live)


def descriptor(spec: Spec) -> ParameterDescriptor:
    """What tools like ros2 param describe show, and rclpy checks."""
    result = ParameterDescriptor(description=spec.description)
    if spec.choices:
        result.additional_constraints = f"one of {', '.join(spec.choices)}"
    elif not spec.live:
        result.additional_constraints = "read when the node is configured"
    if spec.range and spec.type == Parameter.Type.DOUBLE:
        result.floating_point_range = [
            FloatingPointRange(from_value=float(spec.range[0]), to_value=float(spec.range[1]))
        ]
    elif spec.range:
        result.integer_range = [
            IntegerRange(from_value=int(spec.range[0]), to_value=int(spec.range[1]))
        ]
    return result
