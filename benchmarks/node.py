"""The node on 1280x720 images against a bare ONNX Runtime loop, at the same rates."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
from rich.table import Table

from benchmarks.session import session
from trt_inference.bundle import load_bundle

RATES = (30.0, 60.0, 90.0)  # images a second
WARM_UP = 1.0  # seconds


def table(bundle: Path, seconds: float) -> Table:
    """A row for each rate of the camera. The bare loop only infers, on an image that lies
    ready; it runs before and after the node, so that a change of the machine's pace shows in
    both."""
    result = Table(
        "camera/s", "bare/s", "node/s", "node/bare", "engine p50", "node p50", "node p99", "added",
        title="the node on 1280x720 bgr8 against a bare ONNX Runtime loop, ms",
        caption="node: image received → detections published; added: node p50 - engine p50",
    )  # fmt: skip
    for rate in RATES:
        before = bare_loop(bundle, rate, seconds / 2)
        with session(bundle, rate, 1280, 720) as running:
            running.monitor.spin(WARM_UP)
            node_rate = running.rate("inferred", seconds)
            p50, p99 = running.milliseconds("node", "p50"), running.milliseconds("node", "p99")
        after = bare_loop(bundle, rate, seconds / 2)
        bare_rate = (before.rate + after.rate) / 2
        engine = float(np.median(np.concatenate([before.times, after.times]))) * 1e3
        result.add_row(
            f"{rate:.0f}", f"{bare_rate:.2f}", f"{node_rate:.2f}", f"{node_rate / bare_rate:.3f}",
            f"{engine:.2f}", f"{p50:.2f}", f"{p99:.2f}", f"{p50 - engine:+.2f}",
        )  # fmt: skip
    return result


class BareRun(NamedTuple):
    """Inferences a second, and the seconds of each, ``[n]``."""

    rate: float
    times: np.ndarray


def bare_loop(bundle: Path, rate: float, seconds: float) -> BareRun:
    """``session.run`` with ONNX Runtime's own settings, started ``rate`` times a second or as
    often as it can."""
    loaded = load_bundle(bundle)
    file = loaded.model_file(loaded.choose_precision("auto"))
    run = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"]).run
    image = np.zeros((1, loaded.input.height, loaded.input.width, 3), np.uint8)
    run(None, {loaded.input.name: image})
    times = []
    started = due = time.perf_counter()
    while due < started + seconds:
        time.sleep(max(0.0, due - time.perf_counter()))
        begun = time.perf_counter()
        run(None, {loaded.input.name: image})
        times.append(time.perf_counter() - begun)
        due = max(due + 1 / rate, time.perf_counter())
    elapsed = max(time.perf_counter(), due) - started
    return BareRun(len(times) / elapsed, np.array(times))
