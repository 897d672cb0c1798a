"""CPU time from a camera frame to the engine's input."""

import time
from pathlib import Path
from typing import Callable, Iterator, List, Sequence, Tuple

import cv2
import numpy as np

from benchmarks.figures import NEITHER, Figure, Sheet, samples_of
from trt_inference.bundles.bundle import Fitting, load_bundle
from trt_inference.inference.frame import Frame
from trt_inference.inference.geometry import Placement
from trt_inference.inference.preprocess import Preprocessor

FRAMES = ((720, 1280), (1080, 1920))
LARGE_INPUT = 640  # a common size of detectors, beside the bundle's own
CLASSIFIER_INPUT = 224
PAD = 114
LETTERBOX = Fitting(pad_value=PAD)
# The middle, and with torchvision's resize to 256 before the crop of 224.
CROPS = (
    Fitting("center-crop", PAD),
    Fitting("center-crop", PAD, "area"),
    Fitting("center-crop", PAD, "area", 0.875),
)
INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA}
ROUNDS = 20
CALLS = 10


def sheets(bundle: Path) -> Iterator[Sheet]:
    """The resize alone, what the node does, and what is usually done: CPU time of all threads. All
    three fit the frame in the same way; the first and the last with OpenCV's ``INTER_AREA`` where
    ours antialiases."""
    spec = load_bundle(bundle).input
    figures: List[Figure] = []
    rows = [(size, LETTERBOX) for size in ((spec.height, spec.width), (LARGE_INPUT, LARGE_INPUT))]
    rows += [((CLASSIFIER_INPUT, CLASSIFIER_INPUT), fitting) for fitting in CROPS]
    for size, fitting in rows:
        for frame_size in FRAMES:
            name = f"{frame_size[1]}x{frame_size[0]} → {size[1]}x{size[0]}"
            if fitting is not LETTERBOX:
                name += f", {fitting.fit} of {fitting.crop_fraction:g}, {fitting.resize}"
            figures += _row(name, measure(frame_size, size, fitting))
    yield Sheet("preprocessing", "frame to engine input, CPU time", "frame → input", figures)


def _row(name: str, times: Sequence[np.ndarray]) -> Iterator[Figure]:
    alone, ours, usual = (time * 1e3 for time in times)
    yield Figure(name, "resize", "ms", samples_of(alone), ours=False, digits=3)
    yield Figure(name, "ours", "ms", samples_of(ours), digits=3)
    yield Figure(name, "ours/resize", "", samples_of(ours / alone), NEITHER)
    yield Figure(name, "usual", "ms", samples_of(usual), ours=False, digits=3)
    yield Figure(name, "usual/ours", "", samples_of(usual / ours), NEITHER)


def measure(
    frame_size: Tuple[int, int], input_size: Tuple[int, int], fitting: Fitting
) -> List[np.ndarray]:
    """CPU seconds of one call of: the resize alone, the preprocessor, the usual steps."""
    frame = np.random.default_rng(0).integers(0, 256, (*frame_size, 3), np.uint8)
    preprocess = Preprocessor(np.zeros((*input_size, 3), np.uint8), fitting)
    place = preprocess(Frame(frame))
    return cpu_times(
        [
            bare_resize(frame, place, fitting),
            lambda: preprocess(Frame(frame)),
            lambda: usual_steps(frame, place, input_size, fitting),
        ]
    )


def bare_resize(frame: np.ndarray, place: Placement, fitting: Fitting) -> Callable[[], object]:
    """OpenCV's resize of what is looked at, to where it lies, and nothing else."""
    seen = frame[looked_at(place)]
    size, way = (place.width, place.height), INTERPOLATIONS[fitting.resize]
    target = np.zeros((place.height, place.width, 3), np.uint8)
    return lambda: cv2.resize(seen, size, dst=target, interpolation=way)


def looked_at(place: Placement) -> Tuple[slice, slice]:
    """Rows and columns of the frame."""
    x, y, width, height = place.region
    return slice(y, y + height), slice(x, x + width)


def usual_steps(
    frame: np.ndarray, place: Placement, input_size: Tuple[int, int], fitting: Fitting
) -> np.ndarray:
    """What most nodes do with each frame: float32 ``[1, 3, h, w]``, RGB."""
    image = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)[looked_at(place)]
    way = INTERPOLATIONS[fitting.resize]
    image = cv2.resize(image, (place.width, place.height), interpolation=way)
    bottom = input_size[0] - place.height - place.top
    right = input_size[1] - place.width - place.left
    image = cv2.copyMakeBorder(
        image, place.top, bottom, place.left, right, cv2.BORDER_CONSTANT, value=(PAD, PAD, PAD)
    )
    return np.ascontiguousarray((image.astype(np.float32) / 255).transpose(2, 0, 1)[None])


def cpu_times(ways: Sequence[Callable[[], object]]) -> List[np.ndarray]:
    """Seconds of CPU time of one call, ``[ROUNDS]`` for each way, taken in turn so that a
    change of the machine's pace meets all alike."""
    samples = np.zeros((len(ways), ROUNDS))
    for way in ways:
        way()
    for round_number in range(ROUNDS):
        for index, way in enumerate(ways):
            started = time.process_time()
            for _ in range(CALLS):
                way()
            samples[index, round_number] = (time.process_time() - started) / CALLS
    return list(samples)
