"""Run both models on every image and compare."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from converter.comparison.agreement import kept
from converter.comparison.annotated_accuracy import measure_results
from converter.comparison.base import (
    ImageFindings,
    Outputs,
    Parity,
    Ranked,
    all_rows,
    end_of,
    worst_of_each,
)
from converter.comparison.compare_by_task import COMPARISONS
from converter.comparison.compare_detections import BEFORE_SUPPRESSION
from converter.comparison.compare_sets import best_of
from converter.heads.base import most_candidates
from converter.inputs.dataset import Dataset, Track
from converter.stages.output_stage import MOST_CANDIDATES
from converter.verification.compare_outputs import choice_of, compare_outputs
from converter.verification.compare_rounding import (
    RoundedImage,
    all_rounding,
    compare_rounding,
)
from converter.verification.compare_suppression import compare_with_own
from converter.verification.count_candidates import (
    ImageBoxes,
    count_candidates,
    look_at_boxes,
)
from converter.verification.source_model import SourceModel
from converter.verification.verification_results import Picture, SourceSuppression, Verification
from trt_inference.bundles.names import DETECTION, SCORES
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame
from trt_inference.inference.geometry import Placement
from trt_inference.inference.postprocess_by_task import postprocess_for
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.inference.results import Result
from trt_inference.inference.selection import EVERYTHING

FIRST_PICTURES = 8
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class OneImage:
    """What both models gave for one image.

    Attributes:
        tensors: parity of the network's outputs.
        candidates: parity of the bundle's outputs; none where these are no candidates.
        results: of the source and of the bundle; the next image overwrites class maps.
        pair: what both found, for the agreement over all images.
        suppression: of the source model, where one was cut out.
        boxes: all of the source model; None where it gives none.
        rounding: of the source model, where it computes in less than float32.
        seconds: of the source and of the bundle's engine.
    """

    tensors: Parity
    candidates: Parity
    results: tuple[Result, Result]
    pair: tuple[ImageFindings, ImageFindings]
    suppression: SourceSuppression | None
    boxes: ImageBoxes | None
    rounding: RoundedImage | None
    seconds: tuple[float, float]


class Comparer:
    """Runs the source model and the bundle on one image after the other."""

    def __init__(self, source: SourceModel, detector: Detector) -> None:
        bundle = detector.bundle
        spec = bundle.input
        self._buffer = np.zeros((spec.height, spec.width, 3), np.uint8)
        self._preprocess = Preprocessor(self._buffer, spec.fitting)
        self._source, self._detector = source, detector
        self._comparison = COMPARISONS[bundle.task]
        self._tolerance = source.tolerance
        self._choice = choice_of(source.network, source.head)
        self._results = postprocess_for(bundle)
        self._pool = postprocess_for(replace(bundle, needs_nms=False))
        detector.thresholds = self._comparison.thresholds

    def compare(self, frame: np.ndarray) -> OneImage:
        """Run both on ``frame`` (uint8 ``[h, w, 3]``, BGR)."""
        source, head = self._source, self._source.head
        placement = self._preprocess(Frame(frame))
        pixels = source.pixels.apply(self._buffer)
        (given, outputs), seconds = _timed(lambda: source.run(pixels))
        found = self._detector.detect(frame, allow_non_finite=True)
        inferred, seconds_of_engine = _timed(self._detector.engine.infer)
        candidates = _one_image(inferred)
        decoded = head.decode(outputs)
        ranked = self._rank(decoded)
        uncut = self._uncut(ranked)
        expected = self._results(uncut, placement, self._comparison.thresholds, EVERYTHING)
        return OneImage(
            tensors=compare_outputs(
                head,
                outputs,
                source.network.run(pixels, head.inputs),
                self._tolerance,
                self._choice,
            ),
            candidates=self._parity(ranked, candidates),
            results=(expected, found),
            pair=(
                self._found(expected, uncut, placement, ranked.tied),
                self._found(found, candidates, placement),
            ),
            suppression=compare_with_own(source, self._detector.bundle, given, decoded, candidates),
            boxes=self._look(ranked, placement),
            rounding=compare_rounding(source, given, outputs),
            seconds=(seconds, seconds_of_engine),
        )

    def _rank(self, decoded: Outputs) -> Ranked:
        count, gap = self._detector.bundle.candidates, self._tolerance.score_gap
        each_class = self._source.head.each_class
        ranked = self._comparison.rank(_one_image(decoded), count, gap, each_class)
        return replace(ranked, choice=self._choice)

    def _parity(self, ranked: Ranked, candidates: Outputs) -> Parity:
        """The parity of candidates; none for a class map, whose classes have no distances."""
        if not self._comparison.has_scores:
            return Parity(())
        return self._comparison.parity(ranked, candidates, self._tolerance)

    def _uncut(self, ranked: Ranked) -> Outputs:
        """What the source gives, as outputs of a bundle with as many candidates as there may be."""
        return ranked.outputs if ranked.rows is None else best_of(ranked.rows, MOST_CANDIDATES)

    def _look(self, ranked: Ranked, placement: Placement) -> ImageBoxes | None:
        if ranked.rows is None:
            return None
        return look_at_boxes(ranked.rows, placement, self._detector.bundle)

    def _found(
        self, result: Result, outputs: Outputs, placement: Placement, tied: bool = False
    ) -> ImageFindings:
        """What a robot publishes of the outputs, and what it chooses from."""
        bundle = self._detector.bundle
        if bundle.task == DETECTION:
            result = self._results(outputs, placement, bundle.defaults, EVERYTHING)
        pool = self._pool(outputs, placement, BEFORE_SUPPRESSION, EVERYTHING)
        return self._comparison.found(outputs, result, pool, tied, self._cut(outputs))

    def _cut(self, outputs: Outputs) -> float:
        """The score up to which the bundle or the network cuts boxes off; see ImageFindings."""
        most = most_candidates(self._source.head)
        if self._choice.is_whole and len(outputs.get(SCORES, ())) >= most:
            return -np.inf
        return end_of(outputs, self._tolerance.score_gap)


def _one_image(outputs: Outputs) -> dict[str, np.ndarray]:
    return {name: value[0] for name, value in outputs.items()}


def _timed(work: Callable[[], _Value]) -> tuple[_Value, float]:
    """What ``work`` returns, and the seconds that it takes."""
    started = time.perf_counter()
    return work(), time.perf_counter() - started


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
            pictures.append(Picture(sample.name, frame, *map(kept, image.results)))
    before, after = (
        measure_results(dataset, results)
        for results in zip(*(image.results for image in images), strict=True)
    )
    return Verification(
        task=source.head.task,
        tensors=worst_of_each([image.tensors for image in images]),
        candidates=worst_of_each([image.candidates for image in images]),
        tensor_rows=all_rows([image.tensors for image in images]),
        candidate_rows=all_rows([image.candidates for image in images]),
        agreement=COMPARISONS[source.head.task].agree(
            [image.pair for image in images],
            detector.bundle.defaults.score_threshold,
            source.tolerance.same_class,
        ),
        images=len(images),
        synthetic=dataset.synthetic,
        suppression=_all_of_source([image.suppression for image in images]),
        before=before,
        after=after,
        pictures=tuple(pictures),
        float_type=source.float_type,
        fake_quants=source.fake_quants,
        milliseconds=_milliseconds(images),
        widened=source.is_widened,
        rounding=all_rounding([image.rounding for image in images], source.float_type),
        count=count_candidates(
            [image.boxes for image in images if image.boxes is not None],
            [sample.name for sample in dataset.samples],
            most_candidates(source.head),
            detector.bundle,
        ),
    )


def _milliseconds(images: Sequence[OneImage]) -> dict[str, float]:
    """Medians without the first image, on which everything is set up."""
    later = np.array([image.seconds for image in images[1:] or images]) * 1e3
    tensorflow, engine = np.median(later, axis=0)
    return {"TensorFlow": float(tensorflow), "ONNX Runtime": float(engine)}


def _all_of_source(found: Sequence[SourceSuppression | None]) -> SourceSuppression | None:
    known = [one for one in found if one is not None]
    if not known:
        return None
    return sum(known[1:], known[0])
