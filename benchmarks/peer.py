"""Our node beside the one that people write by hand: the same camera, the same network, the same
detections, in one run and in turn.

``handwritten_node.py`` says what the other one does. Both publish to the same subscriber, and
both count by themselves from the received image to the published result.
"""

import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np

from benchmarks.figures import LESS, MORE, NEITHER, Figure, Sheet, samples_of
from benchmarks.node import engine_loop, milliseconds
from benchmarks.observed import Observed, observe, within
from benchmarks.pacing import Run, paced
from benchmarks.session import NAMESPACE, session
from benchmarks.tensorflow_runs import NoTensorFlow, tensorflow_runs
from examples.shapes.processes import running
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.precisions import FP32
from trt_inference.engines.backends import choose_backend
from trt_inference.engines.base import EngineOptions

RATE = 30.0  # images a second
SIZE = (1280, 720)
ROUNDS = 3
LOOP_SECONDS = 1.5
OURS, BY_HAND, RATIO = "this node", "by hand", "this/by hand"


class Turn(NamedTuple):
    """One session of a node.

    Attributes:
        own: percentiles 50, 95 and 99 of what the node counts itself, in milliseconds.
        engine: its network alone.
    """

    seen: Observed
    own: Sequence[float]
    engine: Run


def sheets(
    bundle: Path,
    seconds: float,
    saved_model: Path,
    spins: bool,
    tell: Callable[[str], None],
) -> Iterator[Sheet]:
    """Both nodes, and the networks alone.

    Args:
        seconds: of each session.
        saved_model: of the bundle, for TensorFlow's own call.
        spins: whether the threads of ONNX Runtime do so in the node by hand, as they do by default.
        tell: takes a line for the user.
    """
    try:
        from benchmarks.float_model import NotByHand
    except ImportError as error:
        tell(f"the node by hand is left out: {error}")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            model = network_by_hand(bundle, folder)
        except NotByHand as error:
            tell(f"the node by hand is left out: {error}")
            return
        ours, by_hand = [], []
        for _ in range(ROUNDS):
            ours.append(our_turn(bundle, folder, seconds))
            by_hand.append(turn_by_hand(bundle, model, folder, seconds, spins))
    yield _nodes(ours, by_hand)
    try:
        tensorflow = tensorflow_runs(bundle, saved_model, RATE, LOOP_SECONDS, ROUNDS)
    except NoTensorFlow as error:
        tell(f"TensorFlow is left out: {error}")
        tensorflow = []
    yield _networks(ours, by_hand, tensorflow)


def network_by_hand(bundle: Path, folder: Path) -> Path:
    """What the node by hand runs: the model in float32, or where ours takes TensorRT, a plan of it,
    built with the flag for float16 if ours is narrower.

    Raises:
        NotByHand: it was not written for this bundle.
    """
    from benchmarks.float_model import write_float_model
    from benchmarks.handwritten_networks import PLAN, build_float_plan

    loaded, model = load_bundle(bundle), folder / "float.onnx"
    backend = choose_backend("auto")
    precision = backend.choose(loaded, "auto", EngineOptions()).precision
    write_float_model(bundle, model)
    if backend.name != "tensorrt":
        return model
    plan = model.with_suffix(PLAN)
    build_float_plan(model, FP32 if precision == FP32 else "fp16", plan)
    return plan


def our_turn(bundle: Path, folder: Path, seconds: float) -> Turn:
    """A session of our node."""
    engine = engine_loop(bundle, RATE, LOOP_SECONDS)
    with session(bundle, RATE, *SIZE) as ours:
        seen = observe(ours.process.pid, folder, seconds, ours.monitor.spin)
        own = [ours.milliseconds("node", name) for name in ("p50", "p95", "p99")]
    return Turn(seen, own, engine)


def turn_by_hand(bundle: Path, model: Path, folder: Path, seconds: float, spins: bool) -> Turn:
    """A session of the node that is written by hand."""
    engine = loop_by_hand(model, LOOP_SECONDS, spins)
    file = folder / "published.json"
    with session_by_hand(bundle, model, file, spins) as process:
        seen = observe(process.pid, folder, seconds, time.sleep)
    own = np.percentile(within(file, seen.window) * 1e3, (50, 95, 99))
    return Turn(seen, samples_of(own), engine)


