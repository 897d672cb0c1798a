"""A stream of images through the inference thread while the server fails: each image has one
result, its own, in its turn."""

import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any, Deque, List, Sequence

import grpc
import numpy as np
import pytest

from test.color_bundle import picture
from test.triton_double import Faults, TritonDouble
from test.trt_inference.engines.triton.server_bench import SOON, Bench, wait_until_closed
from trt_inference.engines.server_options import LOCAL, NONE
from trt_inference.errors import FrameLost
from trt_inference.inference.detector import Detector
from trt_inference.inference.frame import Frame
from trt_inference.streaming.inference_thread import InferenceThread, Work

ROOT = Path(__file__).parents[4]
COUNT = 120  # images, which all differ
GONE = grpc.StatusCode.UNAVAILABLE, "the server is gone"
LOST = "lost"
COLORS_IN_TURN = ("red", "green", "blue")


def image_of(number: int) -> np.ndarray:
    return picture(COLORS_IN_TURN[number % 3], (number // 8 % 8, number % 8))


def expected_of(number: int) -> str:
    return f"{COLORS_IN_TURN[number % 3]} in {number // 8 % 8}, {number % 8}"


class Stream(Work[int]):
    """Submits the next number whenever one is begun, so that two are always under way, and notes
    the results."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._waiting: Deque[int] = deque()
        self.numbers: List[int] = []
        self.results: List[str] = []
        self.depths: List[int] = []
        self.ended = threading.Event()
        self.thread: Any = None

    def start(self, detector: Detector, items: Sequence[int]) -> bool:
        [number] = items
        detector.add(Frame(image_of(number)))
        detector.start()
        self._waiting.append(number)
        if number + 1 < self._count:
            self.thread.submit(number + 1)
        return True

    def finish(self, detector: Detector) -> None:
        self.depths.append(detector.depth)
        number = self._waiting.popleft()
        self.numbers.append(number)
        try:
            [result] = detector.finish()
        except FrameLost:
            self.results.append(LOST)
        else:
            [label] = [detector.name_of(one) for one in result.class_ids]  # type: ignore[union-attr]
            x, y = (result.xyxy[0, :2] / 8).astype(int)  # type: ignore[union-attr]
            self.results.append(f"{label} in {y}, {x}")
        if number % 5 == 0:  # otherwise all would have come while the first opening lasts
            wait_until_closed(detector.engine)
        if number + 1 == self._count:
            self.ended.set()


class Unreliable:
    """Makes some requests fail, now one by one and now several in a row, by their order."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        self._left = 0
        self.failed = 0

    def __call__(self, answer: Any) -> None:
        if self._left == 0 and self._random.random() < 0.3:
            self._left = int(self._random.integers(1, 5))
        if self._left == 0:
            return
        self._left -= 1
        self.failed += 1
        answer.ClearField("outputs")


@pytest.mark.parametrize("fallback", [LOCAL, NONE])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_image_is_lost_or_repeated_or_gets_the_result_of_another(
    bench: Bench, seed: int, fallback: str
) -> None:
    bench.watch()
    unreliable = Unreliable(seed)
    stream, faults = Stream(COUNT), []

    def open_detector() -> Detector:
        options = bench.options(fallback=fallback)
        detector = Detector.open(bench.bundle, "triton", "auto", options)
        bench.double.received.clear()
        bench.double.faults = Faults(change=unreliable)
        return detector

    stream.thread = InferenceThread(open_detector, stream, faults.append)
    stream.thread.start()
    stream.thread.submit(0)
    assert stream.ended.wait(SOON)
    assert stream.thread.stop(SOON)
    assert faults == []
    assert stream.numbers == list(range(COUNT))
    answered = [(n, one) for n, one in zip(stream.numbers, stream.results) if one != LOST]
    assert answered == [(number, expected_of(number)) for number, _ in answered]
    assert len(answered) == COUNT or fallback == NONE
    for number in range(COUNT):
        assert bench.times_sent(image_of(number)) <= 1
    # It has tested what it should.
    assert unreliable.failed > 5
    assert {1, 2} <= {*stream.depths}


EXITS = """
import sys
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import ServerOptions

options = EngineOptions(threads=1, server=ServerOptions(sys.argv[2], deadline=600.0))
engine = open_engine(load_bundle(sys.argv[1]), "triton", "fp32", options)
engine.start()
print("started")
"""


def test_a_process_ends_while_the_server_hangs(
    shared_color_bundle: Path, double: TritonDouble
) -> None:
    """Also where nobody closes the engine."""
    double.faults.never = True
    command = [sys.executable, "-c", EXITS, str(shared_color_bundle), double.url]
    ended = subprocess.run(
        command,
        cwd=str(ROOT),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        universal_newlines=True,
        timeout=SOON,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "started\n", "")
