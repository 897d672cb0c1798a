"""The node on 1280x720 images against a bare ONNX Runtime loop, at the same rates.

The node's own figures are without a subscriber of its results, as they always were. What a
subscriber sees is measured after them, with one in a process of its own.
"""

import tempfile
from pathlib import Path
from typing import Iterator, List, NamedTuple

import numpy as np
import onnxruntime

from benchmarks.figures import LESS, MORE, NEITHER, Figure, Sheet, samples_of
from benchmarks.observed import observe
from benchmarks.pacing import Run, paced
from benchmarks.session import Session, session
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.choose_precision import CPU, choose
from trt_inference.inference.detector import Detector

RATES = (30.0, 60.0, 90.0)  # images a second
BLOCKS = 3  # the loops and the node in turn, so that a change of the machine's pace shows in all
LOOP_SECONDS = 1.0
WARM_UP = 0.5  # seconds


class Block(NamedTuple):
    """One turn of all three; milliseconds."""

    bare: Run
    engine: Run
    rate: float
    p50: float
    p99: float


def sheets(bundle: Path, seconds: float) -> Iterator[Sheet]:
    """Two tables with a row for each rate of the camera.

    Args:
        seconds: of each block of the node.
    """
    figures: List[Figure] = []
    outside: List[Figure] = []
    for rate in RATES:
        with session(bundle, rate, 1280, 720) as running:
            figures += _row(rate, [_block(running, bundle, rate, seconds) for _ in range(BLOCKS)])
            outside += _outside(running, rate, seconds)
    yield Sheet(
        "node",
        "the node on 1280x720 bgr8",
        "camera/s",
        figures,
        "bare: session.run with ONNX Runtime's own settings, whose threads spin between "
        "frames; engine: the node's engine alone; node: image received → detections published",
    )
    yield Sheet(
        "outside",
        "the same from outside: image stamped → detections received by another process",
        "camera/s",
        outside,
    )


def _block(running: Session, bundle: Path, rate: float, seconds: float) -> Block:
    """The two loops only infer, on an image that lies ready, started at the camera's rate."""
    running.pause()
    bare = bare_loop(bundle, rate, LOOP_SECONDS)
    engine = engine_loop(bundle, rate, LOOP_SECONDS)
    running.resume()
    running.monitor.spin(WARM_UP)
    node_rate = running.rate("inferred", seconds)
    p50, p99 = (running.milliseconds("node", name) for name in ("p50", "p99"))
    return Block(bare, engine, node_rate, p50, p99)


def _row(rate: float, blocks: List[Block]) -> Iterator[Figure]:
    row = f"{rate:.0f}"
    bare, engine = ([milliseconds(run) for run in runs] for runs in zip(*(b[:2] for b in blocks)))
    rates = [(block.rate, block.bare.rate) for block in blocks]
    beyond = [block.p50 - alone for block, alone in zip(blocks, engine)]
    columns = (
        ("bare", "/s", [loop for _, loop in rates], MORE, False),
        ("node", "/s", [node for node, _ in rates], MORE, True),
        ("node/bare", "", [node / loop for node, loop in rates], NEITHER, True),
        ("bare p50", "ms", bare, LESS, False),
        ("engine p50", "ms", engine, LESS, True),
        ("node p50", "ms", [block.p50 for block in blocks], LESS, True),
        ("node p99", "ms", [block.p99 for block in blocks], LESS, True),
        ("node - engine", "ms", beyond, LESS, True),
    )
    for column, unit, values, better, ours in columns:
        digits = 3 if column == "node/bare" else 2
        yield Figure(row, column, unit, samples_of(values), better, ours, digits)


def _outside(running: Session, rate: float, seconds: float) -> Iterator[Figure]:
    """The results of one more stretch, in as many parts as there are blocks. As these follow each
    other without a pause, they vary less than runs do, and judge none: those of ``peer`` do."""
    with tempfile.TemporaryDirectory() as folder:
        seen = observe(running.process.pid, Path(folder), seconds, running.monitor.spin)
    parts = np.array_split(seen.latencies * 1e3, BLOCKS)
    for name, percentile in (("p50", 50), ("p95", 95), ("p99", 99)):
        values = samples_of(np.percentile(part, percentile) for part in parts)
        yield Figure(f"{rate:.0f}", name, "ms", values, NEITHER)


def milliseconds(run: Run, percentile: float = 50) -> float:
    """A percentile of the times of a loop."""
    return float(np.percentile(run.times, percentile)) * 1e3


def bare_loop(bundle: Path, rate: float, seconds: float) -> Run:
    """``session.run``, as in ONNX Runtime's own examples."""
    loaded = load_bundle(bundle)
    file = loaded.model_file(choose(loaded, "auto", CPU).precision)
    run = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]).run
    image = np.zeros((1, loaded.input.height, loaded.input.width, 3), np.uint8)
    return paced(lambda: run(None, {loaded.input.name: image}), rate, seconds)


def engine_loop(bundle: Path, rate: float, seconds: float) -> Run:
    """The engine that the node uses."""
    loaded = load_bundle(bundle)
    with Detector.open(loaded) as detector:
        return paced(detector.engine.infer, rate, seconds)
