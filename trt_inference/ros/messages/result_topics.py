"""The topics on which a bundle's task publishes."""

from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence, Tuple

from builtin_interfaces.msg import Time
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from vision_msgs.msg import Classification, Detection2DArray, LabelInfo, VisionInfo

from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.manifest import MANIFEST
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION
from trt_inference.errors import EngineError
from trt_inference.inference.results import Result
from trt_inference.ros.messages.class_map_bytes import class_map_writer
from trt_inference.ros.messages.class_texts import class_texts
from trt_inference.ros.messages.detection_writer import detection_writer
from trt_inference.ros.messages.headers import AnyHeader
from trt_inference.ros.messages.result_messages import (
    classification_to_message,
    label_info_message,
    vision_info_message,
)
from trt_inference.ros.rclpy_tools.qos import LATCHED, QosError, publisher_options, refusals


class Topic(NamedTuple):
    """Where a task publishes what.

    Attributes:
        name: below a prefix.
        writer: makes what turns the task's own result, the image's header and the text of each
            class into a message, or into the bytes of one.
    """

    name: str
    type: Any
    writer: Callable[[], Callable[..., Any]]


TOPICS: Dict[str, Topic] = {
    DETECTION: Topic("detections", Detection2DArray, detection_writer),
    CLASSIFICATION: Topic("classification", Classification, lambda: classification_to_message),
    SEGMENTATION: Topic("segmentation", Image, class_map_writer),
}


def check_messages(bundle: Bundle, result: Result, label_policy: str) -> None:
    """Make the messages of a result and of the bundle's labels, and throw them away.

    Raises:
        EngineError: they cannot be made, for whatever reason.
        ValueError: there is no such label policy.
    """
    texts = class_texts(bundle.labels, label_policy)
    try:
        message = TOPICS[bundle.task].writer()(result, Header(), texts)
        if not isinstance(message, bytes):
            serialize_message(message)
        serialize_message(label_info_message(bundle.labels, 0.0, Time()))
    except Exception as error:  # whatever a network can give that no code expects
        raise EngineError(
            f"no message can be made of what {bundle.path} gives: {error!r}. Convert the model "
            "again"
        ) from error


class LabelTopics:
    """``label_info`` (what class numbers stand for) and ``vision_info`` (what detects) below a
    prefix, both latched, and not silent while the node is inactive."""

    def __init__(self, node: Node, prefix: str = "~") -> None:
        """
        Raises:
            QosError: ``qos_overrides`` of a topic cannot be had.
        """
        self._node = node
        self._labelled: Optional[Tuple[Any, ...]] = None
        self._told: Optional[Tuple[Any, ...]] = None
        self._label_info = self._create(LabelInfo, f"{prefix}/label_info")
        try:
            self._vision_info = self._create(VisionInfo, f"{prefix}/vision_info")
        except QosError:
            node.destroy_publisher(self._label_info)
            raise

    def publish(self, bundle: Bundle, score_threshold: float, method: str = "") -> None:
        """Publish the names of the classes with the lowest score, and the method: of both what
        differs from what was published last. There may be thousands of names, and the method may
        change with every image.

        Args:
            method: model, precision and backend; by default the model's name.
        """
        labelled = (score_threshold, bundle.path, bundle.labels)
        told = (method, bundle.path, bundle.labels)
        stamp = self._node.get_clock().now().to_msg()
        if labelled != self._labelled:
            self._label_info.publish(label_info_message(bundle.labels, score_threshold, stamp))
            self._labelled = labelled
        if told != self._told:
            location = str((bundle.path / MANIFEST).absolute())
            self._vision_info.publish(
                vision_info_message(method or bundle.name, location, bundle.labels, stamp)
            )
            self._told = told

    def destroy(self) -> None:
        """Take the topics away."""
        self._node.destroy_publisher(self._label_info)
        self._node.destroy_publisher(self._vision_info)

    def _create(self, message: Any, name: str) -> Any:
        with refusals(name):
            return self._node.create_publisher(
                message, name, **publisher_options(self._node, name, LATCHED)
            )


class ResultTopics:
    """The topics of one camera: that of the bundle's task, which is silent while the node is
    inactive, and its ``LabelTopics``, below a prefix: ``~`` gives ``~/detections``,
    ``/front/detector`` gives ``/front/detector/detections``."""

    def __init__(
        self,
        node: LifecycleNode,
        bundle: Bundle,
        prefix: str = "~",
        label_policy: str = "name",
    ) -> None:
        """
        Args:
            label_policy: ``class_id`` is a ``name`` or an ``index``.

        Raises:
            QosError: ``qos_overrides`` of a topic cannot be had.
            ValueError: there is no such label policy.
        """
        topic = TOPICS[bundle.task]
        self._node = node
        self._policy = label_policy
        self._texts = class_texts(bundle.labels, label_policy)
        self._write = topic.writer()
        name = f"{prefix}/{topic.name}"
        with refusals(name):
            self._results = node.create_lifecycle_publisher(
                topic.type, name, **publisher_options(node, name)
            )
        try:
            self._labels = LabelTopics(node, prefix)
        except QosError:
            node.destroy_lifecycle_publisher(self._results)
            raise

    @property
    def is_watched(self) -> bool:
        """Whether anybody subscribes to the results. It takes less than a microsecond."""
        return bool(self._results.get_subscription_count())

    def publish(self, result: Result, header: AnyHeader) -> None:
        """Publish what was found in the image that has this ``header``."""
        self._results.publish(self._write(result, header, self._texts))

    def set_labels(self, labels: Sequence[str]) -> None:
        """Publish results of another bundle of the same task from now on."""
        self._texts = class_texts(labels, self._policy)

    def publish_labels(self, bundle: Bundle, score_threshold: float, method: str = "") -> None:
        """As ``LabelTopics.publish``."""
        self._labels.publish(bundle, score_threshold, method)

    def destroy(self) -> None:
        """Take the topics away."""
        self._labels.destroy()
        self._node.destroy_lifecycle_publisher(self._results)
