"""Conversions of the three tasks, made by hand from small arrays and made-up figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx

from converter.comparison.accuracy import Accuracy
from converter.comparison.agreement import Agreement, ClassAgreement, TensorParity
from converter.compatibility.refusals import Refusal
from converter.conversion import Conversion, Preprocessing, Source
from converter.export.export import Export
from converter.export.request_answer import ExportAnswer, Suppression
from converter.heads import base
from converter.heads.evidence import Recognised
from converter.inputs.image_input import ImageInput
from converter.inputs.pixels import Pixels
from converter.inputs.saved_model import SavedModel, Signature
from converter.inputs.tensor import Tensor
from converter.precision.precision_results import (
    Calibration,
    KeptLayer,
    PrecisionMeasurement,
    PrecisionResult,
    Sensitivity,
)
from converter.verification.verification_results import Picture, SourceSuppression, Verification
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification, Segmentation

LABELS = ("circle", "square", "triangle")
HEIGHT, WIDTH = 240, 320
FP32_BYTES = 23_456_789
HASH = "3f9c1d77e0a5b2c4" * 4
GRID_SAMPLE = Refusal("GridSample", 2, ("warp", "unwarp"), ("8.0", "8.2", "8.4"), "crop instead")
# Its nodes have names of tf2onnx: the layer is known by what is around them.
CUBIC = Refusal(
    "Resize",
    1,
    ("network/Resize__7",),
    ("8.0", "8.2", "8.4"),
    "resize bilinearly",
    limit="no cubic interpolation",
    source="importers.cpp:1@8.2-GA",
    origins=(("StatefulPartitionedCall/model/up/resize/ResizeBicubic",),),
)


@dataclass(frozen=True)
class Head:
    """What page and terminal want of a head, and no more."""

    task: str
    description: str = "yolo [N, 7, 8400]"
    inputs: tuple[str, ...] = ("output_0",)
    classes: int = 3


def detections(*rows: tuple[float, float, float, float, float, int]) -> Detections:
    """From x1, y1, x2, y2, score, class."""
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, :4], table[:, 4], table[:, 5].astype(np.int32))


def _classes(*rows: tuple[float, int]) -> Classification:
    scores, class_ids = zip(*rows, strict=True)
    return Classification(np.array(scores, np.float32), np.array(class_ids, np.int32))


def frame(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Slopes of color, which JPEG keeps well."""
    rows, columns = np.mgrid[:height, :width]
    planes = (columns * 200 // width + 30, rows * 200 // height + 30, np.full_like(rows, 90))
    return np.stack(planes, axis=-1).astype(np.uint8)


def detection(folder: Path) -> Conversion:
    """A conversion of a detector with a suppression that was cut out, annotations, and two
    pictures: one on which both models agree, and one on which the bundle does not find the
    square."""
    circle, square, faint = (
        (20, 30, 90, 100, 0.91, 0),
        (200, 120, 280, 200, 0.83, 1),
        (120, 20, 160, 60, 0.12, 2),
    )
    verification = Verification(
        task=DETECTION,
        tensors=(TensorParity("output_0", 1.25e-5, 636.5, 0.9999998),),
        candidates=(
            TensorParity("scores", 3.5e-7, 0.9312, 0.9999999),
            TensorParity("boxes", 4.75e-4, 639.25, 0.9999997),
        ),
        agreement=Agreement(31, 1234, 1229, 3, 2, 0.9998, 0.98765, 4.5e-4),
        images=31,
        synthetic=False,
        suppression=SourceSuppression(87, 86),
        before=Accuracy(31, 0.7125, 0.5124),
        after=Accuracy(31, 0.7113, 0.5131),
        pictures=(
            Picture("same.png", frame(), detections(circle, square), detections(circle, square)),
            Picture("other.png", frame(), detections(circle, square, faint), detections(circle)),
        ),
        milliseconds={"TensorFlow": 61.25, "ONNX Runtime": 24.5},
    )
    return _conversion(folder, verification, refusals=(GRID_SAMPLE,))


def classification(folder: Path) -> Conversion:
    """A conversion of a classifier, on made-up images."""
    first = _classes((0.875, 2), (0.1, 0), (0.025, 1))
    second = _classes((0.625, 0), (0.3, 2), (0.075, 1))
    verification = Verification(
        task=CLASSIFICATION,
        tensors=(TensorParity("probabilities", 0.0, 1.0, 1.0),),
        candidates=(TensorParity("scores", 2.5e-7, 0.875, 1.0),),
        agreement=ClassAgreement(8, 8, 2.5e-7),
        images=8,
        synthetic=True,
        pictures=(
            Picture("one", frame(), first, first),
            Picture("two", frame(), first, second),
        ),
        milliseconds={"TensorFlow": 12.5, "ONNX Runtime": 6.25},
    )
    return _conversion(folder, verification)


def segmentation(folder: Path) -> Conversion:
    """A conversion of a segmenter: in the second picture a corner has another class."""
    whole = np.zeros((HEIGHT, WIDTH), np.uint8)
    whole[:, WIDTH // 2 :] = 1
    corner = whole.copy()
    corner[200:, 280:] = 2
    verification = Verification(
        task=SEGMENTATION,
        tensors=(TensorParity("logits", 2.25e-5, 17.5, 0.9999996),),
        candidates=(TensorParity("class_map", 0.0, 2.0, 1.0),),
        agreement=ClassAgreement(1_200_000, 1_199_999),
        images=5,
        synthetic=False,
        pictures=(
            Picture("same.jpg", frame(), Segmentation(whole), Segmentation(whole)),
            Picture("other.jpg", frame(), Segmentation(whole), Segmentation(corner)),
        ),
    )
    return _conversion(folder, verification)


def fp16(**changes: Any) -> PrecisionResult:
    """The result of the detector, against annotations: it passes."""
    measured = PrecisionMeasurement(
        images=40,
        agreement=Agreement(40, 1240, 1239, 1, 0, 0.9987, 0.9712, 2.5e-3),
        of_fp32=Accuracy(40, 0.9996, 0.9952),
        fp32=Accuracy(40, 0.7125, 0.5124),
        accuracy=Accuracy(40, 0.7121, 0.5127),
        milliseconds={"fp32": 24.5, "fp16": 41.75},
    )
    return replace(PrecisionResult("fp16", 0.005, 11_732_000, measured), **changes)


def int8(**changes: Any) -> PrecisionResult:
    """The result of the detector, against annotations: it loses 0.0313 of at most 0.01, and in
    its one picture it does not find the square."""
    circle, square = (20, 30, 90, 100, 0.91, 0), (200, 120, 280, 200, 0.83, 1)
    measured = PrecisionMeasurement(
        images=40,
        agreement=Agreement(40, 1240, 1201, 39, 17, 0.9581, 0.5123, 0.3125),
        of_fp32=Accuracy(40, 0.9625, 0.9125),
        fp32=Accuracy(40, 0.7125, 0.5124),
        accuracy=Accuracy(40, 0.6925, 0.4811),
        milliseconds={"fp32": 22.0, "int8": 30.25},
        pictures=(Picture("worst.png", frame(), detections(circle, square), detections(circle)),),
    )
    result = PrecisionResult(
        "int8",
        0.01,
        6_012_000,
        measured,
        kept=(KeptLayer("head/softmax", "its outputs need more than 8 bits"),),
        calibration=Calibration("minmax", 120, HASH),
        sensitivities=(
            Sensitivity("stem/conv", 0.08),
            Sensitivity("head/softmax", 0.02),
            Sensitivity("neck/conv", 0.004),
        ),
    )
    return replace(result, **changes)


def of_classes(precision: str, agreement: ClassAgreement) -> PrecisionResult:
    """The result of a classifier or a segmenter."""
    times = {"fp32": 6.25, precision: 9.5}
    measured = PrecisionMeasurement(8, agreement, None, None, None, times)
    return PrecisionResult(precision, 0.02, 9_000_000, measured)


def _conversion(
    folder: Path, verification: Verification, refusals: tuple[Refusal, ...] = ()
) -> Conversion:
    cut = Suppression("CombinedNonMaxSuppression", 0.25, 0.625)
    head = cast(base.Head, Head(verification.task))
    return Conversion(
        bundle=folder / "bundles" / "shapes",
        bytes=FP32_BYTES,
        source=_source(folder),
        labels=LABELS,
        export=_export(folder, cut if verification.suppression else None),
        preprocessing=Preprocessing(
            Pixels("bgr", 1 / 127.5, (1.0, 1.0, 1.0), (0.25, 0.5, 0.75)), Fitting()
        ),
        recognised=Recognised(head, "output_0 has rows of 4 + 3 numbers"),
        operators={"Conv": 57, "Sigmoid": 19, "GridSample": 2},
        refusals=refusals,
        verification=verification,
    )


def _source(folder: Path) -> Source:
    image = ImageInput("images", "float32", "NHWC", 3, 480, 640, -1, 4)
    signature = Signature(
        "serving_default",
        (Tensor("images", "float32", (-1, 480, 640, 3)),),
        (Tensor("output_0", "float32", (-1, 7, 8400)),),
    )
    saved_model = SavedModel(
        folder / "models" / "trained_shapes", "2.17.1", ("serve",), {signature.name: signature}
    )
    return Source(saved_model, signature, image)


def _export(folder: Path, cut: Suppression | None) -> Export:
    graph = onnx.helper.make_graph([], "network", [], [])
    opsets = [onnx.helper.make_opsetid("ai.onnx.ml", 3), onnx.helper.make_opsetid("", 17)]
    answer = ExportAnswer(
        notes=("output names is left out: it gives texts",),
        suppression=cut,
        seconds={"load, flatten and freeze": 8.5, "tf2onnx": 21.75},
        peak_bytes=3_140_000_000,
    )
    return Export(
        onnx.helper.make_model(graph, opset_imports=opsets), folder / "scratch", answer, 34.5
    )
