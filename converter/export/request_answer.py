"""The request to the worker process of the export and its answer: JSON in two files."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# What the worker process leaves in the folder of the request, beside its answer.
MODEL_FILE, FLAT_GRAPH_FILE = "network.onnx", "network.pb"
# The graph with the FakeQuant nodes of its training, where it has any: network.pb has none.
TRAINED_GRAPH_FILE = "trained.pb"


@dataclass(frozen=True)
class Unsupported:
    """A node of the TensorFlow graph that ONNX cannot express, and why. ``since`` is the opset
    that can, of an operator for which there is one; 0 if there is none."""

    node: str
    operator: str
    reason: str
    since: int = 0


@dataclass(frozen=True)
class ExportRequest:
    """What is to be exported.

    Attributes:
        saved_model: its folder.
        tags: of the graph in it.
        inputs: graph tensors of the signature by the names of its inputs.
        outputs: graph tensors by the names of the outputs that are wanted: those of the signature,
            and, where ``ends`` are given, also tensors inside of it, as ``flatten`` names them.
        image: the name of the image input.
        image_shape: what it is fixed to, -1 for any; None for encoded images.
        encoded: the input takes encoded images: the decoding is to be cut away.
        values: values of the other inputs, which become constants.
        opset: of the model, if the network does not need a later one.
        highest_opset: the latest that it may have.
        keep_suppression: do not cut a suppression of overlapping boxes out of the graph.
        set_aside: keep large weights out of the graph while it is converted.
        folder: where the answer is written.
        ends: graph tensors of all outputs of the signature, where others are wanted.
    """

    saved_model: str
    tags: tuple[str, ...]
    inputs: dict[str, str]
    outputs: dict[str, str]
    image: str
    image_shape: tuple[int, ...] | None
    encoded: bool
    values: dict[str, Any]
    opset: int
    highest_opset: int
    keep_suppression: bool
    set_aside: bool
    folder: str
    ends: tuple[str, ...] = ()


@dataclass(frozen=True)
class OwnDetections:
    """Which outputs of the SavedModel give what its own suppression lets through.

    Attributes:
        boxes: ``[N, K, 4]``.
        scores: ``[N, K]``, or with an axis of one element more.
        numbers: of the classes, as the scores; None where nothing gives them.
        count: how many of the K are meant; None where nothing gives it.
        swapped: the boxes have x and y in the other order than those that enter the suppression.
        layout: ``corners`` as those that enter, or ``xywh`` or ``cxcywh``, a corner or the centre
            with the sides.
    """

    boxes: str
    scores: str
    numbers: str | None
    count: str | None
    swapped: bool
    layout: str = "corners"


@dataclass(frozen=True)
class Suppression:
    """A non-maximum suppression that was cut out of the graph.

    Attributes:
        operator: of TensorFlow.
        score_threshold: the lowest of all classes; None where it is not known.
        iou_threshold: None where it is computed, or classes have different ones.
        class_thresholds: the score threshold of each class; empty where they are not known.
        class_numbers: the number that the model gives each class; empty where it gives none.
        most_of_class: how many boxes of one class it lets through; None where it is not known.
        soft: it lowers scores instead (Soft-NMS, https://arxiv.org/abs/1704.04503).
        own: the outputs of the SavedModel that give its result; None where they were not found.
        each_class: it gives a box once for each of its classes, not for the best one alone.
        class_agnostic: a box suppresses those of other classes too.
    """

    operator: str
    score_threshold: float | None
    iou_threshold: float | None
    class_thresholds: tuple[float, ...] = ()
    class_numbers: tuple[int, ...] = ()
    most_of_class: int | None = None
    soft: bool = False
    own: OwnDetections | None = None
    each_class: bool = False
    class_agnostic: bool = False


@dataclass(frozen=True)
class ExportAnswer:
    """What came out, beside ``network.onnx``, which is valid if nothing is unsupported.

    Attributes:
        input: the name of the image input in the model.
        outputs: names in the model by names for the user: outputs of the signature, and what
            enters a suppression that was cut out.
        weights: file by the name of the input that stands for a weight.
        weight_bytes: of all weights.
        operators: TensorFlow's, with counts.
        opset: of the model.
        opset_reasons: why it is later than the one that was asked for, in a few words each.
        unsupported: nodes that could not be converted.
        notes: what was cut away or left out, in sentences for the user.
        suppression: the suppression that was cut out.
        fake_quants: how many nodes of quantization-aware training were taken out.
        float_type: in which the graph computed before it was made float32, see ``other_float``.
        seconds: of each stage.
        peak_bytes: of resident memory of the process.
        error: why there is no model, for the user; empty where there is one.
    """

    input: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    weight_bytes: int = 0
    operators: dict[str, int] = field(default_factory=dict)
    opset: int = 0
    opset_reasons: tuple[str, ...] = ()
    unsupported: tuple[Unsupported, ...] = ()
    notes: tuple[str, ...] = ()
    suppression: Suppression | None = None
    fake_quants: int = 0
    float_type: str = "float32"
    seconds: dict[str, float] = field(default_factory=dict)
    peak_bytes: int = 0
    error: str = ""


def write_message(message: ExportRequest | ExportAnswer, file: Path) -> None:
    """As JSON."""
    file.write_text(json.dumps(dataclasses.asdict(message)), "utf-8")


def read_request(file: Path) -> ExportRequest:
    """What ``write_message`` wrote."""
    content = json.loads(file.read_text("utf-8"))
    shape = content.pop("image_shape")
    lists = {name: tuple(content[name]) for name in ("tags", "ends")}
    return ExportRequest(
        **{**content, **lists},
        image_shape=None if shape is None else tuple(shape),
    )


def read_answer(file: Path) -> ExportAnswer:
    """What ``write_message`` wrote."""
    content = json.loads(file.read_text("utf-8"))
    suppression = content.pop("suppression")
    return ExportAnswer(
        **{
            **content,
            "notes": tuple(content["notes"]),
            "opset_reasons": tuple(content["opset_reasons"]),
            "unsupported": tuple(Unsupported(**entry) for entry in content["unsupported"]),
        },
        suppression=_suppression(suppression) if suppression else None,
    )


def _suppression(content: dict[str, Any]) -> Suppression:
    own = content.pop("own")
    lists = {name: tuple(value) for name, value in content.items() if isinstance(value, list)}
    return Suppression(**{**content, **lists}, own=OwnDetections(**own) if own else None)
