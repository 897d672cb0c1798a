"""The bond with Nav2's lifecycle manager, on a stand-in for bondpy, which PyPI does not have."""

import itertools
import sys
import threading
from types import ModuleType
from typing import Any, Iterator, List, Tuple

import pytest
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import Header

from test.trt_inference.ros.client import wait_until
from trt_inference.ros.lifecycle.bond import ManagerBond

PERIOD = 0.02

_numbers = itertools.count()


class Bond:
    """Has the constructor, the attributes and the order of calls of bondpy 4, and sends "alive"
    or "dead" with its id. Like bondpy it destroys its topics itself."""

    def __init__(
        self, node: Node, topic: str, bond_id: str, on_broken: Any = None, on_formed: Any = None
    ) -> None:
        self.node, self.topic, self.id = node, topic, bond_id
        self._values = {"heartbeat_period": 1.0, "heartbeat_timeout": 4.0}
        self._started = False
        self.is_shutdown = False
        self._lock, self._end = threading.Lock(), threading.Event()
        self.pub: Any = node.create_publisher(Header, topic, 1)

    def __getattr__(self, name: str) -> Any:
        if name in ("heartbeat_period", "heartbeat_timeout"):
            return self._values[name]
        raise AttributeError(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("heartbeat_period", "heartbeat_timeout"):
            assert not self._started
            self._values[name] = value
        else:
            super().__setattr__(name, value)

    def start(self) -> None:
        self.sub: Any = self.node.create_subscription(Header, self.topic, lambda _: None, 1)
        self._started = True
        threading.Thread(target=self._beat, daemon=True).start()

    def shutdown(self) -> None:
        if self.is_shutdown:
            return
        self.sub.destroy()  # AttributeError before start, as in bondpy
        with self._lock:
            self.is_shutdown = True
            self._end.set()
            self._publish("dead")
            self.pub.destroy()
        for _ in range(3):  # the executor goes on meanwhile
            done = threading.Event()
            self.node.executor.create_task(done.set)
            done.wait(1.0)

    def _beat(self) -> None:
        while not self._end.wait(self.heartbeat_period):
            with self._lock:
                if not self.is_shutdown:
                    self._publish("alive")

    def _publish(self, state: str) -> None:
        self.pub.publish(Header(frame_id=f"{self.id} {state}"))


@pytest.fixture
def bondpy(monkeypatch: pytest.MonkeyPatch) -> None:
    package, module = ModuleType("bondpy"), ModuleType("bondpy.bondpy")
    module.Bond = Bond  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "bondpy", package)
    monkeypatch.setitem(sys.modules, "bondpy.bondpy", module)


@pytest.fixture
def no_bondpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bondpy", None)
    monkeypatch.setitem(sys.modules, "bondpy.bondpy", None)


class Robot:
    """A node, and a manager in its namespace that receives what is sent on the bond's topic."""

    def __init__(self) -> None:
        namespace = f"/bond_{next(_numbers)}"
        self.node = Node("front_detector", namespace=namespace)
        self._manager = Node("lifecycle_manager", namespace=namespace)
        self.heard: List[str] = []
        self._manager.create_subscription(
            Header, f"{namespace}/bond", lambda message: self.heard.append(message.frame_id), 100
        )
        self._executor = MultiThreadedExecutor(2)
        self._executor.add_node(self.node)
        self._executor.add_node(self._manager)
        self.thread = threading.Thread(target=self._executor.spin, daemon=True)
        self.thread.start()

    def topics(self) -> Tuple[int, int]:
        """How many subscriptions and publishers the node has."""
        return len(list(self.node.subscriptions)), len(list(self.node.publishers))

    def close(self) -> None:
        self._executor.shutdown()
        self.thread.join(5.0)
        self.node.destroy_node()
        self._manager.destroy_node()


@pytest.fixture
def robot(ros: None) -> Iterator[Robot]:
    it = Robot()
    yield it
    it.close()


def test_the_manager_hears_the_node_by_its_name_until_it_ends(robot: Robot, bondpy: None) -> None:
    bond = ManagerBond(robot.node, PERIOD)
    bond.form()
    assert wait_until(lambda: robot.heard.count("front_detector alive") >= 5)
    bond.release()
    assert wait_until(lambda: "front_detector dead" in robot.heard)
    assert not bond.is_formed


def test_nothing_is_left_of_ten_bonds_and_the_executor_goes_on(robot: Robot, bondpy: None) -> None:
    before = robot.topics()
    bond = ManagerBond(robot.node, PERIOD)
    for _ in range(10):
        bond.form()
        bond.form()  # nothing is formed twice
        bond.release()
        bond.release()
    assert robot.topics() == before
    bond.form()
    robot.heard.clear()
    assert wait_until(lambda: "front_detector alive" in robot.heard)
    assert robot.thread.is_alive()
    bond.release()


def test_without_bondpy_there_is_no_bond(robot: Robot, no_bondpy: None) -> None:
    before = robot.topics()
    bond = ManagerBond(robot.node, PERIOD)
    bond.form()
    bond.release()
    assert robot.topics() == before


def test_a_period_of_zero_is_no_bond(robot: Robot, bondpy: None) -> None:
    bond = ManagerBond(robot.node, 0.0)
    bond.form()
    assert not bond.is_formed
