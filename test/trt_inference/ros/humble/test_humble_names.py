"""The node uses only what Humble's rclpy and messages have: no other ROS runs on a Jetson Nano."""

import ast
import importlib
import inspect
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, List

import pytest

from test.trt_inference.ros.humble.humble_names import find, takes
from test.trt_inference.ros.humble.misuses import FILES, NEWER, PACKAGE, misuses, syntax
from test.trt_inference.ros.humble.ros_usage import UsageReader, Use
from trt_inference.ros.rclpy_tools.qos import publisher_options

# In the one module or the other, by the distribution.
EVENTS = ("rclpy.event_handler", "rclpy.qos_event")


def uses() -> List[Use]:
    return [use for file in FILES for use in UsageReader(file.read_text("utf-8")).known]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_the_node_uses_only_what_humble_has(file: Path) -> None:
    assert misuses(file.read_text("utf-8")) == []


def test_names_of_ros_are_recognised() -> None:
    """Otherwise the test above would look at nothing."""
    assert {
        "rclpy.init",
        "rclpy.node.Node.create_subscription",
        "rclpy.node.Node.destroy_publisher",
        "rclpy.lifecycle.node.LifecycleNodeMixin.on_activate",
        "rclpy.parameter.Parameter.Type.BOOL",
        "rclpy.qos.QoSProfile",
        "rclpy.qos_event.SubscriptionEventCallbacks",
        "sensor_msgs.msg.Image.encoding",
        "vision_msgs.msg.LabelInfo",
    } <= {find(use.name) for use in uses()}


NODE = "from rclpy.node import Node\n"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from rclpy.executors import EventsExecutor", "EventsExecutor"),
        ("import rclpy.event_handler_of_tomorrow", "event_handler_of_tomorrow"),
        ("import rclpy\nrclpy.init(enable_logging=True)", "enable_logging"),
        ("from rclpy.qos import QoSProfile\nQoSProfile(depht=1)", "depht"),
        ("from rclpy.qos import ReliabilityPolicy as Own\nOwn.BEST_AVAILABLE", "BEST_AVAILABLE"),
        (f"{NODE}Node('a', enable_logger_service=True)", "enable_logger_service"),
        (f"{NODE}class A(Node):\n def f(self): super().__init__('a', no=1)", "no"),
        (f"{NODE}class A(Node):\n def f(self): self.logger", "Node.logger"),
        (f"{NODE}def f(node: Node): node.create_timer(1, print, autostart=False)", "autostart"),
        (f"{NODE}def f(node: Node): node.get_clock(1)", "get_clock"),
        (f"{NODE}def f(node: Node): node.wait_for_node('a', 1.0)", "wait_for_node"),
        (f"{NODE}class A:\n def f(self, n: Node): self.n = n\n def g(self): self.n.no", "Node.no"),
        (f"{NODE}class A:\n def f(self, n: Node): self.n, m = n, 1; self.n.no", "Node.no"),
        ("def f(node): node.create_subscription().get_publisher_count()", "get_publisher_count"),
        ("def f(node): node.create_service(1, '', print, introspection=1)", "introspection"),
        ("def f(image): image.is_compressed", "is_compressed"),
        ("from sensor_msgs.msg import Image\nImage(pixels=b'')", "pixels"),
        ("from vision_msgs.msg import LabelInfo\nLabelInfo().labels", "labels"),
        ("from sensor_msgs.msg import Picture", "Picture"),
        ("from nav_msgs.msg import Odometry", "nav_msgs"),
    ],
)
def test_what_humble_does_not_have_is_found(source: str, name: str) -> None:
    [found] = misuses(source)
    assert name in found


def test_a_class_of_a_node_may_use_what_it_defines_itself() -> None:
    source = f"{NODE}class A(Node):\n x = 1\n def f(self): self.y = self.x; self.f(self.y)"
    assert misuses(source) == []
    assert misuses(f"{source}\n def g(self): self.get_name(); self.z: int = 1; self.z") == []


@pytest.mark.parametrize("name", NEWER)
def test_what_is_newer_is_tried_and_done_without(name: str) -> None:
    guarded = [
        f"{statement.module}.{alias.name}"
        for node in syntax(FILES)
        if isinstance(node, ast.Try)
        and "ImportError" in [getattr(one.type, "id", "") for one in node.handlers]
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    ]
    assert guarded.count(name) == [use.name for use in uses()].count(name) == 1


def test_options_of_publishers_are_arguments_on_humble() -> None:
    """They are handed on as a dictionary."""
    node: Any = SimpleNamespace(resolve_topic_name=str, _parameter_overrides={})
    options = publisher_options(node, "/detections")
    assert takes("rclpy.node.Node.create_publisher", list(options), 2)


def test_the_installed_ros_has_what_the_node_takes_from_humble() -> None:
    """The names are those of real classes and functions, not of a file alone."""
    assert [
        one for one in uses() if not one.name.startswith(EVENTS) and not is_installed(one)
    ] == []


def is_installed(use: Use) -> bool:
    """Whether the installed ROS has a name, and takes these keywords."""
    package, *members = use.name.split(".")
    thing: Any = importlib.import_module(package)
    for member in members:
        if isinstance(thing, property):  # of which type is not known
            return True
        if inspect.ismodule(thing) and not hasattr(thing, member):
            importlib.import_module(f"{thing.__name__}.{member}")
        if not hasattr(thing, member):  # of objects, not of their class
            return f"self.{member}" in inspect.getsource(sys.modules[thing.__module__])
        thing = getattr(thing, member)
    if not use.keywords:
        return True
    if hasattr(thing, "get_fields_and_field_types"):
        return set(use.keywords) <= set(thing.get_fields_and_field_types())
    known = inspect.signature(thing).parameters
    return "kwargs" in known or set(use.keywords) <= set(known)
