"""What every comparison of two models does, whatever their task: the base class of the tasks.

The converter compares a bundle with TensorFlow, a precision with fp32, and a TensorRT engine with
its ONNX model. Each of the three runs two models on the same images and hands their outputs over.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from converter.comparison.accuracy import ACCURACY_THRESHOLDS
from converter.comparison.agreement import Agreement, ClassAgreement, TensorParity, tensor_parity
from converter.comparison.tolerance import TOLERANCES
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
    """

    published: Result
    pool: Result
    tied: bool = False


@dataclass(frozen=True)
class Ranked:
    """The outputs that a bundle gives for what a head decodes, in NumPy.

    Attributes:
        outputs: of one image, by name.
        clear: bool ``[K]``, False where another score is so near that rounding may exchange the
            two; None where the outputs have no scores.
    """

    outputs: Outputs
    clear: Optional[np.ndarray]

    @property
    def tied(self) -> bool:
        """Whether rounding decides what comes first."""
        return self.clear is not None and not self.clear[:1].all()


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
    def rank(self, decoded: Outputs, count: int, gap: float) -> Ranked:
        """Do in NumPy what the output stage does in the bundle.

        Args:
            decoded: what a head decodes from one image, by the names in ``DECODED``.
            count: K, how many candidates the bundle gives.
            gap: scores that are no further apart may change places.
        """

    def clear(self, outputs: Outputs, gap: float) -> Optional[np.ndarray]:
        """Find the candidates (bool ``[K]``) that rounding cannot exchange. The last one is never
        clear, because the score that follows it is not known. None without scores."""
        if not self.has_scores:
            return None
        return far_apart(outputs[SCORES], gap, after=float(outputs[SCORES][-1]))

    def parity(
        self, reference: Outputs, candidate: Outputs, clear: Optional[np.ndarray]
    ) -> Tuple[TensorParity, ...]:
        """Compare the outputs for one image, in the order of ``reference``.

        Args:
            clear: bool ``[K]``: of the other candidates only the scores are compared.
        """
        return tuple(
            _parity(name, reference[name], candidate[name], None if name == SCORES else clear)
            for name in reference
        )

    def found(
        self, outputs: Outputs, published: Result, pool: Result, tied: bool = False
    ) -> ImageFindings:
        """Keep what ``agree`` needs to know about one image.

        Args:
            outputs: of the model; they are not kept.
            published, pool, tied: see ``ImageFindings``.
        """
        return ImageFindings(published, pool, tied)

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


def _parity(
    name: str, wanted: np.ndarray, given: np.ndarray, clear: Optional[np.ndarray]
) -> TensorParity:
    if clear is not None:
        wanted, given = wanted[clear], given[clear]
    if not np.issubdtype(wanted.dtype, np.floating):  # classes have no distances
        wanted, given = np.zeros(wanted.shape), (wanted != given).astype(np.float32)
    return tensor_parity(name, wanted, given)
