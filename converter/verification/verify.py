"""Run both models on every image and compare."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from converter.comparison.accuracy import ACCURACY_THRESHOLDS, Accuracy, measure_accuracy
from converter.comparison.agreement import (
    Agreement,
    ClassAgreement,
    TensorParity,
    agreement,
    at_least,
    kept,
    tensor_parity,
    worst,
)
from converter.comparison.tolerance import TOLERANCES
from converter.inputs.dataset import Dataset, Track
from converter.verification.compare_image import COMPARE, Compared, ImagePlacement
from converter.verification.compare_suppression import find_in_candidates
from converter.verification.source_model import SourceModel
from converter.verification.verification_results import Picture, SourceSuppression, Verification
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame
from trt_inference.inference.geometry import Placement
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.inference.results import Result

FIRST_PICTURES = 8


@dataclass(frozen=True)
class OneImage:
    """What was measured on one image."""

    tensors: tuple[TensorParity, ...]
    compared: Compared
    found: Result
    suppression: SourceSuppression | None
    seconds: tuple[float, float]


class Comparer:
    """Runs the source model and the bundle on one image after the other."""

    def __init__(self, source: SourceModel, detector: Detector) -> None:
        spec = detector.bundle.input
        self._buffer = np.zeros((spec.height, spec.width, 3), np.uint8)
        self._preprocess = Preprocessor(self._buffer, spec.fit, spec.pad_value)
        self._source, self._detector = source, detector
        self._compare = COMPARE[detector.bundle.task]
        detector.thresholds = ACCURACY_THRESHOLDS

    def compare(self, frame: np.ndarray) -> OneImage:
        """Both on ``frame`` (uint8 ``[h, w, 3]``, BGR)."""
        source, head = self._source, self._source.head
        placement = self._preprocess(Frame(frame))
        pixels = source.pixels.apply(self._buffer)
        started = time.perf_counter()
        given, outputs = source.run(pixels)
        seconds = time.perf_counter() - started
        found = self._detector.detect(frame)
        started = time.perf_counter()
        candidates = {name: value[0] for name, value in self._detector.engine.infer().items()}
        decoded = head.decode(outputs)
        return OneImage(
            tensors=tuple(
                tensor_parity(name, outputs[name], value)
                for name, value in source.network.run(pixels, head.inputs).items()
            ),
            compared=self._compare(head, decoded, candidates, self._place(placement)),
            found=found,
            suppression=find_in_candidates(source, given, decoded),
            seconds=(seconds, time.perf_counter() - started),
        )

    def _place(self, placement: Placement) -> ImagePlacement:
        gap = TOLERANCES[self._source.float_type].score_gap
        return ImagePlacement(placement, self._source.network.input_size, gap)


def verify(source: SourceModel, detector: Detector, dataset: Dataset, track: Track) -> Verification:
    """Run both on every image and compare.

    Args:
        track: wraps the samples in a progress bar.
    """
    comparer = Comparer(source, detector)
    images: list[OneImage] = []
    pictures: list[Picture] = []
    for sample in track(dataset.samples, "compare with TensorFlow"):
        frame = sample.read()
        image = comparer.compare(frame)
        images.append(image)
        if len(pictures) < FIRST_PICTURES:
            both = kept(image.compared.expected), kept(image.found)
            pictures.append(Picture(sample.name, frame, *both))
    before, after = _accuracies(dataset, images)
    return Verification(
        task=source.head.task,
        tensors=_worst_of_each([image.tensors for image in images]),
        candidates=_worst_of_each([image.compared.candidates for image in images]),
        agreement=_agreement(images, detector.bundle.defaults.score_threshold, source.float_type),
        images=len(images),
        synthetic=dataset.synthetic,
        suppression=_all_of_source([image.suppression for image in images]),
        before=before,
        after=after,
        pictures=tuple(pictures),
        float_type=source.float_type,
        milliseconds=_milliseconds(images),
    )


def _milliseconds(images: Sequence[OneImage]) -> dict[str, float]:
    """Medians without the first image, on which everything is set up."""
    later = np.array([image.seconds for image in images[1:] or images]) * 1e3
    tensorflow, engine = np.median(later, axis=0)
    return {"TensorFlow": float(tensorflow), "ONNX Runtime": float(engine)}


def _worst_of_each(parities: list[tuple[TensorParity, ...]]) -> tuple[TensorParity, ...]:
    return tuple(worst(of_one_output) for of_one_output in zip(*parities, strict=True))


def _agreement(
    images: Sequence[OneImage], threshold: float, float_type: str
) -> Agreement | ClassAgreement:
    classes = [image.compared.classes for image in images if image.compared.classes]
    if classes:
        return ClassAgreement(
            sum(one.compared for one in classes),
            sum(one.same for one in classes),
            max(one.largest_score_difference for one in classes),
            TOLERANCES[float_type].same_class,
        )
    return _detections_agree(images, threshold)


def _detections_agree(images: Sequence[OneImage], threshold: float) -> Agreement:
    """Of the detections that a robot would publish. Each is looked for in what the other model
    had to choose from: of two boxes with the same score but for rounding, either may suppress the
    other, and the suppression itself is the same code for both."""
    wanted, given = [], []
    for image in images:
        expected, found, pools = image.compared.expected, image.found, image.compared.pools
        if isinstance(expected, Detections) and isinstance(found, Detections) and pools:
            wanted.append((at_least(threshold, expected), pools[1]))
            given.append((at_least(threshold, found), pools[0]))
    return agreement(wanted, given, threshold)


def _all_of_source(found: Sequence[SourceSuppression | None]) -> SourceSuppression | None:
    known = [one for one in found if one is not None]
    if not known:
        return None
    return SourceSuppression(sum(one.detections for one in known), sum(one.found for one in known))


def _accuracies(
    dataset: Dataset, images: Sequence[OneImage]
) -> tuple[Accuracy | None, Accuracy | None]:
    if dataset.annotations is None:
        return None, None
    before = [image.compared.expected for image in images]
    after = [image.found for image in images]
    measured = [
        measure_accuracy(
            dataset.samples,
            [one for one in side if isinstance(one, Detections)],
            dataset.annotations,
        )
        for side in (before, after)
    ]
    return measured[0], measured[1]
