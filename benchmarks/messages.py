"""CPU time from an image message to the engine's input, by encoding."""

import array
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from benchmarks.figures import NEITHER, Figure, Sheet, samples_of
from benchmarks.preprocessing import LARGE_INPUT, LETTERBOX, cpu_times, usual_steps
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.ros.messages.image_message_reader import MessageReader

HEIGHT, WIDTH = 720, 1280


class Way(NamedTuple):
    """A message, and the function that usually makes BGR of its whole picture first."""

    message: Union[Image, CompressedImage]
    to_bgr: Callable[[], np.ndarray]


def sheets() -> Iterator[Sheet]:
    """The reader and the preprocessor; the whole picture to BGR and then the usual steps: CPU time
    of all threads."""
    figures: List[Figure] = []
    of_bgr8: Optional[float] = None
    for encoding, way in ways().items():
        ours, usual = (times * 1e3 for times in measure(way))
        of_bgr8 = float(np.median(ours)) if of_bgr8 is None else of_bgr8
        figures += [
            Figure(encoding, "ours", "ms", samples_of(ours), digits=3),
            Figure(encoding, "beyond bgr8", "ms", samples_of(ours - of_bgr8), NEITHER, digits=3),
            Figure(encoding, "usual", "ms", samples_of(usual), ours=False, digits=3),
            Figure(encoding, "usual/ours", "", samples_of(usual / ours), NEITHER),
        ]
    yield Sheet(
        "messages",
        f"message of {WIDTH}x{HEIGHT} to engine input of {LARGE_INPUT}x{LARGE_INPUT}, CPU time",
        "encoding",
        figures,
    )


def measure(way: Way) -> List[np.ndarray]:
    """CPU seconds of one call: ours, the usual way."""
    size = LARGE_INPUT, LARGE_INPUT
    reader = MessageReader()
    preprocess = Preprocessor(np.zeros((*size, 3), np.uint8), LETTERBOX)
    place = preprocess(reader.read(way.message))
    return cpu_times(
        [
            lambda: preprocess(reader.read(way.message)),
            lambda: usual_steps(way.to_bgr(), place, size, LETTERBOX),
        ]
    )


def ways() -> Dict[str, Way]:
    """bgr8, which needs no conversion, comes first."""
    return {
        "bgr8": raw("bgr8", (HEIGHT, WIDTH, 3), None),
        "rgb8": raw("rgb8", (HEIGHT, WIDTH, 3), cv2.COLOR_RGB2BGR),
        "mono8": raw("mono8", (HEIGHT, WIDTH), cv2.COLOR_GRAY2BGR),
        "yuyv": raw("yuyv", (HEIGHT, WIDTH, 2), cv2.COLOR_YUV2BGR_YUY2),
        "nv12": raw("nv12", (HEIGHT * 3 // 2, WIDTH), cv2.COLOR_YUV2BGR_NV12),
        "jpeg": jpeg(),
    }


def raw(encoding: str, shape: Tuple[int, ...], conversion: Optional[int]) -> Way:
    """An image of noise, of so many rows and bytes."""
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    message = Image(width=WIDTH, height=HEIGHT, encoding=encoding, step=pixels.strides[0])
    message.data = array.array("B", pixels.tobytes())
    if conversion is None:
        return Way(message, lambda: pixels)
    return Way(message, lambda: cv2.cvtColor(pixels, conversion))


def jpeg() -> Way:
    """A blurred image, since noise is what a jpeg takes longest for."""
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    data = cv2.imencode(".jpg", cv2.GaussianBlur(noise, (31, 31), 8))[1]
    message = CompressedImage(format="jpeg", data=array.array("B", data.tobytes()))
    return Way(message, lambda: np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)))