@contextmanager
def session_by_hand(
    bundle: Path, model: Path, times: Path, spins: bool
) -> Iterator[subprocess.Popen]:
    """The node with a camera, as ``session`` does it for ours. ``times`` is there afterwards."""
    in_namespace = ("--ros-args", "-r", f"__ns:={NAMESPACE}")
    files: Tuple[str, ...] = ("--bundle", str(bundle), "--model", str(model), "--times", str(times))
    files = files if spins else (*files, "--no-spinning")
    size = ("--width", str(SIZE[0]), "--height", str(SIZE[1]))
    camera = ("--rate", str(RATE), *size, "--still", *in_namespace)
    with ExitStack() as stack:
        process = stack.enter_context(running("benchmarks.handwritten_node", *files, *in_namespace))
        stack.enter_context(running("examples.shapes.camera", *camera, sends_images=True))
        yield process


def loop_by_hand(model: Path, seconds: float, spins: bool) -> Run:
    """Its network alone."""
    from benchmarks.handwritten_networks import TensorRtNetwork, open_network

    network = open_network(model, spins)
    image = np.zeros(network.shape, np.float32)
    run = paced(lambda: network.run(image), RATE, seconds)
    if isinstance(network, TensorRtNetwork):
        network.close()
    return run


def _nodes(ours: Sequence[Turn], by_hand: Sequence[Turn]) -> Sheet:
    width, height = SIZE
    figures: List[Figure] = []
    for row, (unit, better, of) in _ROWS.items():
        values = [[of(turn) for turn in turns] for turns in (ours, by_hand)]
        figures += beside(row, unit, better, *values)
    return Sheet(
        "peer",
        f"this node and one written by hand: {width}x{height} bgr8 at {RATE:.0f}/s",
        "",
        figures,
        "both with a subscriber in another process; memory: shared pages in equal parts",
    )


def beside(
    row: str, unit: str, better: str, ours: Sequence[float], by_hand: Sequence[float]
) -> Iterator[Figure]:
    """What both have of something, and how many times as much ours is."""
    yield Figure(row, OURS, unit, samples_of(ours), better)
    yield Figure(row, BY_HAND, unit, samples_of(by_hand), better, ours=False)
    ratios = samples_of(one / other for one, other in zip(ours, by_hand) if other)
    if ratios:
        yield Figure(row, RATIO, "", ratios, NEITHER)


def _outside(turn: Turn, percentile: float) -> float:
    return float(np.percentile(turn.seen.latencies, percentile)) * 1e3


def _alone(turn: Turn) -> float:
    return milliseconds(turn.engine)


# What is told of a session: its unit, what is better, and how it is found.
_ROWS: Dict[str, Tuple[str, str, Callable[[Turn], float]]] = {
    "stamp → received by a subscriber, p50": ("ms", LESS, lambda turn: _outside(turn, 50)),
    "stamp → received, p95": ("ms", LESS, lambda turn: _outside(turn, 95)),
    "stamp → received, p99": ("ms", LESS, lambda turn: _outside(turn, 99)),
    "stamp → received, p50 - network": ("ms", LESS, lambda turn: _outside(turn, 50) - _alone(turn)),
    "image received → published, p50": ("ms", LESS, lambda turn: turn.own[0]),
    "image → published, p95": ("ms", LESS, lambda turn: turn.own[1]),
    "image → published, p99": ("ms", LESS, lambda turn: turn.own[2]),
    "image → published, p50 - network": ("ms", LESS, lambda turn: turn.own[0] - _alone(turn)),
    "network alone, p50": ("ms", LESS, _alone),
    "CPU of the process": ("cores", LESS, lambda turn: turn.seen.cores),
    "memory of the process": ("MB", LESS, lambda turn: turn.seen.memory / 1e6),
    "results": ("/s", MORE, lambda turn: turn.seen.rate),
}


def _networks(ours: Sequence[Turn], by_hand: Sequence[Turn], tensorflow: Sequence[Run]) -> Sheet:
    runs: Dict[str, Sequence[Run]] = {
        "this node's engine": [turn.engine for turn in ours],
        "the network by hand": [turn.engine for turn in by_hand],
    }
    if tensorflow:
        runs["TensorFlow, the SavedModel's signature"] = tensorflow
    figures = []
    for row, found in runs.items():
        is_ours = row == "this node's engine"
        for name, percentile in (("p50", 50), ("p95", 95)):
            values = samples_of(milliseconds(run, percentile) for run in found)
            figures.append(Figure(row, name, "ms", values, ours=is_ours))
        cores = samples_of(run.cores for run in found)
        figures.append(Figure(row, "CPU", "cores", cores, ours=is_ours))
    return Sheet("networks", f"the networks alone, at {RATE:.0f}/s", "", figures)
