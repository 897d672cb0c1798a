"""TensorFlow against the bundle, on the same images: tensors, detections, accuracy.

The two ways are kept apart where they can be: the source model gets its pixels from NumPy and its
boxes from the NumPy decoder, the bundle has both in its graph. They share the robot's own
letterbox and thresholds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

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


def verify(source: SourceModel, detector: Detector, dataset: Dataset, track: Track) -> Verification:
    """Run both on every image and compare.

    Args:
        track: wraps the samples in a progress bar.
    """
    spec = detector.bundle.input
    buffer = np.zeros((spec.height, spec.width, 3), np.uint8)
    preprocess = Preprocessor(buffer, spec.fit, spec.pad_value)
    tensors: dict[str, list[TensorParity]] = {}
    candidates: list[tuple[TensorParity, ...]] = []
    everything: list[tuple[Detections, Detections]] = []
    detector.thresholds = THRESHOLDS
    for sample in track(dataset.samples, "compare with TensorFlow"):
        frame = sample.read()
        placement = preprocess(frame)
        image = source.pixels.apply(buffer)[None]
        outputs = source.reference.run(image)
        for name, value in source.network.run(image).items():
            tensors.setdefault(name, []).append(tensor_parity(name, outputs[name], value))
        expected, clear = source.candidates(outputs, detector.bundle.candidates)
        found = detector.detect(frame)
        ran = {name: output[0] for name, output in detector.engine.infer().items()}
        candidates.append(candidate_parity(expected, ran, clear))
        needs_nms = source.head.needs_nms
        everything.append((postprocess(expected, placement, THRESHOLDS, needs_nms), found))
    before, after = _accuracies(dataset, everything)
    return Verification(
        tensors=tuple(worst(images) for images in tensors.values()),
        candidates=tuple(worst(images) for images in zip(*candidates, strict=True)),
        detections=_agreement(everything, detector.bundle.defaults.score_threshold),
        before=before,
        after=after,
        synthetic=dataset.synthetic,
    )


def _agreement(pairs: list[tuple[Detections, Detections]], threshold: float) -> Agreement:
    """Of the detections that a robot would publish."""
    shown = [(a[a.scores >= threshold], b[b.scores >= threshold]) for a, b in pairs]
    return agreement(shown, threshold)


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
            f"{found.largest_score_difference:.3f}): this is a fault of the conversion, please "
            "report it with the model"
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
