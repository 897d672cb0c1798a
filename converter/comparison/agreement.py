"""How well two models agree: on tensors, and on the detections of the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from converter.comparison.tolerance import TOLERANCES
from trt_inference.inference.detections import Detections
from trt_inference.inference.geometry import pairwise_iou
from trt_inference.inference.results import Result, Segmentation

# Two boxes are of the same object from this IoU on.
MATCH_IOU = 0.5
# Boxes whose IoU differ by less are at one place.
SAME_PLACE = 1e-3
# Detections this near to the threshold may fall on either side of it.
SCORE_MARGIN = 0.01
# Tensors that differ by less are equal, and where both are all but zero have no direction.
ROUNDING = 1e-6


@dataclass(frozen=True)
class TensorParity:
    """One output over all images: the largest absolute difference, the largest absolute value
    of the reference, and the smallest cosine similarity of an image."""

    name: str
    max_abs: float
    magnitude: float
    cosine: float

    @property
    def relative(self) -> float:
        """``max_abs`` as a fraction of the magnitude, or of 1 where that is less."""
        return self.max_abs / max(1.0, self.magnitude)


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
    """One output over all images. NaN in any of them stays NaN."""
    return TensorParity(
        name=parities[0].name,
        max_abs=float(np.max([parity.max_abs for parity in parities])),
        magnitude=float(np.max([parity.magnitude for parity in parities])),
        cosine=float(np.min([parity.cosine for parity in parities])),
    )


def candidate_parity(
    reference: Mapping[str, np.ndarray], candidate: Mapping[str, np.ndarray], clear: np.ndarray
) -> tuple[TensorParity, ...]:
    """Compare the candidates of one image, whatever their scores.

    Args:
        reference: ``boxes [K, 4]``, ``scores [K]`` falling, ``classes [K]``.
        candidate: the same of the other model.
        clear: bool ``[K]``, False where another score is so near that either may come first.
            There, only the scores are compared.
    """
    other_class = (reference["classes"] != candidate["classes"])[clear]
    return (
        tensor_parity("scores", reference["scores"], candidate["scores"]),
        tensor_parity("boxes", reference["boxes"][clear], candidate["boxes"][clear]),
        tensor_parity("classes", np.zeros(len(other_class)), other_class),
    )


@dataclass(frozen=True)
class Agreement:
    """Detections of a candidate against those of a reference, over all images.

    ``missing`` are those of the reference that the candidate has not, ``extra`` the reverse.
    """

    images: int
    detections: int
    matched: int
    missing: int
    extra: int
    mean_iou: float
    lowest_iou: float
    largest_score_difference: float


def agreement(
    wanted: Sequence[tuple[Detections, Detections]],
    given: Sequence[tuple[Detections, Detections]],
    threshold: float,
) -> Agreement:
    """Compare detections of the same images, found at ``threshold``.

    Args:
        wanted: for each image the reference's detections, and the candidate's to find them in.
        given: for each image the candidate's detections, and the reference's to find them in.
    """
    ious: list[float] = []
    score_differences: list[float] = []
    missing = extra = 0
    for reference, candidate in wanted:
        rows, columns, overlaps = match(reference, candidate)
        ious.extend(overlaps.tolist())
        score_differences.extend(
            np.abs(reference.scores[rows] - candidate.scores[columns]).tolist()
        )
        missing += _unmatched(reference, rows, threshold)
    for candidate, reference in given:
        extra += _unmatched(candidate, match(candidate, reference)[0], threshold)
    return Agreement(
        images=len(wanted),
        detections=sum(len(reference) for reference, _ in wanted),
        matched=len(ious),
        missing=missing,
        extra=extra,
        mean_iou=float(np.mean(ious)) if ious else 1.0,
        lowest_iou=min(ious, default=1.0),
        largest_score_difference=max(score_differences, default=0.0),
    )


def match(
    reference: Detections, candidate: Detections, least_iou: float = MATCH_IOU
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pair detections of the same class, the best overlap first, each at most once. Of boxes that
    lie at one place, as those that reach beyond the image do, the one with the nearest score.

    Returns:
        Indices into ``reference``, indices into ``candidate``, and their IoU, ``[m]`` each.
    """
    overlaps = pairwise_iou(reference.xyxy, candidate.xyxy)
    overlaps[reference.class_ids[:, None] != candidate.class_ids[None, :]] = 0
    distances = np.abs(reference.scores[:, None] - candidate.scores[None, :])
    preferences = np.where(overlaps >= least_iou, overlaps - SAME_PLACE * distances, -np.inf)
    rows, columns, values = [], [], []
    while preferences.size and np.isfinite(preferences.max()):
        row, column = np.unravel_index(preferences.argmax(), preferences.shape)
        rows.append(row)
        columns.append(column)
        values.append(overlaps[row, column])
        preferences[row, :] = preferences[:, column] = -np.inf
    return np.array(rows, int), np.array(columns, int), np.array(values, float)


def _unmatched(detections: Detections, matched: np.ndarray, threshold: float) -> int:
    """How many are not matched, leaving out those at the threshold."""
    alone = np.delete(detections.scores, matched)
    return int((alone >= threshold + SCORE_MARGIN).sum())


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


def kept(result: Result) -> Result:
    """A result that the next image does not overwrite."""
    return Segmentation(result.class_map.copy()) if isinstance(result, Segmentation) else result


def at_least(score: float, detections: Detections) -> Detections:
    """Those with that score or a better one."""
    return detections[detections.scores >= score]
