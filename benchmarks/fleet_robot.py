"""python3 -m benchmarks.fleet_robot: one robot of a fleet, a process of its own.

It takes tasks from its standard input, and is ready for each before it waits for the word to
begin, so that all robots begin at once. It ends with its input.
"""

import json
import sys
import time
from typing import Dict, List, Tuple

import numpy as np

from benchmarks.fleet_task import Measured, Task, task_of
from examples.shapes.moving_scene import MovingScene
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.base import EngineOptions
from trt_inference.engines.server_options import NONE, ServerOptions
from trt_inference.errors import FrameLost, TrtInferenceError
from trt_inference.inference.detector import STAGES, Detector
from trt_inference.inference.frame import Frame
from trt_inference.timing import StageClock

READY, BEGIN = json.dumps({"ready": True}), "begin"
CAMERA = (720, 1280)  # height and width of its images
_DEADLINE = 20.0  # seconds: no image is to be lost
_WARM_UP = 5  # images


class KeptSamples(StageClock):
    """Keeps all samples, in seconds by stage."""

    def __init__(self) -> None:
        super().__init__(STAGES)
        self.samples: Dict[str, List[float]] = {stage: [] for stage in STAGES}

    def record(self, stage: str, seconds: float) -> None:
        """See ``StageClock``."""
        self.samples[stage].append(seconds)


def main() -> int:
    """Answer each task with a line, until the input ends."""
    scene = MovingScene(1, *CAMERA).frame(0.0).image
    for line in sys.stdin:
        try:
            answer = _carry_out(task_of(line), scene).line()
        except TrtInferenceError as error:
            answer = json.dumps({"error": str(error)})
        print(answer, flush=True)
    return 0


def _carry_out(task: Task, scene: np.ndarray) -> Measured:
    clock = KeptSamples()
    server = ServerOptions(task.url, task.model, _DEADLINE, NONE) if task.url else None
    with Detector.open(
        load_bundle(task.bundle),
        # Of the library that the server has too, on the same cores, also where there is a GPU.
        "triton" if task.url else "onnxruntime",
        task.precision,
        EngineOptions(server=server),
        clock,
    ) as detector:
        for _ in range(_WARM_UP):
            detector.detect(scene)
        print(READY, flush=True)
        sys.stdin.readline()
        for samples in clock.samples.values():
            samples.clear()
        return _run(task, detector, clock, Frame(scene))


def _run(task: Task, detector: Detector, clock: KeptSamples, frame: Frame) -> Measured:
    time.sleep(task.delay)
    hand_over: List[float] = []
    period = 1 / task.rate if task.rate else 0.0
    lost, processor = 0, time.process_time()
    started = due = time.perf_counter()
    while due < started + task.seconds:
        time.sleep(max(0.0, due - time.perf_counter()))
        detector.add(frame)
        begun = time.perf_counter()
        detector.start()
        handed = time.perf_counter() - begun
        try:
            detector.finish()
            hand_over.append(handed)
        except FrameLost:
            lost += 1
        due = max(due + period, time.perf_counter())
    elapsed = max(time.perf_counter(), due) - started
    processor = time.process_time() - processor
    fit, round_trip, suppress = (np.array(clock.samples[stage]) for stage in STAGES)
    return Measured(
        fit, np.array(hand_over), round_trip, suppress, elapsed, processor, lost, *_bytes(detector)
    )


def _bytes(detector: Detector) -> Tuple[float, float]:
    """Of an image, to the server and from it."""
    status = detector.engine.status()
    if status is None:
        return 0.0, 0.0
    sent, received = (status.values[f"bytes {way} an image"] for way in ("sent", "received"))
    return float(sent), float(received)


if __name__ == "__main__":
    sys.exit(main())
