"""Frame in, result out: what every user of a bundle calls."""

from __future__ import annotations

from collections import deque
from time import perf_counter
from typing import Deque, Dict, NamedTuple, Optional

import numpy as np

from trt_inference.bundle import Bundle, Thresholds
from trt_inference.engines import built_precisions, choose_backend, device, open_engine
from trt_inference.engines.base import Engine, EngineOptions
from trt_inference.errors import EngineError
from trt_inference.geometry import Placement
from trt_inference.precision import Choice, choose
from trt_inference.preprocess import Preprocessor
from trt_inference.results import Result
from trt_inference.tasks import postprocess_for
from trt_inference.timing import StageClock

STAGES = ("preprocess", "inference", "postprocess")


class _Started(NamedTuple):
    """A frame that is being run: where it lies in the input, and since when, in seconds."""

    placement: Placement
    at: float


class Detector:
    """An open engine with the steps before and after it, for any task.

    Used by the one thread that made it. ``thresholds`` may be replaced at any time, by any
    thread; the next frame uses the new ones. ``choice`` is the precision that runs, and why.

    Example:
        with Detector.open(load_bundle("shapes")) as detector:
            detections = detector.detect(read_image(Path("street.jpg")))
    """

    def __init__(
        self, bundle: Bundle, engine: Engine, choice: Choice, clock: Optional[StageClock] = None
    ) -> None:
        self.bundle = bundle
        self.engine = engine
        self.choice = choice
        self.thresholds: Thresholds = bundle.defaults
        self.clock = clock or StageClock(STAGES)
        self._postprocess = postprocess_for(bundle)
        self._preprocessors: Dict[int, Preprocessor] = {}
        self._started: Deque[_Started] = deque()

    @classmethod
    def open(
        cls,
        bundle: Bundle,
        backend: str = "auto",
        precision: str = "auto",
        options: Optional[EngineOptions] = None,
        clock: Optional[StageClock] = None,
    ) -> Detector:
        """Open the engine, allocate, and run once on an empty frame, so that the first frame is
        as fast as the others.

        Raises:
            BundleError: the bundle does not have the precision, the device does not run it, or
                its file was changed.
            EngineError: the backend is not there or does not take the model.
        """
        options = options or EngineOptions()
        backend = choose_backend(backend, options.device)
        runs_on = device(backend, options.device)
        built = built_precisions(bundle, backend, options.device)
        choice = choose(bundle, precision, runs_on, built)
        engine = open_engine(bundle, backend, choice.precision, options)
        try:
            engine.infer()
        except EngineError:
            engine.close()
            raise
        return cls(bundle, engine, choice, clock)

    def detect(self, frame: np.ndarray) -> Result:
        """What the bundle's task finds in ``frame`` (uint8 ``[h, w, 3]``, BGR), in its pixels:
        ``Detections``, a ``Classification`` or a ``Segmentation``.

        The class map of a segmentation is overwritten by the next call; copy it to keep it. The
        other results are the caller's.

        Raises:
            ImageError: the frame is empty or of another type.
            EngineError: the engine failed; it has to be opened again.
        """
        self.start(frame)
        return self.finish()

    @property
    def depth(self) -> int:
        """How many frames may have been started and not finished."""
        return self.engine.depth

    def start(self, frame: np.ndarray) -> None:
        """Prepare a frame and begin to run it, while an earlier one may still be running.

        Raises:
            ImageError: the frame is empty or of another type; nothing was started.
            EngineError: the engine failed, or ``depth`` frames are not finished.
        """
        if len(self._started) >= self.engine.depth:
            raise EngineError(f"{len(self._started)} frames were started: finish one first")
        began = perf_counter()
        placement = self._preprocessor()(frame)
        preprocessed = perf_counter()
        self.engine.start()
        self._started.append(_Started(placement, preprocessed))
        self.clock.record("preprocess", preprocessed - began)

    def finish(self) -> Result:
        """Wait for the frame that was started first, and say what is in it, as ``detect`` does.

        Raises:
            EngineError: the engine failed, or nothing was started.
        """
        outputs = self.engine.finish()
        inferred = perf_counter()
        one = self._started.popleft()
        one_image = {name: output[0] for name, output in outputs.items()}
        result = self._postprocess(one_image, one.placement, self.thresholds)
        self.clock.record("inference", inferred - one.at)
        self.clock.record("postprocess", perf_counter() - inferred)
        return result

    def _preprocessor(self) -> Preprocessor:
        """Of the buffer whose turn it is; each keeps the place of the frame in its own."""
        buffer = self.engine.input_buffer()
        if id(buffer) not in self._preprocessors:
            spec = self.bundle.input
            self._preprocessors[id(buffer)] = Preprocessor(buffer[0], spec.fit, spec.pad_value)
        return self._preprocessors[id(buffer)]

    def close(self) -> None:
        """Close the engine."""
        self.engine.close()

    def __enter__(self) -> Detector:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
