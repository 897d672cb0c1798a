"""A side of a replay that is a bundle in one precision.

Its work is in three parts, so that only the engine itself takes the time of the thread that runs
engines: fitting an image into the input comes before, on the threads that decode, and making a
result of the outputs comes after, on the thread that compares.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from converter.recordings.recorded_image import RecordedImage
from converter.replay.sides.side import ReplaySide, SideResult
from trt_inference.bundles.bundle import Bundle, Fitting, Thresholds
from trt_inference.bundles.names import SEGMENTATION
from trt_inference.engines.base import EngineOptions
from trt_inference.errors import EngineError
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame
from trt_inference.inference.geometry import Placement
from trt_inference.inference.postprocess_by_task import postprocess_for
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.inference.results import Classification, Segmentation
from trt_inference.inference.selection import EVERYTHING
from trt_inference.printable import printable_name
from trt_inference.tools.no_answer import check_answered

_Scored = Detections | Classification
# Of a pool: what nearly reaches the threshold is faded, what is far below it was never there.
_SHARE_OF_THRESHOLD = 0.5


class InputLayout(NamedTuple):
    """How images are laid into the input of an engine; sides that agree share the work."""

    height: int
    width: int
    fitting: Fitting


class FittedImage(NamedTuple):
    """An image as an engine takes it: uint8 ``[height, width, 3]``, BGR, and where it lies."""

    pixels: np.ndarray
    placement: Placement


class ImageFitter:
    """Fits images into an input, in an array of its own that the next call overwrites."""

    def __init__(self, layout: InputLayout) -> None:
        self._pixels = np.empty((layout.height, layout.width, 3), np.uint8)
        self._fit = Preprocessor(self._pixels, layout.fitting)

    def __call__(self, frame: Frame) -> FittedImage:
        """Fit a frame.

        Raises:
            ImageError: it is empty, or of a type that no reader gives.
        """
        return FittedImage(self._pixels, self._fit(frame))


@dataclass(frozen=True)
class EngineChoice:
    """With what the engines of both sides are opened."""

    backend: str = "auto"
    options: EngineOptions = field(default_factory=EngineOptions)


class BundleSide(ReplaySide):
    """A bundle with its open engine. The thread that opens it calls ``infer`` and ``close``, any
    one other thread ``result``."""

    def __init__(
        self, detector: Detector, thresholds: Thresholds, lowest_score: float | None = None
    ) -> None:
        """
        Args:
            thresholds: with which a robot would publish.
            lowest_score: of what is in the pool; None for half of the threshold.
        """
        bundle = detector.bundle
        self.bundle = bundle
        self.precision = detector.choice.precision
        self.title = f"{printable_name(bundle.name)} {self.precision}"
        self.details = detector.engine.description
        self.task, self.labels = bundle.task, bundle.labels
        self.score_threshold = None if bundle.task == SEGMENTATION else thresholds.score_threshold
        self.layout = InputLayout(bundle.input.height, bundle.input.width, bundle.input.fitting)
        self._detector, self._thresholds = detector, thresholds
        half = thresholds.score_threshold * _SHARE_OF_THRESHOLD
        self._of_pool = Thresholds(
            min(half if lowest_score is None else lowest_score, thresholds.score_threshold),
            thresholds.iou_threshold,
            max(bundle.candidates, thresholds.max_detections),
        )
        self._postprocess = postprocess_for(bundle)
        self._own_fitter = ImageFitter(self.layout)

    @classmethod
    def open(
        cls,
        bundle: Bundle,
        precision: str,
        choice: EngineChoice,
        thresholds: Thresholds,
        lowest_score: float | None = None,
    ) -> "BundleSide":
        """Open the engine and try it out.

        Raises:
            BundleError: the bundle has no such precision or engine, or its file was changed.
            EngineError: the backend is not there, or does not take the model; or a server gives no
                answer, or has another precision of the bundle.
        """
        detector = Detector.open(bundle, choice.backend, precision, choice.options)
        try:
            check_answered(detector)
            _check_precision(detector, precision)
        except EngineError:
            detector.close()
            raise
        return cls(detector, thresholds, lowest_score)

    def look(self, image: RecordedImage) -> SideResult:
        """All three parts, one after the other; see ``ReplaySide``."""
        fitted = self._own_fitter(image.frame)
        return self.result(self.infer(fitted.pixels), fitted.placement)

    def run_engine(self) -> None:
        """Run the engine on what lies in its input, and leave the outputs where they are."""
        self._detector.engine.infer()

    def infer(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs of one image by name, the caller's own arrays.

        Args:
            pixels: of a ``FittedImage`` of this side's layout.

        Raises:
            FrameLost: a server gives no answer for this image.
            EngineError: the engine failed, or a server has exchanged the precision.
        """
        engine = self._detector.engine
        np.copyto(engine.input_buffer()[0], pixels)
        outputs = {name: output[0].copy() for name, output in engine.infer().items()}
        _check_precision(self._detector, self.precision)
        return outputs

    def result(self, outputs: Mapping[str, np.ndarray], placement: Placement) -> SideResult:
        """What a robot would publish of the outputs of an image, and what lies below it.

        Only one of the two is computed: in the order of the scores, what is kept of a candidate
        does not depend on those behind it, so that the published ones are the first of the pool.
        """
        pool = self._postprocess(outputs, placement, self._of_pool, EVERYTHING)
        if isinstance(pool, Segmentation):
            own = Segmentation(pool.class_map.copy())
            return SideResult(own, own)
        if pool.is_finite:
            return SideResult(_published(pool, self._thresholds), pool)
        # A box of a score that no robot looks at may be infinite in a network that works well.
        published = self._postprocess(outputs, placement, self._thresholds, EVERYTHING)
        if not published.is_finite:
            nothing = _as_finite(_first(pool, 0))
            return SideResult(nothing, nothing, is_finite=False)
        return SideResult(published, _as_finite(pool))

    def close(self) -> None:
        """Close the engine."""
        self._detector.close()


def _check_precision(detector: Detector, precision: str) -> None:
    """A server may exchange its models while it is asked."""
    found = detector.choice.precision
    if found != precision:
        raise EngineError(
            f"the server gives {found} of '{printable_name(detector.bundle.path)}' now, instead of "
            f"{precision}, which is compared: replay again when its models stay as they are"
        )


def _published(pool: _Scored, thresholds: Thresholds) -> _Scored:
    """The part of a pool that reaches the threshold, the best ones first."""
    # As the robot compares: a float32 with the number of the parameter.
    reached = int((pool.scores >= thresholds.score_threshold).sum())
    return _first(pool, min(reached, thresholds.max_detections))


def _first(result: _Scored, count: int) -> _Scored:
    if isinstance(result, Detections):
        return result[:count]
    return Classification(result.scores[:count], result.class_ids[:count], result.is_finite)


def _as_finite(result: _Scored) -> _Scored:
    return replace(result, is_finite=True)
