"""One camera of the node: its images, what is published of them, and what was counted."""

from typing import Callable, NamedTuple, Optional, Union

from rclpy.lifecycle import LifecycleNode

from trt_inference.bundles.bundle import Bundle
from trt_inference.errors import FrameLost, ImageError
from trt_inference.inference.frame import Frame
from trt_inference.inference.results import Result
from trt_inference.inference.selection import Region
from trt_inference.ros.cameras.image_subscription import ImageSubscription
from trt_inference.ros.cameras.image_waiter import ImageWaiter
from trt_inference.ros.cameras.topic_names import CameraTopics
from trt_inference.ros.diagnostics.clocks import NodeClock
from trt_inference.ros.diagnostics.latency import Ages
from trt_inference.ros.diagnostics.reports import CameraReport, Counters
from trt_inference.ros.messages.debug_image import DebugImages
from trt_inference.ros.messages.headers import AnyHeader
from trt_inference.ros.messages.image_message_reader import MessageReader, describe_format
from trt_inference.ros.messages.result_topics import ResultTopics
from trt_inference.ros.messages.serialized_image import AnyImage
from trt_inference.ros.parameters.settings import ImageOptions, LiveSettings
from trt_inference.ros.rclpy_tools.qos import QosError
from trt_inference.ros.rclpy_tools.throttle import Throttle


class Received(NamedTuple):
    """An image with its camera and the time of its arrival on ``time.perf_counter``'s clock, in
    seconds."""

    camera: "Camera"
    image: AnyImage
    at: float


class Camera:
    """What belongs to one image topic while the node is configured.

    Attributes:
        number: among the cameras of the node, from 0.
        counters: since the node was configured.
        ages: from the images' stamps to their results.
    """

    def __init__(
        self,
        node: LifecycleNode,
        number: int,
        place: CameraTopics,
        bundle: Bundle,
        label_policy: str,
    ) -> None:
        """
        Raises:
            QosError: ``qos_overrides`` of a topic cannot be had.
        """
        self.number = number
        topic, prefix = place
        self._node = node
        self._topic = topic
        self._bundle = bundle  # of the last result
        self.results = ResultTopics(node, bundle, prefix, label_policy)
        try:
            self.debug_images = DebugImages(node, prefix, bundle.task, bundle.labels)
        except QosError:
            self.results.destroy()
            raise
        self.subscription: Optional[ImageSubscription] = None
        self.counters = Counters()
        self.ages = Ages()
        self._timeout = 0.0  # seconds without an image
        self._lost = 0  # by the subscriptions before this one
        self._reader = MessageReader()
        self._format = ""
        self._region: Optional[Region] = None
        self._infers_always = False
        self._rejections, self._changes = Throttle(), Throttle()

    @property
    def topic(self) -> str:
        """Its full name, after remapping."""
        if self.subscription is not None:
            return self.subscription.topic
        return str(self._node.resolve_topic_name(self._topic))

    def subscribe(
        self,
        options: ImageOptions,
        on_image: Callable[["Camera", AnyImage], None],
        waiter: Optional[ImageWaiter],
    ) -> None:
        """Call ``on_image`` with each image, on the thread that waits at ``waiter``, or else on the
        executor.

        Raises:
            QosError: ``qos_overrides`` of the topic cannot be had.
        """

        def receive(image: AnyImage) -> None:
            self.counters.received += 1
            on_image(self, image)

        self.subscription = ImageSubscription(self._node, self._topic, options, receive, waiter)
        self.subscription.silence.limit = self._timeout

    def unsubscribe(self) -> None:
        """Receive no more."""
        if self.subscription is not None:
            self._lost += self.subscription.lost
            self.subscription.destroy()
            self.subscription = None

    @property
    def lost(self) -> int:
        """How many images the middleware reported as lost."""
        return self._lost + (self.subscription.lost if self.subscription is not None else 0)

    def apply(self, live: LiveSettings) -> None:
        """Take what concerns a camera from the next image on."""
        self._infers_always = live.infer_without_subscribers
        self._timeout = live.limits.camera_timeout
        if self.subscription is not None:
            self.subscription.silence.limit = self._timeout
        self._region = live.selection.region
        self.debug_images.rate = live.debug_image_rate
        self.debug_images.quality = live.debug_image_quality

    def introduce(self, bundle: Bundle, score_threshold: float, method: str) -> None:
        """Publish whose results come from now on. The bundle has the task of the one before."""
        self.results.publish_labels(bundle, score_threshold, method)

    def is_wanted(self) -> bool:
        """Whether anybody is to get a result of the next image."""
        return self._infers_always or self.results.is_watched or self.debug_images.wanted()

    def read(self, image: AnyImage) -> Frame:
        """The pixels of an image.

        Raises:
            ImageError: it cannot be used.
        """
        frame = self._reader.read(image)
        self._note_format(image)
        return frame

    def reject(self, error: Union[ImageError, FrameLost]) -> None:
        """Count an image that cannot be used, or that nobody answers, and log why now and then."""
        self.counters.reject(error.kind)
        if self._rejections.is_due():
            self._node.get_logger().warning(
                f"image of {self.topic} rejected ({self.counters.rejected} so far): {error}"
            )

    def publish(
        self, result: Result, header: AnyHeader, bundle: Bundle, image: Optional[AnyImage]
    ) -> None:
        """Publish what was found in an image, with the image's own header. Calls follow each
        other, on whichever thread.

        Args:
            bundle: that has found it.
            image: where it is to be drawn.
        """
        if bundle is not self._bundle:
            self._bundle = bundle
            self.results.set_labels(bundle.labels)
            self.debug_images.labels = bundle.labels
        self.results.publish(result, header)
        if image is not None:
            self.debug_images.offer(image, result, self._region)
        self.counters.inferred += 1

    def report(self, reception_cpu: float) -> CameraReport:
        """How it is, for the diagnostics.

        Args:
            reception_cpu: seconds of processor time for the reception of an image.
        """
        subscription = self.subscription
        if subscription is None:
            return CameraReport(
                self.topic, False, self.counters.snapshot(), age=self.ages.take(), lost=self.lost
            )
        return CameraReport(
            self.topic,
            True,
            self.counters.snapshot(),
            silent_for=subscription.silence.seconds,
            age=self.ages.take(),
            lost=self.lost,
            reception_cpu=reception_cpu,
            qos=subscription.reliability,
            publishers=subscription.publishers,
            clock=NodeClock.of(self._node),
        )

    def destroy(self) -> None:
        """Take all its topics away."""
        self.unsubscribe()
        self.debug_images.destroy()
        self.results.destroy()

    def _note_format(self, image: AnyImage) -> None:
        """Log it when a camera changes what it sends."""
        current = describe_format(image)
        if current == self._format:
            return
        if not self._format:
            self._node.get_logger().info(f"images of {self.topic} are {current}")
        elif self._changes.is_due():
            self._node.get_logger().warning(
                f"images of {self.topic} are {current} now, they were {self._format}"
            )
        self._format = current
