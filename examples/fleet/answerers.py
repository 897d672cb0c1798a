"""Finds out from a result who computed it: server and robot run networks of different precision,
whose scores differ in almost every image."""

import queue
import threading
from typing import Callable, NamedTuple, Optional, Tuple

import numpy as np

from examples.fleet.receipts import EITHER, NEITHER, ROBOT, SERVER
from trt_inference.bundles.bundle import Bundle
from trt_inference.engines.base import EngineOptions
from trt_inference.errors import BundleError, TrtInferenceError
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector, choose_precision

# Between scores of the same network in different processes. Those of fp32 and int8 of the demo's
# model differ by more in each of the images that were looked at.
NOISE = 1e-5
# For the server: those that differ most from fp32 first.
_FOR_THE_SERVER = ("int8", "fp16", "fp32")


def choose_precisions(bundle: Bundle) -> Tuple[str, str]:
    """The precision for the server, and another one: what a robot on this machine runs itself.

    Raises:
        BundleError: the bundle has only one.
    """
    of_robot = choose_precision(bundle, "auto", "auto", EngineOptions()).precision
    for of_server in _FOR_THE_SERVER:
        if of_server in bundle.precisions and of_server != of_robot:
            return of_server, of_robot
    raise BundleError(
        f"the bundle {bundle.path} has only {of_robot}, so that results of the server cannot be "
        "told from those of a robot: convert the model with --precision fp32 int8"
    )


def whose(received: Detections, by_server: Detections, by_robot: Detections) -> str:
    """Whose scores the received ones are; the other two are what each finds in the image."""
    is_servers = distance(received, by_server) <= NOISE
    is_robots = distance(received, by_robot) <= NOISE
    if is_servers:
        return EITHER if is_robots else SERVER
    return ROBOT if is_robots else NEITHER


def distance(one: Detections, other: Detections) -> float:
    """The largest difference of two scores of the same rank; infinite where the classes that were
    found are not the same."""
    if not np.array_equal(np.sort(one.class_ids), np.sort(other.class_ids)):
        return float("inf")
    return float(np.abs(one.scores - other.scores).max(initial=0.0))


class Result(NamedTuple):
    """A result to look at.

    Attributes:
        image: uint8 ``[h, w, 3]``, BGR.
        received: what a robot has published of it.
        tell: called with whose it is, on the judge's thread.
    """

    image: np.ndarray
    received: Detections
    tell: Callable[[str], None]


class Judge:
    """Runs both networks on the image of each result, on a thread of its own: receipts do not wait
    for it. ``problem`` is why it has ended early."""

    def __init__(self, bundle: Bundle, of_server: str) -> None:
        """
        Args:
            of_server: the precision on the server, which is opened by ONNX Runtime; that of the
                robot is what a robot opens here of itself.
        """
        self.problem: Optional[Exception] = None
        self._bundle, self._of_server = bundle, of_server
        self._results: queue.SimpleQueue[Optional[Result]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="judge", daemon=True)
        self._thread.start()

    def ask(self, result: Result) -> None:
        """Have a result looked at, when its turn comes."""
        self._results.put(result)

    def close(self) -> None:
        """Wait until all results have been looked at."""
        self._results.put(None)
        self._thread.join()

    def _run(self) -> None:
        options = EngineOptions(threads=1)
        try:
            with Detector.open(self._bundle, "onnxruntime", self._of_server, options) as server:
                with Detector.open(self._bundle, options=options) as robot:
                    self._look(server, robot)
        except TrtInferenceError as error:
            self.problem = error

    def _look(self, server: Detector, robot: Detector) -> None:
        for result in iter(self._results.get, None):
            by_server, by_robot = (one.detect(result.image) for one in (server, robot))
            # Other tasks have been refused before.
            if isinstance(by_server, Detections) and isinstance(by_robot, Detections):
                result.tell(whose(result.received, by_server, by_robot))
