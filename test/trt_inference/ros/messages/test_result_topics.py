"""The topics of results, and what is published about their labels, between two real nodes."""

import copy
import dataclasses
import functools
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import numpy as np
import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import Header
from vision_msgs.msg import Detection2DArray, LabelInfo, VisionInfo

from test.trt_inference.ros.client import wait_until
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.errors import EngineError
from trt_inference.inference.detections import Detections
from trt_inference.ros.messages.result_topics import LabelTopics, ResultTopics, check_messages
from trt_inference.ros.rclpy_tools.qos import LATCHED

FOUND = Detections(
    np.array([[10, 20, 50, 100]], np.float32), np.array([0.5], np.float32), np.array([1], np.int32)
)


class Receiver(Node):
    """Keeps all that it receives, by topic; ``wait`` spins it."""

    def __init__(self) -> None:
        super().__init__("receiver")
        self.received: Dict[str, List[Any]] = {}
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)

    def listen(self, message: Any, topic: str, qos: Any = 10) -> Any:
        into = self.received.setdefault(topic, [])
        return self.create_subscription(message, topic, into.append, qos)

    def wait(self, until: Callable[[], bool]) -> None:
        def holds() -> bool:
            self._executor.spin_once(timeout_sec=0.02)
            return until()

        assert wait_until(holds)

    def wait_for(self, topic: str, count: int) -> Any:
        """The newest of at least so many messages."""
        self.wait(lambda: len(self.received[topic]) >= count)
        return self.received[topic][-1]

    def destroy_node(self) -> None:
        self._executor.shutdown(timeout_sec=0)
        super().destroy_node()


@pytest.fixture
def bundle(shared_color_bundle: Path) -> Bundle:
    return load_bundle(shared_color_bundle)


@pytest.fixture
def nodes(ros: None) -> Iterator[Tuple[LifecycleNode, Receiver]]:
    """An active lifecycle node without topics, and a receiver."""
    node, receiver = LifecycleNode("detector", namespace="/robot"), Receiver()
    yield node, receiver
    node.destroy_node()
    receiver.destroy_node()
    assert rclpy.ok()


def activate(node: LifecycleNode) -> None:
    node.trigger_configure()
    node.trigger_activate()


Nodes = Tuple[LifecycleNode, Receiver]


@pytest.mark.parametrize(
    ("prefix", "topic"),
    [("~", "/robot/detector/detections"), ("/front/detector", "/front/detector/detections")],
)
def test_results_are_below_their_prefix_and_only_while_the_node_is_active(
    nodes: Nodes, bundle: Bundle, prefix: str, topic: str
) -> None:
    node, receiver = nodes
    results = ResultTopics(node, bundle, prefix)
    assert not results.is_watched
    subscription = receiver.listen(Detection2DArray, topic)
    receiver.wait(lambda: results.is_watched)
    results.publish(FOUND, Header(frame_id="inactive"))
    activate(node)
    results.publish(FOUND, Header(frame_id="active"))
    message = receiver.wait_for(topic, 1)
    assert [one.header.frame_id for one in receiver.received[topic]] == ["active"]
    assert message.detections[0].results[0].hypothesis.class_id == bundle.labels[1]
    receiver.destroy_subscription(subscription)
    receiver.wait(lambda: not results.is_watched)
    results.destroy()


def test_class_numbers_are_published_where_they_are_asked_for(nodes: Nodes, bundle: Bundle) -> None:
    node, receiver = nodes
    results = ResultTopics(node, bundle, label_policy="index")
    topic = "/robot/detector/detections"
    receiver.listen(Detection2DArray, topic)
    activate(node)
    receiver.wait(lambda: results.is_watched)
    results.publish(FOUND, Header())
    assert receiver.wait_for(topic, 1).detections[0].results[0].hypothesis.class_id == "1"
    results.destroy()


