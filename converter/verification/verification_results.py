"""The results of a verification, as plain figures."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from converter.comparison.agreement import Agreement, ClassAgreement, RowAgreement, TensorParity
from converter.comparison.annotated_accuracy import AnyAccuracy
from converter.verification.choose_candidates import CandidateChoice
from converter.verification.count_candidates import CandidateCount
from trt_inference.inference.results import Result


@dataclass(frozen=True)
class SourceSuppression:
    """The model's own suppression against what replaces it, at the thresholds of the model.

    Attributes:
        detections: that the SavedModel itself gives.
        found: how many of them are among the boxes and scores that enter its suppression.
        published: what the robot lets through at the same thresholds.
        extra: how many of these the SavedModel neither gives nor suppresses by one that it gives.
        further_classes: of those that are found, how many are of another class than the best of
            their box, which the robot leaves out.
        class_blind: images on which it is not known which number means which class.
        unread: images on which its own detections could not be read.
    """

    detections: int
    found: int
    published: int = 0
    extra: int = 0
    further_classes: int = 0
    class_blind: int = 0
    unread: int = 0

    def __add__(self, other: SourceSuppression) -> SourceSuppression:
        """Of more images."""
        added = (getattr(self, one.name) + getattr(other, one.name) for one in fields(self))
        return SourceSuppression(*added)


@dataclass(frozen=True)
class Rounding:
    """The source model in its own narrow float type against the same network in float32, both in
    TensorFlow.

    Attributes:
        tensors: outputs that the head reads.
        rows: of them, where rows were compared as sets.
        pixels: of a class map; None for other tasks.
    """

    tensors: tuple[TensorParity, ...]
    rows: RowAgreement | None = None
    pixels: ClassAgreement | None = None


@dataclass(frozen=True)
class Picture:
    """One image with what TensorFlow and the bundle find in it."""

    name: str
    frame: np.ndarray
    expected: Result
    found: Result


@dataclass(frozen=True)
class TrainedAgreement:
    """One precision of a bundle against the model that a quantization-aware training has trained,
    with its FakeQuant nodes, in TensorFlow.

    Attributes:
        precision: its name.
        agreement: on detections, or on classes.
        accuracy: of the precision, by the annotations of the same images; None without.
    """

    precision: str
    agreement: Agreement | ClassAgreement
    accuracy: AnyAccuracy | None = None


@dataclass(frozen=True)
class TrainedComparison:
    """The trained model in TensorFlow, and how far each precision is from it.

    Attributes:
        images: how many.
        accuracy: of the trained model by the annotations; None without.
        precisions: of the bundle, fp32 first.
    """

    images: int
    accuracy: AnyAccuracy | None
    precisions: tuple[TrainedAgreement, ...]


@dataclass(frozen=True)
class Verification:
    """What was compared and measured.

    Attributes:
        task: of the head.
        tensors: outputs of the network that the head reads.
        candidates: outputs of the bundle.
        count: what K candidates lose of all boxes; None where they are all boxes, or no boxes.
        choice: why there are K.
        tensor_rows, candidate_rows: of both, where rows were compared as sets.
        agreement: on detections, or on classes of images or pixels.
        suppression: of a source model whose suppression was cut out.
        before, after: accuracies, None without annotations.
        images: how many.
        synthetic: the images were made up.
        pictures: the first ones.
        float_type: in which the source model computes.
        widened: that is narrower than float32, and everything but ``rounding`` was compared with
            the network in float32 in TensorFlow.
        rounding: what the narrow type changes; None where it is not narrow, or its outputs are not
            those that the head reads.
        fake_quants: how many FakeQuant nodes the source model was run without.
        milliseconds: medians of one image in TensorFlow, and of the bundle's engine here.
    """

    task: str
    tensors: tuple[TensorParity, ...]
    candidates: tuple[TensorParity, ...]
    agreement: Agreement | ClassAgreement
    images: int
    synthetic: bool
    suppression: SourceSuppression | None = None
    before: AnyAccuracy | None = None
    after: AnyAccuracy | None = None
    pictures: tuple[Picture, ...] = ()
    float_type: str = "float32"
    milliseconds: dict[str, float] = field(default_factory=dict)
    tensor_rows: RowAgreement | None = None
    candidate_rows: RowAgreement | None = None
    count: CandidateCount | None = None
    choice: CandidateChoice | None = None
    widened: bool = False
    rounding: Rounding | None = None
    fake_quants: int = 0
