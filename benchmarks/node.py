"""The node on 1280x720 images against a bare ONNX Runtime loop, at the same rates."""

from pathlib import Path
from typing import Sequence

import numpy as np
import onnxruntime
from rich.table import Table

from benchmarks.pacing import Run, paced
from benchmarks.session import session
from trt_inference.bundles.bundle import load_bundle
from trt_inference.bundles.choose_precision import CPU, choose
from trt_inference.inference.detector import Detector

RATES = (30.0, 60.0, 90.0)  # images a second
WARM_UP = 1.0  # seconds


def table(bundle: Path, seconds: float) -> Table:
    """A row for each rate of the camera. The two loops only infer, on an image that lies ready,
    started at the camera's rate; they run before and after the node, so that a change of the
    machine's pace shows in all."""
    result = Table(
        "camera/s",
        "bare/s",
        "node/s",
        "node/bare",
        "bare p50",
        "engine p50",
        "node p50",
        "node p99",
        "node - engine",
        title="the node on 1280x720 bgr8; times in ms",
        caption="bare: session.run with ONNX Runtime's own settings, whose threads spin between "
        "frames; engine: the node's engine alone; node: image received → detections published",
    )
    for rate in RATES:
        bare, engine = (
            [bare_loop(bundle, rate, seconds / 2)],
            [engine_loop(bundle, rate, seconds / 2)],
        )
        with session(bundle, rate, 1280, 720) as running:
            running.monitor.spin(WARM_UP)
            node_rate = running.rate("inferred", seconds)
            p50, p99 = running.milliseconds("node", "p50"), running.milliseconds("node", "p99")
        engine.append(engine_loop(bundle, rate, seconds / 2))
        bare.append(bare_loop(bundle, rate, seconds / 2))
        bare_rate = sum(run.rate for run in bare) / len(bare)
        engine_p50 = median(engine)
        result.add_row(
            f"{rate:.0f}",
            f"{bare_rate:.2f}",
            f"{node_rate:.2f}",
            f"{node_rate / bare_rate:.3f}",
            f"{median(bare):.2f}",
            f"{engine_p50:.2f}",
            f"{p50:.2f}",
            f"{p99:.2f}",
            f"{p50 - engine_p50:.2f}",
        )
    return result


def median(runs: Sequence[Run]) -> float:
    """The times of all inferences of some runs, in milliseconds."""
    return float(np.median(np.concatenate([run.times for run in runs]))) * 1e3


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
