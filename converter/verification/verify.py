"""Run both models on every image, and accept or refuse what comes out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from converter.dataset import Dataset, Sample
from converter.errors import ParityError
from converter.graph.heads import SEGMENTATION
from converter.verification.accuracy import THRESHOLDS, Accuracy, measure_accuracy
from converter.verification.agreement import (
    Agreement,
    TensorParity,
    agreement,
    tensor_parity,
    worst,
)
from converter.verification.comparison import COMPARE, Compared
from converter.verification.results import (
    ClassAgreement,
    Picture,
    SourceSuppression,
    Verification,
)
from converter.verification.source_model import SourceModel
from converter.verification.suppression import find_in_candidates
from trt_inference.detections import Detections
from trt_inference.detector import Detector
from trt_inference.preprocess import Preprocessor
from trt_inference.results import Result, Segmentation

# Float32 arithmetic in another order gives up to 1e-5; a wrong graph gives 0.1 and more.
MAX_RELATIVE = 1e-3
MIN_COSINE = 0.9999
MIN_IOU = 0.95
MAX_SCORE_DIFFERENCE = 0.01
MIN_SAME_CLASS = 0.999  # of images or pixels; the others tie but for rounding
MIN_OF_SOURCE = 0.98  # of the detections that the source model's own suppression lets through
PICTURES = 8

Track = Callable[[Iterable[Sample], str], Iterable[Sample]]


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
        detector.thresholds = THRESHOLDS

    def compare(self, frame: np.ndarray) -> OneImage:
        """Both on ``frame`` (uint8 ``[h, w, 3]``, BGR)."""
        source, head = self._source, self._source.head
        placement = self._preprocess(frame)
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
            compared=self._compare(
                head, decoded, candidates, placement, source.network.input_size
            ),
            found=found,
            suppression=find_in_candidates(source, given, decoded),
            seconds=(seconds, time.perf_counter() - started),
        )


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
        if len(pictures) < PICTURES:
            kept = _kept(image.compared.expected), _kept(image.found)
            pictures.append(Picture(sample.name, frame, *kept))
    before, after = _accuracies(dataset, images)
    return Verification(
        task=source.head.task,
        tensors=_worst_of_each([image.tensors for image in images]),
        candidates=_worst_of_each([image.compared.candidates for image in images]),
        agreement=_agreement(images, detector.bundle.defaults.score_threshold),
        images=len(images),
        synthetic=dataset.synthetic,
        suppression=_all_of_source([image.suppression for image in images]),
        before=before,
        after=after,
        pictures=tuple(pictures),
        milliseconds=_milliseconds(images),
    )


def _kept(result: Result) -> Result:
    """A result that the next image does not overwrite."""
    return Segmentation(result.class_map.copy()) if isinstance(result, Segmentation) else result


def _milliseconds(images: Sequence[OneImage]) -> dict[str, float]:
    """Medians without the first image, on which everything is set up."""
    later = np.array([image.seconds for image in images[1:] or images]) * 1e3
    tensorflow, engine = np.median(later, axis=0)
    return {"TensorFlow": float(tensorflow), "ONNX Runtime": float(engine)}


def _worst_of_each(parities: list[tuple[TensorParity, ...]]) -> tuple[TensorParity, ...]:
    return tuple(worst(of_one_output) for of_one_output in zip(*parities, strict=True))


def _agreement(images: Sequence[OneImage], threshold: float) -> Agreement | ClassAgreement:
    classes = [image.compared.classes for image in images if image.compared.classes]
    if classes:
        return ClassAgreement(
            sum(one.compared for one in classes),
            sum(one.same for one in classes),
            max(one.largest_score_difference for one in classes),
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


def at_least(score: float, detections: Detections) -> Detections:
    """Those with that score or a better one."""
    return detections[detections.scores >= score]


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


def check(verification: Verification) -> None:
    """Accept or refuse what was measured.

    Raises:
        ParityError: the bundle does not give what the source model gives; with the figures.
    """
    _check_tensors(verification)
    _check_candidates(verification)
    if isinstance(verification.agreement, Agreement):
        _check_detections(verification.agreement)
    else:
        _check_classes(verification.agreement, verification.task)
    _check_suppression(verification.suppression)


def _check_tensors(verification: Verification) -> None:
    for output in verification.tensors:
        if not np.isfinite(output.magnitude):
            raise ParityError(
                f"output {output.name} of the SavedModel has NaN or infinite values in TensorFlow "
                "already: see whether its weights are sound, and --scale, --mean and --std right"
            )
        if verification.task != SEGMENTATION:  # where rounding may decide between two classes
            _check_tensor(output, f"output {output.name}", "differs", "export")


def _check_candidates(verification: Verification) -> None:
    for output in verification.candidates:
        if output.name == "scores" and output.magnitude > 1 + MAX_RELATIVE:
            raise ParityError(
                f"scores reach {output.magnitude:.3g}, but they must be probabilities from 0 to 1: "
                "say with --activation sigmoid or softmax what the training has in its loss"
            )
        _check_tensor(output, f"the {output.name} of the bundle", "differ", "conversion")


def _check_tensor(output: TensorParity, what: str, verb: str, fault: str) -> None:
    if not (output.relative <= MAX_RELATIVE and output.cosine >= MIN_COSINE):
        raise ParityError(
            f"{what} {verb} from TensorFlow's by {output.max_abs:.3g} where values reach "
            f"{output.magnitude:.3g} (cosine {output.cosine:.6f}): this is a fault of the {fault}, "
            "please report it with the model"
        )


def _check_detections(found: Agreement) -> None:
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


def _check_classes(found: ClassAgreement, task: str) -> None:
    if found.fraction < MIN_SAME_CLASS or found.largest_score_difference > MAX_SCORE_DIFFERENCE:
        what = "pixels" if task == SEGMENTATION else "images"
        raise ParityError(
            f"the bundle gives the class of TensorFlow for {found.same} of {found.compared} {what}"
            f" only (scores differ by up to {found.largest_score_difference:.3f}): this is a fault "
            "of the conversion, please report it with the model"
        )


def _check_suppression(found: SourceSuppression | None) -> None:
    if found is not None and found.found < MIN_OF_SOURCE * found.detections:
        raise ParityError(
            f"of {found.detections} detections of the SavedModel's own suppression only "
            f"{found.found} are among the boxes and scores that enter it: say with --head "
            "tf-object-detection, --boxes and --box-format how they are to be read, or report it "
            "with the model"
        )


