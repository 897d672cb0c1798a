"""What exists while the node is configured, and is freed together."""

import threading
import time
from typing import Any, List, NamedTuple, Optional

from rclpy.lifecycle import LifecycleNode

from trt_inference.bundles.bundle import Bundle
from trt_inference.errors import EngineError
from trt_inference.ros.cameras.camera import Camera, Received
from trt_inference.ros.cameras.image_receiver import LONGEST_WORK, ImageReceiver
from trt_inference.ros.cameras.image_waiter import ImageWaiter
from trt_inference.ros.cameras.reception import Reception, ReceptionSummary
from trt_inference.ros.cameras.topic_names import camera_topics, refuse_own_topics
from trt_inference.ros.diagnostics.detector_status import DetectorStatus
from trt_inference.ros.diagnostics.reports import NodeReport
from trt_inference.ros.diagnostics.status_publisher import StatusPublisher
from trt_inference.ros.messages.serialized_image import AnyImage
from trt_inference.ros.parameters.settings import LiveSettings, Settings
from trt_inference.ros.rclpy_tools.steady_timer import steady_timer
from trt_inference.ros.session.loaded_bundle import Callbacks, LoadedBundle
from trt_inference.ros.session.swap_service import SwapService

# Seconds that the frame in work may take, when the node is deactivated or cleaned up, and when the
# process is to end.
DRAIN_TIMEOUT, END_TIMEOUT = 5.0, 0.5


class Services(NamedTuple):
    """What the node has for as long as it lives, and its resources use.

    Attributes:
        swaps: takes requests for another engine.
        statuses: publishes on /diagnostics.
    """

    swaps: SwapService
    statuses: StatusPublisher


class Resources:
    """The cameras, the bundle in use, and the diagnostics of both.

    Attributes:
        loaded: the bundle in use, which a swap replaces.
        is_active: whether images are subscribed to.
    """

    def __init__(
        self,
        node: LifecycleNode,
        settings: Settings,
        bundle: Bundle,
        live: LiveSettings,
        services: Services,
        callbacks: Callbacks,
    ) -> None:
        """Open everything that images need, or nothing.

        Raises:
            BundleError: the bundle does not have what the settings ask for.
            EngineError: the backend is not installed, or does not take the model.
            Interrupted: the process is to end.
            ParameterError: the cameras cannot be told apart.
            QosError: ``qos_overrides`` of a topic cannot be had.
        """
        self.settings = settings
        self.is_active = False
        self._node, self._services, self._callbacks = node, services, callbacks
        services.swaps.forget()
        self._replaced: List[LoadedBundle] = []  # by swaps; they end by themselves
        self.cameras: List[Camera] = []
        self._diagnostics: Optional[DetectorStatus] = None
        self._reception: Optional[Reception] = None
        self._waiter = ImageWaiter(node)
        self._receiver = ImageReceiver(self._waiter, settings.hands_over, node.get_logger())
        self._timer = steady_timer(node, LONGEST_WORK, self._receiver.look)
        self._swapping = threading.Lock()  # against images that come meanwhile
        self.loaded = self.prepare(settings, bundle)
        try:
            self._open(bundle, live)
        except BaseException:
            self.free()
            raise

    def prepare(self, settings: Settings, bundle: Bundle) -> LoadedBundle:
        """A bundle for these cameras, which is not open yet."""
        return LoadedBundle(self._node, settings, bundle, self.cameras, self._callbacks)

    def subscribe(self) -> None:
        """Receive images.

        Raises:
            QosError: ``qos_overrides`` of a topic cannot be had.
        """
        self.is_active = True
        # By a simulated clock, an image may not overtake the time at which it was taken: the
        # executor receives both.
        clock: Any = self._node.get_clock()
        waiter = None if clock.ros_time_is_active else self._waiter
        for camera in self.cameras:
            camera.subscribe(self.settings.image_options(), self._receive, waiter)
        if waiter is not None:
            self._receiver.start(self.loaded.thread)

    def unsubscribe(self) -> None:
        """Receive no more, and finish what is in work."""
        self.is_active = False
        for camera in self.cameras:
            camera.unsubscribe()
        self._receiver.stop()
        if not all(one.thread.drain(DRAIN_TIMEOUT) for one in (*self._replaced, self.loaded)):
            self._node.get_logger().warning(f"the last frame takes longer than {DRAIN_TIMEOUT} s")

    def apply(self, live: LiveSettings) -> None:
        """Take other settings for the next frame."""
        self.loaded.apply(live)
        self._services.swaps.apply(live.limits)
        if self._diagnostics is not None:
            self._diagnostics.limits = live.limits

    def swap(self, old: LoadedBundle, new: LoadedBundle) -> None:
        """Use an open bundle instead of the one in use, from the next image on.

        Raises:
            EngineError: ``old`` is not in use any more.
        """
        if self.loaded is not old:
            raise EngineError("another engine has come into use meanwhile: ask for the swap again")
        with self._swapping:
            new.succeed(old)
            self.loaded = new
        self._receiver.follow(new.thread)
        self._replaced = [one for one in self._replaced if one.thread.is_alive()] + [old]

    def free(self) -> bool:
        """Free the engine and take all topics away.

        Returns:
            False when an inference thread did not end.
        """
        for camera in self.cameras:
            camera.unsubscribe()
        self._receiver.stop()
        self._node.destroy_timer(self._timer)
        for part in (self._diagnostics, self._reception):
            if part is not None:
                part.destroy()
        timeout = END_TIMEOUT if self._callbacks.is_told_to_end() else DRAIN_TIMEOUT
        ended = [one.thread.stop(timeout) for one in (*self._replaced, self.loaded)]
        while self.cameras:
            self.cameras.pop().destroy()
        self._waiter.destroy()
        return all(ended)

    def _open(self, bundle: Bundle, live: LiveSettings) -> None:
        node, settings = self._node, self.settings
        places = camera_topics(node, settings.image_topics)
        for number, place in enumerate(places):
            self.cameras.append(Camera(node, number, place, bundle, settings.label_policy))
        refuse_own_topics(node, places, settings.image_transport)
        self.loaded.open(live)
        self.loaded.introduce()
        self.apply(live)
        self._reception = Reception(
            node, self._count_lost, lambda: self._waiter.cpu, live.limits.expected_rate
        )
        self._diagnostics = DetectorStatus(
            node, self._services.statuses, self._report, settings.diagnostics_period, live.limits
        )

    def _receive(self, camera: Camera, image: AnyImage) -> None:
        """Hand the newest image over, if its result is wanted; runs on the thread that receives."""
        now = time.perf_counter()
        if self._reception is not None:
            self._reception.received(image, now, camera.number)
        if camera.is_wanted():
            with self._swapping:
                self.loaded.submit(Received(camera, image, now))
        else:
            camera.counters.unwatched += 1

    def _count_lost(self) -> int:
        return sum(camera.lost for camera in self.cameras)

    def _report(self) -> NodeReport:
        reception = self._reception.summary if self._reception is not None else ReceptionSummary()
        return NodeReport(
            self.loaded.report(self.is_active, self._services.swaps),
            [camera.report(reception.cpu_ms * 1e-3) for camera in self.cameras],
        )
