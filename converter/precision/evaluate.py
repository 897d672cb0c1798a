"""Measure a precision against fp32 on images that it was not calibrated on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from converter.comparison.accuracy import Accuracy, measure_accuracy
from converter.comparison.agreement import Agreement, ClassAgreement, kept
from converter.comparison.annotated_accuracy import AnyAccuracy, measure_results
from converter.comparison.base import ImageFindings
from converter.comparison.class_accuracy import ClassAccuracy
from converter.comparison.compare_by_task import COMPARISONS
from converter.comparison.compare_detections import SCORE_MARGIN, at_least
from converter.errors import DatasetError
from converter.inputs.coco_annotations import Annotations
from converter.inputs.dataset import Dataset, Track
from converter.inputs.sample import Sample
from converter.precision.precision_results import PrecisionMeasurement
from converter.verification.verification_results import Picture
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.choose_precision import PrecisionChoice
from trt_inference.bundles.names import DETECTION
from trt_inference.bundles.precisions import FP32
from trt_inference.engines.base import Engine
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.inference.results import Result

WORST_PICTURES = 3


class Evaluator:
    """fp32 on the held-out images, with which one precision after the other is compared.

    Attributes:
        notes: why the images are a weak test, where they are.
    """

    def __init__(self, bundle: Bundle, held_out: Dataset, track: Track) -> None:
        """
        Raises:
            DatasetError: fp32 detects nothing in the images, so that nothing could be lost.
        """
        self._bundle, self._images, self._track = bundle, held_out, track
        self._comparison = COMPARISONS[bundle.task]
        self._threshold = bundle.defaults.score_threshold
        self._reference = Detector.open(bundle, "onnxruntime", FP32)
        self._fp32 = self._run_all(self._reference, "run fp32")
        self._truth = _as_truth(bundle, self._fp32)
        notes = self._check_classes()
        self._accuracy = measure_results(held_out, self._fp32)
        self.notes = (*notes, *_check_accuracy(self._accuracy))

    def changed(self, detector: Detector, most: int) -> float:
        """Return the part of what fp32 publishes in the first ``most`` images that another detector
        does not publish, or publishes beside it; for other tasks, the part with another class."""
        found = self._run(detector, self._images.samples[:most])
        agreed = self._agree(found)
        measured = PrecisionMeasurement(len(found), agreed, None, None, None, {})
        return measured.changed if isinstance(agreed, Agreement) else measured.loss

    def measure(self, engine: Engine, name: str) -> PrecisionMeasurement:
        """Compare an engine with the bundle's input and outputs with fp32, on all images."""
        detector = Detector(self._bundle, engine, PrecisionChoice(name, "to be measured"))
        found = self._run_all(detector, f"measure {name}")
        return PrecisionMeasurement(
            images=len(found),
            agreement=self._agree(found),
            of_fp32=self._against_fp32(found),
            fp32=self._accuracy,
            accuracy=measure_results(self._images, found),
            milliseconds={},
            pictures=self._pictures(detector, found),
        )

    def _agree(self, found: Sequence[Result]) -> Agreement | ClassAgreement:
        """Compare results for the first images with those of fp32."""
        expected = self._fp32[: len(found)]
        pairs = [(self._found(a), self._found(b)) for a, b in zip(expected, found, strict=True)]
        return self._comparison.agree(pairs, self._threshold)

    def _found(self, result: Result) -> ImageFindings:
        """What a robot publishes, and what it all but publishes."""
        publish = self._comparison.publish
        nearly = self._threshold - SCORE_MARGIN
        return ImageFindings(publish(result, self._threshold), publish(result, nearly))

    def _check_classes(self) -> tuple[str, ...]:
        seen = {
            int(number)
            for result in self._fp32
            for number in self._comparison.classes(result, self._threshold)
        }
        if not seen:
            raise DatasetError(
                f"fp32 detects nothing with a score of {self._threshold:g} or more in the "
                f"{len(self._fp32)} images, so that no precision can be judged by them: see "
                "first whether --pixels of the conversion is that of the training, then give "
                "images in which there is something to see"
            )
        if len(seen) > 1 or len(self._bundle.labels) == 1:
            return ()
        label = class_name(self._bundle.labels, seen.pop())
        return (f"all {len(self._fp32)} images show fp32 {label} only: a weak test of a precision",)

    def close(self) -> None:
        """Free the engine of fp32."""
        self._reference.close()

    def _run_all(self, detector: Detector, name: str) -> list[Result]:
        return self._run(detector, self._track(self._images.samples, name))

    def _run(self, detector: Detector, samples: Iterable[Sample]) -> list[Result]:
        detector.thresholds = self._comparison.thresholds
        return [
            self._comparison.keep(detector.detect(sample.read(), allow_non_finite=True))
            for sample in samples
        ]

    def _against_fp32(self, found: Sequence[Result]) -> Accuracy | None:
        if self._truth is None:
            return None
        samples = [
            replace(sample, image_id=index) for index, sample in enumerate(self._images.samples)
        ]
        return measure_accuracy(samples, _detections(found), self._truth)

    def _pictures(self, detector: Detector, found: Sequence[Result]) -> tuple[Picture, ...]:
        """The images on which the two differ most."""
        differences = [
            self._comparison.differ(one, other, self._threshold)
            for one, other in zip(self._fp32, found, strict=True)
        ]
        worst = np.argsort(-np.array(differences), kind="stable")[:WORST_PICTURES]
        return tuple(self._picture(self._images.samples[index], detector) for index in worst)

    def _picture(self, sample: Sample, detector: Detector) -> Picture:
        frame = sample.read()
        expected = kept(self._reference.detect(frame, allow_non_finite=True))
        found = kept(detector.detect(frame, allow_non_finite=True))
        return Picture(sample.name, frame, expected, found)


def _check_accuracy(found: AnyAccuracy | None) -> tuple[str, ...]:
    if found is None or not found.is_low:
        return ()
    classes = isinstance(found, ClassAccuracy)
    instead = ". The images that get another class than by fp32 are limited instead" * classes
    name, value = found.main_figure
    return (
        f"fp32 itself has a {name} of only {value:.2f} by the annotations, which makes them a weak "
        f"test of a precision: see whether they fit the images and the labels{instead}",
    )


def _detections(results: Sequence[Result]) -> list[Detections]:
    return [one for one in results if isinstance(one, Detections)]


def _as_truth(bundle: Bundle, found: Sequence[Result]) -> Annotations | None:
    """What fp32 publishes, as annotations of the images with their places as ids; None for
    another task than detection."""
    if bundle.task != DETECTION:
        return None
    rows = [
        {
            "image_id": index,
            "category_id": int(class_id),
            "iscrowd": 0,
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "area": (x2 - x1) * (y2 - y1),
        }
        for index, detections in enumerate(_detections(found))
        for (x1, y1, x2, y2), class_id in _published(detections, bundle)
    ]
    classes = range(len(bundle.labels))
    content = {
        "images": [{"id": index} for index in range(len(found))],
        "annotations": [{"id": number, **row} for number, row in enumerate(rows, start=1)],
        "categories": [{"id": number, "name": str(number)} for number in classes],
    }
    return Annotations(content, tuple(classes), bundle.labels)


def _published(detections: Detections, bundle: Bundle) -> Iterable[tuple[list[float], int]]:
    shown = at_least(bundle.defaults.score_threshold, detections)
    return zip(shown.xyxy.tolist(), shown.class_ids.tolist(), strict=True)
