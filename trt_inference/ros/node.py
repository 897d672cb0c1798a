"""The lifecycle node ``detector``: images in, what is seen in them out."""

from __future__ import annotations

import dataclasses
import functools
import time
from typing import Any, Dict, Optional

from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from trt_inference.bundle import Bundle, load_bundle
from trt_inference.detector import Detector
from trt_inference.errors import DeviceFault, EngineMissing
from trt_inference.ros.builder import Builder
from trt_inference.ros.diagnostics_topic import DiagnosticsTopic
from trt_inference.ros.parameters import Parameters, Settings
from trt_inference.ros.pipeline import Pipeline, Received
from trt_inference.ros.publishing import ResultTopics
from trt_inference.ros.transitions import ERROR, FAILURE, SUCCESS, logged
from trt_inference.worker import InferenceThread

DRAIN_TIMEOUT = 5.0  # seconds that the frame in work may take when the node is deactivated


class DetectorNode(LifecycleNode):
    """Subscribes to ``image`` and publishes, by the bundle's task, ``~/detections``,
    ``~/classification`` or ``~/segmentation``, with ``~/label_info`` and ``/diagnostics``."""

    def __init__(self, **options: Any) -> None:
        super().__init__("detector", **options)
        self._thread: Optional[InferenceThread[Received]] = None
        self._fault: Optional[Exception] = None
        self._subscription: Any = None
        self._results: Optional[ResultTopics] = None
        self._diagnostics: Optional[DiagnosticsTopic] = None
        self.must_restart = False  # the GPU's context is lost: only a new process gets another
        self._builder = Builder(self, self.autostart_after_build)
        self._fault_condition = self.create_guard_condition(self._on_fault)
        self._parameters_of_node = Parameters(self, self._set_thresholds)
        for name in self._parameters_of_node.unknown:
            self.get_logger().warning(f"parameter {name} does not exist and is ignored")

    def autostart(self) -> None:
        """Configure and activate, if the parameter says so. The node does it itself, because
        a request from outside can be lost while an earlier process of the same name is still
        being discovered, after a respawn above all."""
        if not self.get_parameter("autostart").value:
            return
        if self.trigger_configure() == SUCCESS:
            self.trigger_activate()

    def autostart_after_build(self) -> None:
        """Configure with the engine that was built, and activate, if the parameter says so."""
        if self.trigger_configure() == SUCCESS and self.get_parameter("autostart").value:
            self.trigger_activate()

    @logged
    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load, check, allocate, warm up, publish. FAILURE leads back to unconfigured."""
        settings = self._parameters_of_node.settings()
        self._builder.stop()
        bundle = load_bundle(settings.bundle)
        try:
            self._open(settings, bundle)
        except EngineMissing as error:
            self._free()
            if not settings.build_if_missing:
                raise
            self._builder.start(bundle.path, error.precision, settings.device)
            return FAILURE
        except Exception as error:
            self._free()
            self.must_restart = isinstance(error, DeviceFault)
            raise
        return super().on_configure(state)

    @logged
    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Subscribe to images."""
        self._subscription = self.create_subscription(
            Image, "image", self._on_image, self._image_qos
        )
        return super().on_activate(state)

    @logged
    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Unsubscribe and finish the frame in work. ERROR after a fault of the engine."""
        self._unsubscribe()
        if self._thread is not None and not self._thread.drain(DRAIN_TIMEOUT):
            self.get_logger().warning(f"the last frame takes longer than {DRAIN_TIMEOUT} s")
        if self._fault is not None:
            return ERROR
        return super().on_deactivate(state)

    @logged
    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the engine and the topics. ERROR after a fault of the engine, or when it cannot
        be freed."""
        ended = self._free()
        return SUCCESS if ended and self._fault is None else ERROR

    @logged
    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything, from whatever state."""
        self._builder.stop()
        self._free()
        return SUCCESS

    @logged
    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free everything. SUCCESS leads to unconfigured."""
        self._free()
        self.must_restart = isinstance(self._fault, DeviceFault)
        self._fault = None
        if self.must_restart:
            self.get_logger().fatal("the GPU is lost to this process: it ends, to be started anew")
        else:
            self.get_logger().error("everything is freed: the node can be configured again")
        return SUCCESS

    def destroy_node(self) -> None:
        """Free the engine, which no transition does when the process is told to end."""
        self._builder.stop()
        self._free()
        super().destroy_node()

    def _open(self, settings: Settings, bundle: Bundle) -> None:
        self._fault = None
        self._image_qos = QoSProfile(
            depth=settings.image_depth,
            reliability=ReliabilityPolicy[settings.image_reliability.upper()],
        )
        results = self._results = ResultTopics(self, bundle)
        self._pipeline = Pipeline(self, results.publish)
        thread: InferenceThread[Received] = InferenceThread(
            functools.partial(self._open_detector, settings, bundle),
            self._pipeline,
            lambda error: self._report_fault(thread, error),
        )
        self._thread = thread
        detector = thread.start()
        self._parameters_of_node.locked = True
        detector.thresholds = self._parameters_of_node.thresholds(bundle.defaults)
        results.publish_labels(detector.thresholds.score_threshold)
        self._diagnostics = DiagnosticsTopic(
            self, _facts(bundle, detector), self._pipeline, settings.diagnostics_period
        )
        self.get_logger().info(
            f"configured: {bundle.name} {detector.choice}, {bundle.task} on "
            f"{bundle.input.width}x{bundle.input.height}, {len(bundle.labels)} classes, "
            f"{detector.engine.description}"
        )

    def _open_detector(self, settings: Settings, bundle: Bundle) -> Detector:
        """Called on the inference thread, which owns the engine from then on."""
        return Detector.open(
            bundle, settings.backend, settings.precision, settings.engine_options(),
            self._pipeline.clock
        )

    def _free(self) -> bool:
        """Undo all of configure and activate that was done. May be called at any time.

        Returns:
            False when the inference thread did not end.
        """
        self._unsubscribe()
        if self._diagnostics is not None:
            self._diagnostics.destroy()
            self._diagnostics = None
        ended = self._thread is None or self._thread.stop()
        if not ended:
            self.get_logger().error("the inference thread does not end: restart the process")
        self._thread = None
        if self._results is not None:
            self._results.destroy()
            self._results = None
        self._parameters_of_node.locked = False
        return ended

    def _unsubscribe(self) -> None:
        if self._subscription is not None:
            self.destroy_subscription(self._subscription)
            self._subscription = None

    def _set_thresholds(self, values: Dict[str, Any]) -> None:
        """Take new thresholds for the next frame."""
        detector = self._thread.detector if self._thread is not None else None
        if detector is not None:
            detector.thresholds = dataclasses.replace(detector.thresholds, **values)
            if self._results is not None:
                self._results.publish_labels(detector.thresholds.score_threshold)

    def _on_image(self, image: Image) -> None:
        """Hand the newest frame over; runs on the executor."""
        counters = self._pipeline.counters
        counters.received += 1
        if self._thread is not None and self._thread.submit(Received(image, time.perf_counter())):
            counters.dropped += 1

    def _report_fault(self, thread: InferenceThread[Received], error: Exception) -> None:
        """Called on the inference thread: wake the executor."""
        self.get_logger().error(f"inference has failed: {error!r}")
        if thread is self._thread:  # not one that was given up because it did not end
            self._fault = error
            self._fault_condition.trigger()

    def _on_fault(self) -> None:
        """Leave the state in which the node was, through error processing, unless a transition
        that came first has done so."""
        if self._fault is None:
            return
        if self._subscription is not None:
            self.trigger_deactivate()
        elif self._thread is not None:
            self.trigger_cleanup()


def _facts(bundle: Bundle, detector: Detector) -> Dict[str, str]:
    """What does not change while the node is configured."""
    return {
        "bundle": str(bundle.path),
        "task": bundle.task,
        "precision": detector.choice.precision,
        "why this precision": detector.choice.reason,
        "engine": detector.engine.description,
    }