def test_who_subscribes_late_learns_the_labels_beside_the_results_and_who_detects(
    nodes: Nodes, bundle: Bundle
) -> None:
    node, receiver = nodes
    results = ResultTopics(node, bundle, "/front/detector")
    results.publish_labels(bundle, 0.25, "colors fp16, TensorRT")
    receiver.listen(LabelInfo, "/front/detector/label_info", LATCHED)
    receiver.listen(VisionInfo, "/front/detector/vision_info", LATCHED)
    labels = receiver.wait_for("/front/detector/label_info", 1)
    names = [(entry.class_id, entry.class_name) for entry in labels.class_map]
    assert names == list(enumerate(bundle.labels))
    assert labels.threshold == 0.25
    info = receiver.wait_for("/front/detector/vision_info", 1)
    assert info.method == "colors fp16, TensorRT"
    assert Path(info.database_location) == bundle.path / "model.json"
    results.destroy()


def test_other_labels_are_published_and_used_when_the_bundle_changes(
    nodes: Nodes, bundle: Bundle
) -> None:
    node, receiver = nodes
    results = ResultTopics(node, bundle)
    topic = functools.partial("/robot/detector/{}".format)
    receiver.listen(Detection2DArray, topic("detections"))
    receiver.listen(LabelInfo, topic("label_info"), LATCHED)
    receiver.listen(VisionInfo, topic("vision_info"), LATCHED)
    activate(node)
    results.publish_labels(bundle, 0.25, "before")
    version = receiver.wait_for(topic("vision_info"), 1).database_version
    other = dataclasses.replace(bundle, labels=tuple(name.upper() for name in bundle.labels))
    results.set_labels(other.labels)
    results.publish_labels(other, 0.25, "after")
    labels = receiver.wait_for(topic("label_info"), 2)
    assert [entry.class_name for entry in labels.class_map] == list(other.labels)
    info = receiver.wait_for(topic("vision_info"), 2)
    assert info.method == "after"
    assert info.database_version != version
    receiver.wait(lambda: results.is_watched)
    results.publish(FOUND, Header())
    message = receiver.wait_for(topic("detections"), 1)
    assert message.detections[0].results[0].hypothesis.class_id == other.labels[1]
    results.destroy()


def test_what_was_published_is_not_published_again(nodes: Nodes, bundle: Bundle) -> None:
    node, receiver = nodes
    labels = LabelTopics(node)
    topic = "/robot/detector/label_info"
    receiver.listen(LabelInfo, topic, replace_depth(LATCHED, 10))
    labels.publish(bundle, 0.25)
    receiver.wait_for(topic, 1)
    labels.publish(bundle, 0.25)
    labels.publish(bundle, 0.5)
    receiver.wait(lambda: any(one.threshold == 0.5 for one in receiver.received[topic]))
    assert [one.threshold for one in receiver.received[topic]] == [0.25, 0.5]
    labels.destroy()


def test_labels_are_not_published_again_where_only_who_detects_changes(
    nodes: Nodes, bundle: Bundle
) -> None:
    node, receiver = nodes
    labels = LabelTopics(node)
    topic = functools.partial("/robot/detector/{}".format)
    receiver.listen(LabelInfo, topic("label_info"), replace_depth(LATCHED, 10))
    receiver.listen(VisionInfo, topic("vision_info"), replace_depth(LATCHED, 10))
    for method in ("server", "machine", "server"):
        labels.publish(bundle, 0.25, method)
        receiver.wait(
            lambda: [one.method for one in receiver.received[topic("vision_info")]][-1:] == [method]  # noqa: B023
        )
    labels.publish(bundle, 0.5, "server")
    receiver.wait(lambda: receiver.received[topic("label_info")][-1].threshold == 0.5)
    assert [one.threshold for one in receiver.received[topic("label_info")]] == [0.25, 0.5]
    assert len(receiver.received[topic("vision_info")]) == 3
    labels.destroy()


def replace_depth(profile: QoSProfile, depth: int) -> QoSProfile:
    changed = copy.copy(profile)
    changed.depth = depth
    return changed


def test_a_bundle_of_which_no_message_can_be_made_is_found_out(shared_color_bundle: Path) -> None:
    bundle = load_bundle(shared_color_bundle)
    check_messages(bundle, FOUND, "name")
    check_messages(bundle, dataclasses.replace(FOUND, class_ids=np.array([-1], np.int32)), "name")
    unsendable = dataclasses.replace(bundle, labels=("blue", "\ud800", "red"))
    with pytest.raises(EngineError, match=f"no message can be made of what {bundle.path}"):
        check_messages(unsendable, FOUND, "name")
