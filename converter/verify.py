"""TensorFlow against the bundle, on the same images: tensors, detections, accuracy.

The two ways are kept apart where they can be: the source model gets its pixels from NumPy and its
boxes from the NumPy decoder, the bundle has both in its graph. They share the robot's own
letterbox and thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from converter.accuracy import THRESHOLDS, Accuracy, measure_accuracy
from converter.agreement import (
    Agreement,
    TensorParity,
    agreement,
    candidate_parity,
    tensor_parity,
    worst,
)
from converter.dataset import Dataset, Sample
from converter.errors import ParityError
from converter.graph.heads import Head
from converter.graph.input_stage import Pixels
from converter.network import Network
from converter.reference import Reference
from trt_inference.detections import Detections
from trt_inference.detector import Detector
from trt_inference.postprocess import postprocess
from trt_inference.preprocess import Preprocessor

# Float32 arithmetic in another order gives up to 1e-5; a wrong graph gives 0.1 and more.
MAX_RELATIVE = 1e-3
MIN_COSINE = 0.9999
MIN_IOU = 0.95
MAX_SCORE_DIFFERENCE = 0.01
# What there is to choose from, before suppression.
EVERYTHING = replace(THRESHOLDS, max_detections=1_000_000)
# Scores nearer to each other may change places.
SCORE_GAP = 1e-4

Track = Callable[[Iterable[Sample], str], Iterable[Sample]]


@dataclass(frozen=True)
class Verification:
    """What was compared and measured: outputs of the network, outputs of the bundle, detections.
    Accuracies are None without annotations."""

    tensors: tuple[TensorParity, ...]
    candidates: tuple[TensorParity, ...]
    detections: Agreement
    before: Accuracy | None
    after: Accuracy | None
    synthetic: bool


@dataclass(frozen=True)
class SourceModel:
    """What the bundle was made from: the model in TensorFlow, its exported network, and how
    its pixels and outputs are understood."""

    reference: Reference
    network: Network
    head: Head
    pixels: Pixels

    def candidates(
        self, outputs: dict[str, np.ndarray], count: int
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        """Decode outputs of one image in NumPy: ``boxes [K, 4]``, ``scores [K]``,
        ``classes [K]``, and ``clear``, bool ``[K]``: no other score is near."""
        boxes, class_scores = self.head.decode(outputs)
        scores = class_scores[0].max(axis=1)
        best = np.argsort(-scores, kind="stable")[:count]
        chosen = {
            "boxes": boxes[0][best],
            "scores": scores[best],
            "classes": class_scores[0].argmax(axis=1)[best].astype(np.int32),
        }
        return chosen, _clear(scores, class_scores[0][best])


def _clear(scores: np.ndarray, class_scores: np.ndarray) -> np.ndarray:
    """Which of the best K boxes (``class_scores [K, C]``) can be neither another box nor another
    class by rounding, with ``scores [A]`` of all boxes."""
    gaps = -np.diff(-np.sort(-scores), prepend=np.inf, append=-np.inf)[: len(class_scores) + 1]
    clear: np.ndarray = np.minimum(gaps[:-1], gaps[1:]) > SCORE_GAP
    if class_scores.shape[1] > 1:
        second, first = np.sort(class_scores, axis=1)[:, -2:].T
        clear &= first - second > SCORE_GAP
    return clear


@dataclass(frozen=True)
class Comparison:
    """One image: parity of tensors and candidates, and the detections of both models, with
    those that each had to choose from before overlapping ones were suppressed."""

    tensors: tuple[TensorParity, ...]
    candidates: tuple[TensorParity, ...]
    expected: Detections
    found: Detections
    expected_pool: Detections
    found_pool: Detections


class Comparer:
    """Runs the source model and the bundle on one image after the other."""

    def __init__(self, source: SourceModel, detector: Detector) -> None:
        spec = detector.bundle.input
        self._buffer = np.zeros((spec.height, spec.width, 3), np.uint8)
        self._preprocess = Preprocessor(self._buffer, spec.fit, spec.pad_value)
        self._source, self._detector = source, detector
        detector.thresholds = THRESHOLDS

    def compare(self, frame: np.ndarray) -> Comparison:
        """Both on ``frame`` (uint8 ``[h, w, 3]``, BGR)."""
        source = self._source
        placement = self._preprocess(frame)
        image = source.pixels.apply(self._buffer)[None]
        outputs = source.reference.run(image)
        expected, clear = source.candidates(outputs, self._detector.bundle.candidates)
        found = self._detector.detect(frame)
        candidates = {name: value[0] for name, value in self._detector.engine.infer().items()}
        return Comparison(
            tensors=tuple(
                tensor_parity(name, outputs[name], value)
                for name, value in source.network.run(image).items()
            ),
            candidates=candidate_parity(expected, candidates, clear),
            expected=postprocess(expected, placement, THRESHOLDS, source.head.needs_nms),
            found=found,
            expected_pool=postprocess(expected, placement, EVERYTHING, needs_nms=False),
            found_pool=postprocess(candidates, placement, EVERYTHING, needs_nms=False),
        )


def verify(source: SourceModel, detector: Detector, dataset: Dataset, track: Track) -> Verification:
    """Run both on every image and compare.

    Args:
        track: wraps the samples in a progress bar.
    """
    comparer = Comparer(source, detector)
    images = [
        comparer.compare(sample.read())
        for sample in track(dataset.samples, "compare with TensorFlow")
    ]
    pairs = [(image.expected, image.found) for image in images]
    before, after = _accuracies(dataset, pairs)
    return Verification(
        tensors=_worst_of_each([image.tensors for image in images]),
        candidates=_worst_of_each([image.candidates for image in images]),
        detections=_agreement(images, detector.bundle.defaults.score_threshold),
        before=before,
        after=after,
        synthetic=dataset.synthetic,
    )


def _worst_of_each(parities: list[tuple[TensorParity, ...]]) -> tuple[TensorParity, ...]:
    return tuple(worst(of_one_output) for of_one_output in zip(*parities, strict=True))


def _agreement(images: Sequence[Comparison], threshold: float) -> Agreement:
    """Of the detections that a robot would publish. Each is looked for in what the other model
    had to choose from: of two boxes with the same score but for rounding, either may suppress the
    other, and the suppression itself is the same code for both."""
    return agreement(
        [(at_least(threshold, image.expected), image.found_pool) for image in images],
        [(at_least(threshold, image.found), image.expected_pool) for image in images],
        threshold,
    )


def at_least(score: float, detections: Detections) -> Detections:
    """Those with that score or a better one."""
    return detections[detections.scores >= score]


def check(verification: Verification) -> None:
    """Accept or refuse what was measured.

    Raises:
        ParityError: the bundle does not give what the source model gives; with the figures.
    """
    for output in verification.tensors:
        if not np.isfinite(output.magnitude):
            raise ParityError(
                f"output {output.name} of the SavedModel has NaN or infinite values in TensorFlow "
                "already: see whether its weights are sound, and --scale, --mean and --std right"
            )
        _check_tensor(output, f"output {output.name}", "differs", "export")
    for output in verification.candidates:
        if output.name == "scores" and output.magnitude > 1 + MAX_RELATIVE:
            raise ParityError(
                f"scores reach {output.magnitude:.3g}, but they must be probabilities from 0 to 1: "
                "export the model with the sigmoid or softmax that its training has in the loss"
            )
        _check_tensor(output, f"the {output.name} of the bundle", "differ", "conversion")
    found = verification.detections
    if (
        found.missing
        or found.extra
        or found.lowest_iou < MIN_IOU
        or found.largest_score_difference > MAX_SCORE_DIFFERENCE
    ):
        raise ParityError(
            f"of {found.detections} detections of TensorFlow {found.missing} are missing and "
            f"{found.extra} are new (lowest IoU {found.lowest_iou:.3f}, scores differ by up to "
            f"{found.largest_score_difference:.3f}). See whether --channels, --scale, --mean, "
            "--std and --boxes are those of the training: a network that is fed wrongly gives many "
            "equal scores. If they are, this is a fault of the conversion, please report it with "
            "the model"
        )


def _check_tensor(output: TensorParity, what: str, verb: str, fault: str) -> None:
    if not (output.relative <= MAX_RELATIVE and output.cosine >= MIN_COSINE):
        raise ParityError(
            f"{what} {verb} from TensorFlow's by {output.max_abs:.3g} where values reach "
            f"{output.magnitude:.3g} (cosine {output.cosine:.6f}): this is a fault of the {fault}, "
            "please report it with the model"
        )


def _accuracies(
    dataset: Dataset, pairs: list[tuple[Detections, Detections]]
) -> tuple[Accuracy | None, Accuracy | None]:
    if dataset.annotations is None:
        return None, None
    before, after = (
        measure_accuracy(dataset.samples, list(side), dataset.annotations)
        for side in zip(*pairs, strict=True)
    )
    return before, after
