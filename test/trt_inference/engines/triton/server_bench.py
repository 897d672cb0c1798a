"""An engine on a double of Triton, with what tests look at."""

import threading
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional

import numpy as np
import pytest

from test.color_bundle import SIZE
from test.triton_double import TritonDouble
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import Engine, EngineOptions
from trt_inference.engines.server_options import LOCAL, ServerOptions
from trt_inference.engines.triton import server_watch

SOON = 60.0  # seconds against hanging
NEVER = 3600.0  # seconds that no test lasts
AT_ONCE = 0.01  # seconds between two looks of the watching thread
HERE = "this machine"
SERVER = "the server"

Outputs = Dict[str, np.ndarray]


class Bench:
    """A double that serves a bundle, and engines that ask it.

    The thread that watches does not look before ``watch`` lets it.

    Attributes:
        warned, informed: what the engines told, in their order.
    """

    def __init__(self, folder: Path, double: TritonDouble, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.bundle = load_bundle(folder)
        self.double = double
        self.warned: List[str] = []
        self.informed: List[str] = []
        self._patch = patch
        self.watch(NEVER)

    def watch(self, period: float = AT_ONCE) -> None:
        """Let engines that are opened from now on be watched at this period, in seconds."""
        self._patch.setattr(server_watch, "PERIOD", period)

    def options(
        self, deadline: float = SOON, fallback: str = LOCAL, batch: int = 1, url: str = ""
    ) -> EngineOptions:
        return EngineOptions(
            threads=1,
            batch=batch,
            server=ServerOptions(url or self.double.url, deadline=deadline, fallback=fallback),
            warn=self.warned.append,
            inform=self.informed.append,
        )

    @contextmanager
    def engine(self, precision: str = "fp32", **given: object) -> Iterator[Engine]:
        """An engine; see ``options``."""
        options = self.options(**given)  # type: ignore[arg-type]
        engine = open_engine(self.bundle, "triton", precision, options)
        try:
            yield engine
        finally:
            engine.close()

    def own(self, *images: np.ndarray) -> Outputs:
        """What the local engine gives for each image by itself, ``[count, ...]``."""
        with ExitStack() as stack:
            local = open_engine(self.bundle, "onnxruntime", "fp32", EngineOptions(threads=1))
            stack.callback(local.close)
            found: List[Outputs] = []
            for image in images:
                local.input_buffer()[0] = image
                found.append({name: array.copy() for name, array in local.infer().items()})
        return {name: np.concatenate([one[name] for one in found]) for name in found[0]}

    def times_sent(self, image: np.ndarray) -> int:
        """How often the double has received this image."""
        return sum(
            np.array_equal(image, one) for request in self.double.received for one in request.images
        )


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (SIZE, SIZE, 3), np.uint8)


def start(engine: Engine, *images: np.ndarray) -> None:
    """Begin a run on these images."""
    engine.input_buffer()[: len(images)] = images
    engine.start(len(images))


def finish(engine: Engine) -> Outputs:
    """Copies of the outputs of the oldest run."""
    return {name: array.copy() for name, array in engine.finish().items()}


def run(engine: Engine, *images: np.ndarray) -> Outputs:
    start(engine, *images)
    return finish(engine)


def assert_same(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, name)


def values(engine: Engine) -> Mapping[str, str]:
    status = engine.status()
    assert status is not None
    return status.values


def failures(engine: Engine) -> Dict[str, int]:
    """Those that there were, by kind."""
    told = {
        name.partition(": ")[2]: int(value)
        for name, value in values(engine).items()
        if name.startswith("failures: ")
    }
    return {kind: count for kind, count in told.items() if count}


def wait_until(is_so: Callable[[], bool], what: Optional[str] = None) -> None:
    until = time.monotonic() + SOON
    while not is_so():
        assert time.monotonic() < until, what or "it has not happened"
        time.sleep(0.005)


def wait_until_open(engine: Engine) -> None:
    wait_until(lambda: values(engine)["breaker"].startswith("open"), "the breaker stays closed")


def wait_until_closed(engine: Engine) -> None:
    wait_until(lambda: values(engine)["breaker"] == "closed", "the breaker stays open")


def close_breaker(engine: Any) -> None:
    """By three good probes, as the watching thread makes them."""
    for _ in range(3):
        engine._watch._probe()
    assert values(engine)["breaker"] == "closed"


def watching_threads() -> List[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "server watch"]
