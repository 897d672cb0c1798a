"""Frame in, result out: what every user of a bundle calls."""

from collections import deque
from dataclasses import replace
from time import perf_counter
from typing import Deque, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from trt_inference.bundles.bundle import Bundle, Thresholds
from trt_inference.bundles.choose_precision import PrecisionChoice
from trt_inference.bundles.names import CLASS_MAP, SCORES
from trt_inference.engines.backends import choose_backend, open_engine
from trt_inference.engines.base import Engine, EngineOptions
from trt_inference.errors import (
    EngineError,
    FrameLost,
    ImageError,
    ResultError,
    TrtInferenceError,
)
from trt_inference.inference.finite import explain_not_finite
from trt_inference.inference.frame import Frame
from trt_inference.inference.geometry import Placement
from trt_inference.inference.labels_of_classes import class_name, without_label
from trt_inference.inference.postprocess_by_task import postprocess_for
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.inference.result_counts import ResultCounts
from trt_inference.inference.results import Result, Segmentation
from trt_inference.inference.selection import EVERYTHING, Selection
from trt_inference.inference.try_out import FirstResult, try_out
from trt_inference.timing import StageClock

_AUTO = "auto"
STAGES = ("preprocess", "inference", "postprocess")


def choose_precision(
    bundle: Bundle, backend: str, precision: str, options: EngineOptions
) -> PrecisionChoice:
    """The precision that would be opened, and why.

    Raises:
        BundleError: the bundle does not have the precision, or the device does not run it.
        EngineError: the backend is not there.
    """
    return choose_backend(backend, options.device).choose(bundle, precision, options)


class _Started(NamedTuple):
    """Frames that are being run at once: where they lie in the input, and since when, in
    seconds."""

    placements: Sequence[Placement]
    at: float


