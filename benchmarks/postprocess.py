"""From the candidates of an engine to detections, at the rate of a camera and in a loop."""

import time
from functools import partial
from typing import Callable, Dict, Iterator, List, Mapping, NamedTuple

import cv2
import numpy as np

from benchmarks.figures import NEITHER, Figure, Sheet, samples_of
from trt_inference.bundles.bundle import Fitting, Thresholds
from trt_inference.bundles.names import BOXES, CLASSES, SCORES
from trt_inference.inference.geometry import Placement, place
from trt_inference.inference.postprocess import postprocess

COUNTS = (10, 50, 100, 300)  # of the candidates that reach the threshold
CANDIDATES = 300  # of the engine
CLASSES_OF_MODEL = 80
INPUT = 640  # pixels of a side
PLACEMENT = place(720, 1280, INPUT, INPUT, Fitting("letterbox"))
THRESHOLDS = Thresholds(score_threshold=0.5, iou_threshold=0.6, max_detections=300)
BOXES_OF_AN_OBJECT = 3
RATE = 30.0
SAMPLES = 60
LOOPS = 50

Outputs = Mapping[str, np.ndarray]


class Times(NamedTuple):
    """Seconds of each call: the clock and the CPU time of the thread at the rate of a camera,
    and the CPU time in a loop."""

    paced: np.ndarray
    paced_cpu: np.ndarray
    loop_cpu: np.ndarray


def sheets(seconds: float = 8.0) -> Iterator[Sheet]:
    """Ours, and what is usually written by hand.

    Args:
        seconds: that it takes, all in all.
    """
    figures: List[Figure] = []
    for count in COUNTS:
        outputs = candidates(count)
        samples = int(seconds * RATE / len(COUNTS) / 2)
        mine, usual = measure(ways_of(outputs), samples).values()
        figures += [
            _figure(count, "ours", mine.paced),
            _figure(count, "ours CPU", mine.paced_cpu),
            _figure(count, "ours CPU in a loop", mine.loop_cpu),
            _figure(count, "usual", usual.paced, ours=False),
            _figure(count, "usual CPU", usual.paced_cpu, ours=False),
        ]
        ratio = samples_of(usual.paced_cpu / mine.paced_cpu)
        figures.append(Figure(str(count), "usual/ours CPU", "", ratio, NEITHER))
    title = f"candidates to detections at {RATE:g} a second, {CLASSES_OF_MODEL} classes"
    yield Sheet("postprocess", title, "candidates", figures)


def _figure(count: int, column: str, seconds: np.ndarray, ours: bool = True) -> Figure:
    return Figure(str(count), column, "ms", samples_of(seconds * 1e3), ours=ours, digits=3)


def measure(ways: Mapping[str, Callable[[], object]], samples: int = SAMPLES) -> Dict[str, Times]:
    """Each way in turn, so that a change of the machine's pace meets all alike."""
    paced: Dict[str, List[float]] = {name: [] for name in ways}
    paced_cpu: Dict[str, List[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(samples):
        for name, way in ways.items():
            time.sleep(1 / RATE)
            began, cpu_began = time.perf_counter(), time.thread_time()
            way()
            paced_cpu[name].append(time.thread_time() - cpu_began)
            paced[name].append(time.perf_counter() - began)
    return {
        name: Times(np.array(paced[name]), np.array(paced_cpu[name]), in_a_loop(way))
        for name, way in ways.items()
    }


def in_a_loop(way: Callable[[], object]) -> np.ndarray:
    """Seconds of CPU time of one call after the other."""
    times = np.zeros(LOOPS)
    for index in range(LOOPS):
        began = time.thread_time()
        way()
        times[index] = time.thread_time() - began
    return times


def candidates(count: int, seed: int = 0) -> Outputs:
    """Of one image: ``count`` above the threshold, about three boxes of each object."""
    generator = np.random.RandomState(seed)
    objects = -(-CANDIDATES // BOXES_OF_AN_OBJECT)
    centres = generator.uniform(40, INPUT - 40, (objects, 2))
    sides = generator.uniform(20, 160, (objects, 2))
    classes = generator.randint(0, CLASSES_OF_MODEL, objects)
    chosen = generator.permutation(np.repeat(np.arange(objects), BOXES_OF_AN_OBJECT))[:CANDIDATES]
    shifted = centres[chosen] + generator.normal(0, 0.06, (CANDIDATES, 2)) * sides[chosen]
    half = sides[chosen] * np.exp(generator.normal(0, 0.08, (CANDIDATES, 2))) / 2
    above, below = np.linspace(0.95, 0.51, count), np.linspace(0.4, 0.01, CANDIDATES - count)
    return {
        BOXES: np.hstack([shifted - half, shifted + half]).astype(np.float32),
        SCORES: np.concatenate([above, below]).astype(np.float32),
        CLASSES: classes[chosen].astype(np.int32),
    }


def ways_of(outputs: Outputs) -> Dict[str, Callable[[], object]]:
    """Those that are compared."""
    return {"ours": partial(ours, outputs), "usual": partial(usual_steps, outputs, PLACEMENT)}


def ours(outputs: Outputs) -> object:
    """As a ``Detector`` does."""
    return postprocess(outputs, PLACEMENT, THRESHOLDS, needs_nms=True)


def usual_steps(outputs: Outputs, placement: Placement) -> List[List[float]]:
    """What most nodes do: a mask, classes moved apart, OpenCV's suppression of lists, and each box
    that stays to the frame."""
    kept = outputs[SCORES] >= THRESHOLDS.score_threshold
    boxes, scores, classes = outputs[BOXES][kept], outputs[SCORES][kept], outputs[CLASSES][kept]
    apart = boxes + (classes * 2 * INPUT)[:, None]
    apart[:, 2:] -= apart[:, :2]
    stays = cv2.dnn.NMSBoxes(
        [tuple(box) for box in apart.tolist()], scores.tolist(), 0.0, THRESHOLDS.iou_threshold
    )
    found = []
    for index in np.ravel(stays):
        corners = boxes[index] - (2 * [placement.left, placement.top])
        corners /= 2 * [placement.scale_x, placement.scale_y]
        corners = np.clip(corners, 0, 2 * [placement.frame_width, placement.frame_height])
        found.append([*corners.tolist(), float(scores[index]), int(classes[index])])
    return found
