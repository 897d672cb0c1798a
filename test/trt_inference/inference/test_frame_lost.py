"""A run without an answer is passed over: the runs around it keep their own results."""

from collections import deque
from pathlib import Path
from typing import Any, Deque, Iterator, List, Mapping, Set, Tuple

import numpy as np
import pytest

from test.color_bundle import picture
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.choose_precision import PrecisionChoice
from trt_inference.engines.base import Engine, EngineOptions
from trt_inference.engines.onnxruntime.backend import OnnxRuntimeBackend
from trt_inference.errors import EngineError, FrameLost
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame

COLORS_IN_TURN = ("red", "green", "blue")


class LosingEngine(Engine):
    """Two runs at once, of which those whose numbers are in ``lost`` have no answer."""

    depth = 2

    def __init__(self, engine: Engine, lost: Set[int]) -> None:
        self._engine = engine
        self._buffers = [np.zeros_like(engine.input_buffer()) for _ in range(2)]
        self._started: Deque[Tuple[int, int, np.ndarray]] = deque()
        self._number = 0
        self.lost = lost
        self.is_closed = False

    @property
    def description(self) -> str:
        return "a server that loses runs"

    def input_buffer(self) -> np.ndarray:
        return self._buffers[self._number % 2]

    def start(self, count: int = 1) -> None:
        self._started.append((self._number, count, self.input_buffer()))
        self._number += 1

    def finish(self) -> Mapping[str, np.ndarray]:
        number, count, images = self._started.popleft()
        if number in self.lost:
            raise FrameLost("the server is gone", "not reached")
        self._engine.input_buffer()[:count] = images[:count]
        return self._engine.infer(count)

    def close(self) -> None:
        self.is_closed = True
        self._engine.close()


@pytest.fixture
def bundle(shared_color_bundle: Path) -> Bundle:
    return load_bundle(shared_color_bundle)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[List[LosingEngine]]:
    """What the backend opens loses its first run, on which it is tried out."""
    engines: List[LosingEngine] = []

    def open_one(self: OnnxRuntimeBackend, *given: Any) -> Engine:
        engines.append(LosingEngine(open_engine(self, *given), {0}))
        return engines[-1]

    open_engine = OnnxRuntimeBackend.open
    monkeypatch.setattr(OnnxRuntimeBackend, "open", open_one)
    yield engines
    for engine in engines:
        engine.close()


def test_a_lost_run_leaves_the_others_their_results(
    bundle: Bundle, opened: List[LosingEngine]
) -> None:
    with Detector.open(bundle) as detector:
        opened[0].lost = {2, 3, 6}  # of 1 to 9: it was tried out on 0
        found: List[str] = []
        for number in range(1, 10):
            detector.add(Frame(picture(COLORS_IN_TURN[number % 3], (number % 8, 2))))
            detector.start()
            if number > 1:
                found.append(finish(detector))
        found.append(finish(detector))
        expected = [
            "lost" if number in (2, 3, 6) else f"{COLORS_IN_TURN[number % 3]} in {number % 8}"
            for number in range(1, 10)
        ]
        assert found == expected


def finish(detector: Detector) -> str:
    """What is found in the oldest frame: the color, and in which row of cells."""
    try:
        [result] = detector.finish()
    except FrameLost as lost:
        assert lost.kind == "not reached"
        return "lost"
    [label] = [detector.name_of(number) for number in result.class_ids]  # type: ignore[union-attr]
    return f"{label} in {int(result.xyxy[0, 1]) // 8}"  # type: ignore[union-attr]


def test_an_engine_that_nobody_answers_for_is_opened_without_a_first_result(
    bundle: Bundle, opened: List[LosingEngine]
) -> None:
    with Detector.open(bundle) as detector:
        assert detector.first is None
        assert not opened[0].is_closed
        assert len(detector.detect(picture("red", (1, 1)))) == 1  # type: ignore[arg-type]


def test_one_frame_that_is_lost_is_an_error_of_its_own(
    bundle: Bundle, opened: List[LosingEngine]
) -> None:
    with Detector.open(bundle) as detector:
        opened[0].lost = {1}
        with pytest.raises(FrameLost, match="the server is gone"):
            detector.detect(picture("red", (1, 1)))
        assert len(detector.detect(picture("red", (1, 1)))) == 1  # type: ignore[arg-type]


def test_the_time_of_a_lost_run_is_none_of_the_inference(
    bundle: Bundle, opened: List[LosingEngine]
) -> None:
    with Detector.open(bundle) as detector:
        opened[0].lost = {1}
        with pytest.raises(FrameLost):
            detector.detect(picture("red", (1, 1)))
        assert list(detector.clock.percentiles()) == ["preprocess"]


def test_any_other_error_still_closes_what_was_opened(
    bundle: Bundle, opened: List[LosingEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: LosingEngine) -> Any:
        raise EngineError("it fails")

    monkeypatch.setattr(LosingEngine, "finish", fail)
    with pytest.raises(EngineError, match="it fails"):
        Detector.open(bundle)
    assert opened[0].is_closed


def test_the_precision_of_the_results_is_the_engines_where_it_tells_one(bundle: Bundle) -> None:
    with Detector.open(bundle, options=EngineOptions(threads=1)) as detector:
        assert detector.choice.precision == "fp32"
        served = PrecisionChoice("int8", "what the server runs")
        detector.engine.choice = served
        assert detector.choice is served
        detector.engine.choice = None
        assert detector.choice.precision == "fp32"