class Detector:
    """An open engine with the steps before and after it, for any task.

    Used by the one thread that made it. ``thresholds`` and ``selection`` may be replaced at any
    time, by any thread; the next frame uses the new ones. ``counts`` tells of how many frames the
    results may not be what they seem, and ``stranger`` is the last class number without a label,
    and ``is_finite`` tells whether the last result was. ``first`` is what came of trying out the
    engine when it was opened; None where nobody answered, and then ``first_lost`` tells why.

    Example:
        with Detector.open(load_bundle("shapes")) as detector:
            detections = detector.detect(read_image(Path("street.jpg")))
    """

    def __init__(
        self,
        bundle: Bundle,
        engine: Engine,
        choice: PrecisionChoice,
        clock: Optional[StageClock] = None,
    ) -> None:
        self.bundle = bundle
        self.engine = engine
        self._choice = choice
        self.thresholds: Thresholds = bundle.defaults
        self.selection: Selection = EVERYTHING
        self.clock = clock or StageClock(STAGES)
        self.counts = ResultCounts()
        self.stranger: Optional[int] = None
        self.is_finite = True
        self.first: Optional[FirstResult] = None
        self.first_lost = ""
        self._cuts_off = bundle.cuts_off
        # One for each place in a run: each may keep arrays from which its last result is made.
        self._postprocess = [postprocess_for(bundle) for _ in range(engine.batch)]
        self._preprocessors: Dict[Tuple[int, int], Preprocessor] = {}
        self._added: List[Placement] = []
        self._started: Deque[_Started] = deque()

    @classmethod
    def open(
        cls,
        bundle: Bundle,
        backend: str = "auto",
        precision: str = "auto",
        options: Optional[EngineOptions] = None,
        clock: Optional[StageClock] = None,
    ) -> "Detector":
        """Open the engine, allocate, and try it out on one picture and on as many as it takes, so
        that the first frame is as fast as the others, and what fails there fails here.

        Raises:
            BundleError: the bundle does not have the precision, the device does not run it, or
                its file was changed.
            EngineError: the backend is not there or does not take the model, or no result can be
                made of what the network gives.
        """
        options = options or EngineOptions()
        chosen = choose_backend(backend, options.device)
        # A server is asked once, where the engine is opened: who waits for that waits for it.
        choice = choose_precision(bundle, chosen.name, precision, replace(options, server=None))
        wanted = precision if chosen.opens_auto else choice.precision
        engine = open_engine(bundle, chosen.name, wanted, options)
        lost = ""
        try:
            first = try_out(bundle, engine)
        except FrameLost as error:  # of a server that may come later
            first, lost = None, str(error)
        except TrtInferenceError:
            engine.close()
            raise
        detector = cls(bundle, engine, choice, clock)
        detector.first, detector.first_lost = first, lost
        runs = detector.choice
        if precision not in (_AUTO, runs.precision):  # of a server, any of the bundle is taken
            options.warn(
                f"precision {precision} is asked for, and {runs.precision} runs: {runs.reason}"
            )
        return detector

    def detect(self, frame: np.ndarray, allow_non_finite: bool = False) -> Result:
        """What the bundle's task finds in ``frame`` (uint8 ``[h, w, 3]``, BGR), in its pixels:
        ``Detections``, a ``Classification`` or a ``Segmentation``.

        The class map of a segmentation is overwritten by the next call; copy it to keep it. The
        other results are the caller's.

        Args:
            allow_non_finite: return what is left of a result that is not finite.

        Raises:
            ImageError: the frame is empty or of another type.
            EngineError: the engine failed; it has to be opened again.
            ResultError: the network gave scores or boxes that are not finite. The next frame may
                be given nevertheless.
        """
        if frame is None:
            raise ImageError(
                "there is no frame: cv2.imread returns None for a file that is missing or no image"
            )
        self.add(Frame(frame))
        self.start()
        result = self.finish()[0]
        if not (result.is_finite or allow_non_finite):
            raise ResultError(explain_not_finite(self.choice.precision))
        return result

    def name_of(self, class_id: int) -> str:
        """The label of a class number, or the number where it has none."""
        return class_name(self.bundle.labels, class_id)

    @property
    def choice(self) -> PrecisionChoice:
        """The precision that runs, and why that one."""
        return self.engine.choice or self._choice

    @property
    def depth(self) -> int:
        """How many runs may have been started and not finished."""
        return self.engine.depth

    @property
    def batch(self) -> int:
        """How many frames may be added to one run."""
        return self.engine.batch

    def add(self, frame: Frame) -> None:
        """Prepare a frame for the next run, while an earlier one may still be going on.

        Raises:
            ImageError: the frame is empty or of another type; nothing was added.
            EngineError: the run is full, or ``depth`` runs are not finished.
        """
        if len(self._started) >= self.engine.depth:
            raise EngineError(f"{len(self._started)} runs were started: finish one first")
        if len(self._added) >= self.engine.batch:
            raise EngineError(f"{len(self._added)} frames were added: start them first")
        began = perf_counter()
        preprocessor = self._preprocessor(len(self._added))
        self._added.append(preprocessor(frame, self.selection.region))
        self.clock.record("preprocess", perf_counter() - began)

    def start(self) -> None:
        """Begin to run the frames that were added.

        Raises:
            EngineError: the engine failed, or nothing was added.
        """
        if not self._added:
            raise EngineError("no frame was added: there is nothing to start")
        at = perf_counter()
        self.engine.start(len(self._added))
        self._started.append(_Started(tuple(self._added), at))
        self._added.clear()

    def finish(self) -> List[Result]:
        """Wait for the run that was started first. Returns what is in each of its frames, in their
        order, as ``detect`` does; see ``is_finite`` of each.

        Raises:
            FrameLost: there is no answer for its frames; the next run may be finished.
            EngineError: the engine failed, or nothing was started.
        """
        try:
            outputs = self.engine.finish()
        except FrameLost:
            self._started.popleft()
            raise
        inferred = perf_counter()
        run = self._started.popleft()
        self.clock.record("inference", inferred - run.at)
        results = [
            self._result(outputs, number, placement)
            for number, placement in enumerate(run.placements)
        ]
        self.clock.record("postprocess", perf_counter() - inferred)
        return results

    def _result(
        self, outputs: Mapping[str, np.ndarray], number: int, placement: Placement
    ) -> Result:
        one_image = {name: output[number] for name, output in outputs.items()}
        result = self._postprocess[number](one_image, placement, self.thresholds, self.selection)
        self._count(one_image, result)
        return result

    def _count(self, outputs: Mapping[str, np.ndarray], result: Result) -> None:
        """Count what makes the result of one image doubtful."""
        if self._cuts_off and outputs[SCORES][-1] >= self.thresholds.score_threshold:
            self.counts.full += 1  # the last score is the lowest
        self.is_finite = result.is_finite
        self.counts.not_finite += not result.is_finite
        # Of a class map the one of the engine, which has fewer cells and nothing outside.
        class_ids = outputs[CLASS_MAP] if isinstance(result, Segmentation) else result.class_ids
        stranger = without_label(class_ids, len(self.bundle.labels))
        if stranger is not None:
            self.counts.without_label += 1
            self.stranger = stranger

    def _preprocessor(self, number: int) -> Preprocessor:
        """The preprocessor of one image in the buffer whose turn it is; each remembers where the
        frame lies in it."""
        buffer = self.engine.input_buffer()
        key = (id(buffer), number)
        if key not in self._preprocessors:
            spec = self.bundle.input
            self._preprocessors[key] = Preprocessor(buffer[number], spec.fitting)
        return self._preprocessors[key]

    def close(self) -> None:
        """Close the engine, and let go of its buffers, which are freed in its context."""
        self._preprocessors.clear()
        self.engine.close()

    def __enter__(self) -> "Detector":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
