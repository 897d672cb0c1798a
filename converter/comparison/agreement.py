"""How well two models agree, as plain figures: on tensors, on detections, on classes."""

from dataclasses import dataclass
from typing import Optional, Sequence

import numpy as np

from converter.comparison.tolerance import TOLERANCES, Tolerance
from trt_inference.inference.results import Result, Segmentation

# Tensors that differ by less are equal, and where both are all but zero have no direction.
ROUNDING = 1e-6


@dataclass(frozen=True)
class TensorParity:
    """The parity of one output over all images: the largest absolute difference, the largest
    absolute value of the reference, and the smallest cosine similarity of an image."""

    name: str
    max_abs: float
    magnitude: float
    cosine: float

    @property
    def relative(self) -> float:
        """``max_abs`` as a fraction of the magnitude, or of 1 where that is less."""
        return self.max_abs / max(1.0, self.magnitude)

    def is_within(self, tolerance: Tolerance) -> bool:
        """Whether rounding explains the difference. NaN and infinity are never within."""
        return bool(self.relative <= tolerance.relative and self.cosine >= tolerance.cosine)


def tensor_parity(name: str, reference: np.ndarray, candidate: np.ndarray) -> TensorParity:
    """Compare one output for one image. NaN counts as an infinite difference."""
    a, b = reference.ravel().astype(np.float64), candidate.ravel().astype(np.float64)
    with np.errstate(invalid="ignore"):  # infinity less infinity, which is reported
        difference = np.nan_to_num(np.abs(a - b).max(initial=0), nan=np.inf, posinf=np.inf)
        norms = np.linalg.norm(a) * np.linalg.norm(b)
        cosine = a @ b / norms if norms else 0.0
    if difference <= ROUNDING:
        cosine = 1.0
    return TensorParity(name, float(difference), float(np.abs(a).max(initial=0)), float(cosine))


def worst(parities: Sequence[TensorParity]) -> TensorParity:
    """Combine the parities of one output for all images. NaN in any of them stays NaN."""
    return TensorParity(
        name=parities[0].name,
        max_abs=float(np.max([parity.max_abs for parity in parities])),
        magnitude=float(np.max([parity.magnitude for parity in parities])),
        cosine=float(np.min([parity.cosine for parity in parities])),
    )


@dataclass(frozen=True)
class RowAgreement:
    """Rows of boxes, scores and classes that were compared as sets, over all images.

    Rows whose score is zero but for rounding are not counted: they fill lists up.

    Attributes:
        rows: of the reference.
        moved: how many of them are at another place in the candidate.
        undecided: rows of either side that the other lacks because rounding decides which of
            several are in the list, as of those with the score of the last row.
        unlike: rows of either side that the other lacks for no such reason.
        example: one of the unlike rows, in words.
    """

    rows: int = 0
    moved: int = 0
    undecided: int = 0
    unlike: int = 0
    example: str = ""

    def plus(self, other: "RowAgreement") -> "RowAgreement":
        """Return the sums, with the first example."""
        return RowAgreement(
            self.rows + other.rows,
            self.moved + other.moved,
            self.undecided + other.undecided,
            self.unlike + other.unlike,
            self.example or other.example,
        )


@dataclass(frozen=True)
class Agreement:
    """Detections of a candidate against those of a reference, over all images.

    ``missing`` detections are the reference's that the candidate lacks, ``extra`` the reverse.
    ``cut_off`` are those that one side lacks because its list of candidates ends before them, or
    at their score.
    """

    images: int
    detections: int
    matched: int
    missing: int
    extra: int
    mean_iou: float
    lowest_iou: float
    largest_score_difference: float
    cut_off: int = 0


@dataclass(frozen=True)
class ClassAgreement:
    """How often both models give the same class to an image, or to a pixel.

    Attributes:
        compared: how many images or pixels.
        same: how many of them have the same best class, those included where two classes tie.
        largest_score_difference: between the scores of the best classes; None for class maps,
            which have no scores.
        least: the fraction that is enough.
    """

    compared: int
    same: int
    largest_score_difference: Optional[float] = None
    least: float = TOLERANCES["float32"].same_class

    @property
    def is_same(self) -> bool:
        """Whether enough of them have the same class: in the others two classes tie."""
        return self.fraction >= self.least

    @property
    def fraction(self) -> float:
        """``same`` as a fraction."""
        return self.same / self.compared if self.compared else 1.0


def kept(result: Result) -> Result:
    """Return the result in arrays that the next image does not overwrite."""
    return Segmentation(result.class_map.copy()) if isinstance(result, Segmentation) else result
