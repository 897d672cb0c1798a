"""Frame in, result out: what every user of a bundle calls."""

from __future__ import annotations

from time import perf_counter
from typing import Optional

import numpy as np

from trt_inference.bundle import Bundle, Thresholds
from trt_inference.engines import device, open_engine
from trt_inference.engines.base import Engine
from trt_inference.errors import EngineError
from trt_inference.precision import Choice, choose
from trt_inference.preprocess import Preprocessor
from trt_inference.results import Result
from trt_inference.tasks import postprocess_for
from trt_inference.timing import StageClock

STAGES = ("preprocess", "inference", "postprocess")


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
        spec = bundle.input
        self._preprocess = Preprocessor(engine.input_buffer()[0], spec.fit, spec.pad_value)
        self._postprocess = postprocess_for(bundle)

    @classmethod
    def open(
        cls,
        bundle: Bundle,
        backend: str = "auto",
        precision: str = "auto",
        threads: int = 0,
        clock: Optional[StageClock] = None,
    ) -> Detector:
        """Open the engine, allocate, and run once on an empty frame, so that the first frame is
        as fast as the others.

        Raises:
            BundleError: the bundle does not have the precision, the device does not run it, or
                its file was changed.
            EngineError: the backend is not there or does not take the model.
        """
        choice = choose(bundle, precision, device(backend))
        engine = open_engine(bundle, backend, choice.precision, threads)
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
        started = perf_counter()
        placement = self._preprocess(frame)
        preprocessed = perf_counter()
        outputs = self.engine.infer()
        inferred = perf_counter()
        one_image = {name: output[0] for name, output in outputs.items()}
        result = self._postprocess(one_image, placement, self.thresholds)
        self.clock.record("preprocess", preprocessed - started)
        self.clock.record("inference", inferred - preprocessed)
        self.clock.record("postprocess", perf_counter() - inferred)
        return result

    def close(self) -> None:
        """Close the engine."""
        self.engine.close()

    def __enter__(self) -> Detector:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
