"""A bundle in use: opened when the node is configured, and replaced by a swap."""

import functools
import threading
from dataclasses import replace
from typing import Callable, Dict, NamedTuple, Sequence

from rclpy.node import Node

from trt_inference.bundles.bundle import Bundle
from trt_inference.errors import EngineError
from trt_inference.inference.detector import Detector
from trt_inference.inference.finite import explain_not_finite
from trt_inference.ros.cameras.camera import Camera, Received
from trt_inference.ros.diagnostics.reports import EngineReport
from trt_inference.ros.messages.result_topics import check_messages
from trt_inference.ros.parameters.settings import LiveSettings, Settings
from trt_inference.ros.session.pipeline import Pipeline
from trt_inference.ros.session.swap_service import SwapService
from trt_inference.streaming.inference_thread import InferenceThread


class Callbacks(NamedTuple):
    """What a loaded bundle reports to its node, and asks it.

    Attributes:
        on_fault: called on the inference thread when inference has failed.
        is_told_to_end: whether the process is to end.
    """

    on_fault: Callable[["LoadedBundle", Exception], None]
    is_told_to_end: Callable[[], bool]


class LoadedBundle:
    """An engine on a thread of its own, and the way of the cameras' images through it."""

    def __init__(
        self,
        node: Node,
        settings: Settings,
        bundle: Bundle,
        cameras: Sequence[Camera],
        callbacks: Callbacks,
    ) -> None:
        self.bundle = bundle
        self._introduced_as = ""  # the method
        self._introducing = threading.Lock()
        self._logger = node.get_logger()
        self._settings, self._cameras, self._callbacks = settings, cameras, callbacks
        self.pipeline = Pipeline(node, bundle, self.introduce)
        self.thread: InferenceThread[Received] = InferenceThread(
            self._open_detector,
            self.pipeline,
            functools.partial(callbacks.on_fault, self),
            settings.batch_deadline,
        )

    def open(self, live: LiveSettings) -> None:
        """Load the engine, run it once, and make the messages of what it gives. May be called on
        any thread.

        Raises:
            BundleError: the bundle does not have what the settings ask for.
            EngineError: the backend is not installed, does not take the model, or no message can
                be made of what the model gives.
            Interrupted: the process is to end.
        """
        self.detector = self.thread.start(self._callbacks.is_told_to_end)
        self.take(live)
        if self.detector.first is not None:
            check_messages(self.bundle, self.detector.first.result, self._settings.label_policy)
        if not self._is_sound:
            self._logger.warning(f"on a picture that is made up, {self._explain_not_finite()}")

    @property
    def asked(self) -> Dict[str, str]:
        """The parameters with which it was opened, of those that a swap changes."""
        return {"bundle": self._settings.bundle, "precision": self._settings.precision}

    @property
    def method(self) -> str:
        """Model, precision and backend."""
        return f"{self.bundle.name} {self.detector.choice.precision}, {self.description}"

    @property
    def description(self) -> str:
        """Backend, version and device of the engine, for people."""
        return self.detector.engine.description

    def introduce(self) -> None:
        """Publish on each camera's topics what this bundle is, once its results come, and who
        computes them. Called on the executor, and on the inference thread."""
        with self._introducing:  # or the one that has looked first could publish last
            self._introduced_as = self.method
            self._introduce_again()

    def _introduce_again(self) -> None:
        threshold = self._live.thresholds.score_threshold
        for camera in self._cameras:
            camera.introduce(self.bundle, threshold, self._introduced_as)

    def apply(self, live: LiveSettings) -> None:
        """Take other settings for the next frame, and have the cameras take them."""
        self.take(live)
        for camera in self._cameras:
            camera.apply(live)
        with self._introducing:
            # As before: the engine may answer in another name meanwhile, or nobody, of which only
            # the inference thread knows when its results come.
            if self._introduced_as:
                self._introduce_again()

    def succeed(self, other: "LoadedBundle") -> None:
        """Take over from another bundle, once that has finished what it has begun.

        Raises:
            EngineError: what comes of the first picture is not finite, and is not to be published.
        """
        if not (self._is_sound or self._live.publish_non_finite):
            raise EngineError(self._explain_not_finite())
        self.thread.succeed(other.thread)
        if other.thread.drain(0):  # nothing is in work, and no image may come for long
            self.introduce()

    def submit(self, received: Received) -> None:
        """Hand an image over; an older one of the camera that was not begun is dropped."""
        if self.thread.submit(received, received.camera.number):
            received.camera.counters.dropped += 1

    def report(self, active: bool, swaps: SwapService) -> EngineReport:
        """The engine's part of the diagnostics."""
        return EngineReport(
            active,
            self._facts(),
            self.pipeline.clock.percentiles(),
            self.pipeline.memory,
            last_swap=swaps.last,
            problem=swaps.problem,
            counts=self.detector.counts.snapshot(),
            is_finite=self.detector.is_finite,
            withholds=not self._live.publish_non_finite,
            status=self.detector.engine.status(),
        )

    @property
    def _is_sound(self) -> bool:
        """Whether what came of the first picture is finite."""
        return self.detector.first is None or self.detector.first.is_finite

    def _explain_not_finite(self) -> str:
        return f"{self.bundle.path} in {explain_not_finite(self.detector.choice.precision)}"

    def _facts(self) -> Dict[str, str]:
        choice = self.detector.choice
        return {
            "bundle": str(self.bundle.path),
            "sha256": self.bundle.manifest_sha256,
            "task": self.bundle.task,
            "precision": choice.precision,
            "why this precision": choice.reason,
            "engine": self.description,
        }

    def __str__(self) -> str:
        spec = self.bundle.input
        return (
            f"{self.bundle.name} {self.detector.choice}, {self.bundle.task} on "
            f"{spec.width}x{spec.height}, {len(self.bundle.labels)} classes, {self.description}"
        )

    def take(self, live: LiveSettings) -> None:
        """Take other settings for the next frame, and leave the cameras as they are."""
        self._live = live
        self.detector.thresholds, self.detector.selection = live.thresholds, live.selection
        self.pipeline.publishes_non_finite = live.publish_non_finite

    def _open_detector(self) -> Detector:
        """Called on the inference thread, which owns the engine from then on."""
        settings = self._settings
        options = replace(settings.engine_options(), warn=self._warn, inform=self._inform)
        return Detector.open(
            self.bundle, settings.backend, settings.precision, options, self.pipeline.clock
        )

    # rclpy takes no two severities from one line, and engines may call both of these from one.

    def _warn(self, text: str) -> None:
        self._logger.warning(text)

    def _inform(self, text: str) -> None:
        self._logger.info(text)
