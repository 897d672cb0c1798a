"""What every comparison of two models does, whatever their task: the base class of the tasks.

The converter compares a bundle with TensorFlow, a precision with fp32, and a TensorRT engine with
its ONNX model. Each of the three runs two models on the same images and hands their outputs over.
"""

import functools
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from converter.comparison.accuracy import ACCURACY_THRESHOLDS
from converter.comparison.agreement import (
    Agreement,
    ClassAgreement,
    RowAgreement,
    TensorParity,
    tensor_parity,
    worst,
)
from converter.comparison.match_rows import DetectionRows
from converter.comparison.tolerance import TOLERANCES, Tolerance
from trt_inference.bundles.bundle import Thresholds
from trt_inference.bundles.names import SCORES
from trt_inference.inference.results import Result

# Of one image, by name: without the axis of the batch.
Outputs = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class ImageFindings:
    """What one model finds in one image.

    Attributes:
        published: what a robot would publish.
        pool: what that is chosen from, in which the other model's results are looked for.
        tied: whether two classes share the best score but for rounding, so that either may win.
        cut: the score up to which the model may have cut off what it would have published, such
            as the best boxes have that are not among its K candidates; minus infinity where
            nothing is cut off.
    """

    published: Result
    pool: Result
    tied: bool = False
    cut: float = -np.inf


@dataclass(frozen=True)
class Choice:
    """How a network has chosen the boxes that it gives.

    Attributes:
        is_whole: whether they are all that there are, so that none was cut off.
        is_hidden: whether it chooses by what its outputs do not show, as by overlaps in a
            suppression inside, so that rounding may exchange boxes of any score.
    """

    is_whole: bool = True
    is_hidden: bool = False


@dataclass(frozen=True)
class Ranked:
    """The outputs that a bundle gives for what a head decodes, in NumPy.

    Attributes:
        outputs: of one image, by name.
        clear: bool ``[K]``, False where another score is so near that rounding may exchange the
            two; None where the outputs have no scores, or are compared as sets.
        rows: all boxes from which the K were chosen, for tasks whose outputs are compared as sets.
        choice: how the network has chosen ``rows``.
    """

    outputs: Outputs
    clear: Optional[np.ndarray] = None
    rows: Optional[DetectionRows] = None
    choice: Choice = Choice()

    @property
    def tied(self) -> bool:
        """Whether rounding decides what comes first."""
        return self.clear is not None and not self.clear[:1].all()


@dataclass(frozen=True)
class Parity:
    """The parity of each output for one image, and of their rows where they were compared as
    sets."""

    tensors: Tuple[TensorParity, ...]
    rows: Optional[RowAgreement] = None


def worst_of_each(parities: Sequence[Parity]) -> Tuple[TensorParity, ...]:
    """Combine the parities of all images for each output."""
    return tuple(worst(one) for one in zip(*(image.tensors for image in parities)))


def all_rows(parities: Sequence[Parity]) -> Optional[RowAgreement]:
    """Return the sums over all images; None where no rows were compared as sets."""
    known = [one.rows for one in parities if one.rows is not None]
    return functools.reduce(RowAgreement.plus, known) if known else None


Pairs = Sequence[Tuple[ImageFindings, ImageFindings]]


class TaskComparison(ABC):
    """Compares the results of two models of one task.

    Attributes:
        thresholds: with which detectors run, so that a comparison sees all that it needs.
        has_scores: whether the outputs are candidates, in the order of their scores. Other outputs
            are whole numbers, which only ``agree`` can judge.
    """

    thresholds: Thresholds = ACCURACY_THRESHOLDS
    has_scores: bool = True

    @abstractmethod
    def rank(self, decoded: Outputs, count: int, gap: float, each_class: bool = False) -> Ranked:
        """Do in NumPy what the output stage does in the bundle.

        Args:
            decoded: what a head decodes from one image, by the names in ``DECODED``.
            count: K, how many candidates the bundle gives.
            gap: scores that are no further apart may change places.
            each_class: a box is given once for each of its classes.
        """

    def as_ranked(self, outputs: Outputs, gap: float) -> Ranked:
        """Return the outputs of a bundle as a reference. The last candidate is never clear,
        because the score that follows it is not known."""
        if not self.has_scores:
            return Ranked(outputs)
        return Ranked(outputs, far_apart(outputs[SCORES], gap, after=float(outputs[SCORES][-1])))

    def parity(self, reference: Ranked, candidate: Outputs, tolerance: Tolerance) -> Parity:
        """Compare the outputs for one image, in the order of the reference's. Of candidates that
        are not clear only the scores are compared."""
        clear = reference.clear
        return Parity(
            tuple(
                output_parity(name, wanted, candidate[name], None if name == SCORES else clear)
                for name, wanted in reference.outputs.items()
            )
        )

    def found(
        self,
        outputs: Outputs,
        published: Result,
        pool: Result,
        tied: bool = False,
        cut: float = -np.inf,
    ) -> ImageFindings:
        """Keep what ``agree`` needs to know about one image.

        Args:
            outputs: of the model; they are not kept.
            published, pool, tied, cut: see ``ImageFindings``.
        """
        return ImageFindings(published, pool, tied, cut)

    def publish_at(self, defaults: Thresholds) -> Thresholds:
        """Return the thresholds with which results are published for the comparison.

        Args:
            defaults: of the bundle.
        """
        return defaults

    def publish(self, result: Result, threshold: float) -> Result:
        """Return the part of a result that a robot publishes with this score threshold."""
        return result

    def keep(self, result: Result) -> Result:
        """Return what is kept of a result, whose arrays the next image may overwrite."""
        return result

    @abstractmethod
    def agree(
        self, pairs: Pairs, threshold: float, least: float = TOLERANCES["float32"].same_class
    ) -> Union[Agreement, ClassAgreement]:
        """Compare the results over all images.

        Args:
            pairs: for each image what the reference finds, and what the candidate finds.
            threshold: the score from which a robot publishes detections.
            least: the fraction of images or pixels whose class must be the same.
        """

    @abstractmethod
    def differ(self, wanted: Result, given: Result, threshold: float) -> float:
        """Measure how much the results of one image differ, on one scale for all images."""

    @abstractmethod
    def classes(self, result: Result, threshold: float) -> np.ndarray:
        """Return the numbers of the classes that a robot would show."""


def far_apart(falling: np.ndarray, gap: float, after: float) -> np.ndarray:
    """Find the scores that are further than ``gap`` from their neighbours.

    Args:
        falling: scores ``[K]``, the best first.
        after: the score that follows the last one.

    Returns:
        bool ``[K]``.
    """
    steps = -np.diff(falling.astype(np.float64), prepend=np.inf, append=after)
    apart: np.ndarray = np.minimum(steps[:-1], steps[1:]) > gap
    return apart


def end_of(outputs: Outputs, gap: float) -> float:
    """Return the score up to which a full list of candidates may have cut others off; minus
    infinity where there are none."""
    return float(outputs[SCORES][-1]) + gap if SCORES in outputs else -np.inf


def output_parity(
    name: str, wanted: np.ndarray, given: np.ndarray, clear: Optional[np.ndarray] = None
) -> TensorParity:
    """Compare one output of a bundle for one image; of classes, 1 is another class.

    Args:
        clear: bool ``[K]``, the candidates that are compared; None for all.
    """
    if clear is not None:
        wanted, given = wanted[clear], given[clear]
    if not np.issubdtype(wanted.dtype, np.floating):  # classes have no distances
        wanted, given = np.zeros(wanted.shape), (wanted != given).astype(np.float32)
    return tensor_parity(name, wanted, given)
