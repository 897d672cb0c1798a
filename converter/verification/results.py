"""What was measured, as plain figures."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from converter.verification.accuracy import Accuracy
from converter.verification.agreement import Agreement, TensorParity
from converter.verification.tolerance import TOLERANCES
from trt_inference.results import Result


@dataclass(frozen=True)
class ClassAgreement:
    """How often both models say the same class: of images, or of pixels.

    Attributes:
        compared: images or pixels, those left out where two classes tie.
        same: how many of them have the same best class.
        largest_score_difference: of the best class's scores.
        least: the fraction that is enough.
    """

    compared: int
    same: int
    largest_score_difference: float = 0.0
    least: float = TOLERANCES["float32"].same_class

    @property
    def is_same(self) -> bool:
        """Whether both say the same but where two classes tie."""
        return self.fraction >= self.least

    @property
    def fraction(self) -> float:
        """``same`` as a fraction."""
        return self.same / self.compared if self.compared else 1.0


@dataclass(frozen=True)
class SourceSuppression:
    """Detections that the SavedModel's own suppression let through, and how many of them are
    among the boxes and scores that replace it."""

    detections: int
    found: int


@dataclass(frozen=True)
class Picture:
    """One image with what TensorFlow and the bundle find in it."""

    name: str
    frame: np.ndarray
    expected: Result
    found: Result


@dataclass(frozen=True)
class Verification:
    """What was compared and measured.

    Attributes:
        task: of the head.
        tensors: outputs of the network that the head reads.
        candidates: outputs of the bundle.
        agreement: on detections, or on classes of images or pixels.
        suppression: of a source model whose suppression was cut out.
        before, after: accuracies, None without annotations.
        images: how many.
        synthetic: the images were made up.
        pictures: the first ones.
        float_type: the narrowest in which the source model computes.
        milliseconds: medians of one image in TensorFlow, and of the bundle's engine here.
    """

    task: str
    tensors: tuple[TensorParity, ...]
    candidates: tuple[TensorParity, ...]
    agreement: Agreement | ClassAgreement
    images: int
    synthetic: bool
    suppression: SourceSuppression | None = None
    before: Accuracy | None = None
    after: Accuracy | None = None
    pictures: tuple[Picture, ...] = ()
    float_type: str = "float32"
    milliseconds: dict[str, float] = field(default_factory=dict)
