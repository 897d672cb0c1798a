"""A robot without ROS: it runs pictures through an engine as the inference thread does, and notes
of each answer whether it is right, who gave it and how long it took."""

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable, Deque, Dict, List, Mapping, NamedTuple, Tuple

import numpy as np

from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import ServerOptions
from trt_inference.errors import FrameLost

PICTURES = 100
PATIENCE = 60.0  # seconds until a condition must be met, on a machine that is very busy


class Answer(NamedTuple):
    """What came of one picture.

    Attributes:
        seconds: from the start of its run to its results.
        at: seconds of the monotonic clock when they were there.
        by_server: who computed them.
        is_right: they are what this bundle finds in this picture.
    """

    number: int
    seconds: float
    at: float
    by_server: bool
    is_right: bool


def random_pictures(bundle: Bundle, count: int = PICTURES, seed: int = 0) -> np.ndarray:
    """uint8 ``[count, height, width, 3]``: squares of random colors, among them pure ones, under
    noise."""
    generator = np.random.default_rng(seed)
    spec = bundle.input
    side = 8
    shape = (count, spec.height // side, spec.width // side, 3)
    squares = generator.choice(np.array([0, 0, 40, 128, 220, 255], np.uint8), shape)
    pictures = squares.repeat(side, axis=1).repeat(side, axis=2)
    noise = generator.integers(0, 12, pictures.shape, np.uint8)
    return np.asarray(np.where(pictures < 128, pictures + noise, pictures - noise))


def answers_of(bundle: Bundle, pictures: np.ndarray) -> List[Dict[str, np.ndarray]]:
    """What ONNX Runtime finds in each picture, on this machine: the outputs by name."""
    engine = open_engine(bundle, "onnxruntime", next(iter(bundle.precisions)))
    found = []
    for picture in pictures:
        engine.input_buffer()[0] = picture
        outputs = engine.infer()
        found.append({name: output[0].copy() for name, output in outputs.items()})
    engine.close()
    return found


def is_same(outputs: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> bool:
    """Whether outputs of one image are the same, but for what libraries round otherwise."""
    return set(outputs) == set(expected) and all(
        np.allclose(outputs[name], expected[name], rtol=1e-5, atol=1e-5) for name in expected
    )


class Robot:
    """Use it as a context.

    Attributes:
        answers: in their order.
        lost: the kinds of those that nobody gave.
        told: what the engine has warned of and informed about.
    """

    def __init__(self, path: Path, url: str, precision: str = "fp32", **server: Any) -> None:
        """
        Args:
            path: of the bundle.
            server: fields of ``ServerOptions``.
        """
        bundle = load_bundle(path)
        self._pictures = random_pictures(bundle)
        self._expected = answers_of(bundle, self._pictures)
        self.answers: List[Answer] = []
        self.lost: List[str] = []
        self.told: List[str] = []
        self.engine = open_engine(
            bundle,
            "triton",
            precision,
            EngineOptions(
                server=ServerOptions(url, **server),
                warn=self.told.append,
                inform=self.told.append,
                threads=1,
            ),
        )
        self._started: Deque[Tuple[int, float]] = deque()
        self._first = self._next = 0

    def __enter__(self) -> "Robot":
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.close()

    def run_until(self, is_met: Callable[[], bool], timeout: float = PATIENCE) -> None:
        """Run one picture after the other until a condition is met."""
        end = time.monotonic() + timeout
        while not is_met():
            assert time.monotonic() < end, f"not after {timeout:g} s; {self.summary()}"
            self._step()
            # A camera does not send so many that the server gets nothing else to do.
            time.sleep(0.003)
        while self._started:
            self._finish()

    def run_while(self, call: Callable[[], object]) -> float:
        """Run pictures while something is done by another thread. When it was done, in seconds of
        the monotonic clock."""

        def do() -> float:
            call()
            return time.monotonic()

        with ThreadPoolExecutor(1) as executor:
            done = executor.submit(do)
            self.run_until(done.done, timeout=300.0)
            return done.result()

    def run_until_answered_by(self, server: bool, count: int = 3) -> float:
        """Run pictures until so many in a row were answered by the server, or by this machine. When
        the first of them was, in seconds of the monotonic clock."""
        before = len(self.answers)

        def is_met() -> bool:
            last = self.answers[before:][-count:]
            return len(last) == count and all(one.by_server == server for one in last)

        self.run_until(is_met)
        return self.answers[-count].at

    def check(self, longest: float) -> None:
        """See that each picture was answered rightly, in its turn, and within ``longest``
        seconds."""
        assert self.lost == []
        assert [one.number for one in self.answers] == list(range(self._first, self._next))
        assert [one for one in self.answers if not one.is_right] == []
        assert max(one.seconds for one in self.answers) < longest, self.summary()

    def forget(self) -> None:
        """Forget the answers, once they were checked."""
        self.answers.clear()
        self.told.clear()
        self._first = self._next

    def status(self) -> Mapping[str, str]:
        """The values that /diagnostics shows."""
        status = self.engine.status()
        return {} if status is None else status.values

    def failures(self, kind: str) -> int:
        """How many runs had no answer of the server for this reason."""
        return int(self.status()[f"failures: {kind}"])

    def summary(self) -> str:
        """For messages of failures, and for figures."""
        by_server = [one.seconds for one in self.answers if one.by_server]
        by_this_machine = [one.seconds for one in self.answers if not one.by_server]
        return (
            f"{len(by_server)} by the server, at most {max(by_server, default=0):.3f} s; "
            f"{len(by_this_machine)} by this machine, at most "
            f"{max(by_this_machine, default=0):.3f} s; told: {self.told}"
        )

    def _step(self) -> None:
        while len(self._started) >= self.engine.depth:
            self._finish()
        self.engine.input_buffer()[0] = self._pictures[self._next % PICTURES]
        self._started.append((self._next, time.monotonic()))
        self._next += 1
        self.engine.start()

    def _finish(self) -> None:
        number, began = self._started.popleft()
        try:
            outputs = self.engine.finish()
        except FrameLost as lost:
            self.lost.append(lost.kind)
            return
        now = time.monotonic()
        first = {name: output[0] for name, output in outputs.items()}
        self.answers.append(
            Answer(
                number,
                now - began,
                now,
                self.engine.description.startswith("Triton "),
                is_same(first, self._expected[number % PICTURES]),
            )
        )
