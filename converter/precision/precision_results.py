"""What was measured of precisions, as plain figures."""

from __future__ import annotations

from dataclasses import dataclass

from converter.comparison.accuracy import Accuracy
from converter.comparison.agreement import Agreement, ClassAgreement
from converter.comparison.annotated_accuracy import AnyAccuracy, accuracy_drop
from converter.verification.verification_results import Picture

# The part of fp32's published detections that may be missing, and that may be new. mAP ranks
# scores and does not see whether they reach the threshold, and it sees nothing where annotations
# do not fit or name no class.
MOST_CHANGED = 0.05
_ROUNDING = 1e-9  # of the difference of two fractions


@dataclass(frozen=True)
class KeptLayer:
    """A layer of the network that stays in float32, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Sensitivity:
    """The error of one layer alone when nothing else is narrowed.

    ``error`` is the root mean square difference of boxes and scores (or of what a class map is
    made from) from those of fp32, as a fraction of their own; the worse of them counts.
    """

    layer: str
    error: float


@dataclass(frozen=True)
class Calibration:
    """How ranges were found.

    Attributes:
        method: ``minmax``, ``entropy`` or ``percentile``.
        images: how many.
        sha256: of the pixels that the engine was given, in their order, by the robot's own
            preprocessing.
    """

    method: str
    images: int
    sha256: str


@dataclass(frozen=True)
class TrainedRanges:
    """What int8 has of quantization-aware training.

    Attributes:
        activations: how many have the range that training found.
        calibrated: how many have not, and were calibrated.
        weights: how many layers have the very numbers that training rounded their weights to.
        asymmetric: activations whose numbers no int8 around 0 has, as 0 to 6 in 255 steps: they
            are rounded more coarsely, within the same range.
        example: the widest of these ranges, low and high; None where there is none.
        error: the root mean square difference that this makes of boxes and scores (or of what a
            class map is made from) from those with the numbers of the training, as a fraction of
            their own; the worse of them counts. None where nothing is asymmetric.
    """

    activations: int
    calibrated: int
    weights: int
    asymmetric: int
    example: tuple[float, float] | None = None
    error: float | None = None


@dataclass(frozen=True)
class PrecisionMeasurement:
    """One precision against fp32 on images that it was not calibrated on.

    Attributes:
        images: how many.
        agreement: with fp32, on detections (those that a robot would publish), or on classes.
        of_fp32: for detection, mAP with fp32's published detections as the truth; fp32 has 1.
        fp32, accuracy: of fp32 and of this precision against annotations, on the same images;
            None without annotations.
        milliseconds: medians of one image by ONNX Runtime here: ``fp32``, and this precision.
        pictures: those on which the two differ most; ``expected`` is fp32's.
    """

    images: int
    agreement: Agreement | ClassAgreement
    of_fp32: Accuracy | None
    fp32: AnyAccuracy | None
    accuracy: AnyAccuracy | None
    milliseconds: dict[str, float]
    pictures: tuple[Picture, ...] = ()

    @property
    def loss(self) -> float:
        """What the limit is compared with. With annotations, the larger drop of mAP@0.5 and
        mAP@[.5:.95], or that of top-1 accuracy; without, what mAP@0.5 lacks when fp32's detections
        are the truth; for other tasks, the part of images or pixels that get another class than by
        fp32."""
        if self.fp32 is not None and self.accuracy is not None and self.is_annotated:
            return accuracy_drop(self.fp32, self.accuracy)
        if self.of_fp32 is not None:
            return 1 - self.of_fp32.map_50
        if isinstance(self.agreement, ClassAgreement):
            return 1 - self.agreement.fraction
        raise ValueError("detections were measured without fp32's as the truth")

    @property
    def is_annotated(self) -> bool:
        """Whether annotations judge. Classes that fp32 itself hardly meets do not: a precision
        that gives any class would lose nothing by them."""
        if self.fp32 is None or self.accuracy is None:
            return False
        return isinstance(self.fp32, Accuracy) or not self.fp32.is_low

    def is_within(self, limit: float) -> bool:
        """Whether this is good enough. One classified image may always get another class: fewer
        than ``1 / limit`` images cannot show less."""
        found, one = self.agreement, 0.0
        if isinstance(found, ClassAgreement) and found.compared:
            one = (1 + _ROUNDING) / found.compared
        return self.loss <= max(limit, one) and self.changed <= MOST_CHANGED

    @property
    def changed(self) -> float:
        """The part of fp32's published detections that is missing, or that is new beside them,
        whichever is more; 0 for other tasks."""
        found = self.agreement
        if not isinstance(found, Agreement):
            return 0.0
        return max(found.missing, found.extra) / max(found.detections, 1)


@dataclass(frozen=True)
class PrecisionResult:
    """One precision: what it is like, and whether it is good enough for the bundle.

    Attributes:
        precision: its name.
        limit: the largest loss that is accepted.
        bytes: of its files.
        kept: layers that stay in float32 beside the stages and the head.
        calibration: how its ranges were found, where it has any.
        sensitivities: of single layers, the most sensitive first; empty where nobody asked.
        trained: what of a quantization-aware training is in it, where there was one.
    """

    precision: str
    limit: float
    bytes: int
    measured: PrecisionMeasurement
    kept: tuple[KeptLayer, ...] = ()
    calibration: Calibration | None = None
    sensitivities: tuple[Sensitivity, ...] = ()
    trained: TrainedRanges | None = None

    @property
    def passed(self) -> bool:
        """Whether it goes into the bundle."""
        return self.measured.is_within(self.limit)


@dataclass(frozen=True)
class Precisions:
    """The precisions that were made of one bundle.

    Attributes:
        results: of each precision that could be made.
        notes: what the user should know of the images.
        failures: why others could not be made.
        kept: precisions that did not pass, of which the bundle keeps the file and the figures of
            an earlier run.
        own: the one in which the model computes itself, where nobody asked for it: that it did not
            pass is no failure.
    """

    results: tuple[PrecisionResult, ...]
    notes: tuple[str, ...]
    failures: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    own: str = ""
