"""One publisher on /diagnostics, whatever state the node is in and whichever part has a status."""

import math
from functools import partial
from pathlib import Path
from typing import Callable, Dict, List

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from rclpy.parameter import Parameter

from test.color_bundle import write_color_bundle
from test.trt_inference.ros.diagnostics.conftest import Listener
from trt_inference.ros.diagnostics.status_publisher import StatusPublisher
from trt_inference.ros.lifecycle.transitions import FAILURE, SUCCESS
from trt_inference.ros.node import DetectorNode

Spin = Callable[..., None]
PERIOD = 0.05
REASON = "no such folder"


def status(name: str, message: str = "fine") -> DiagnosticStatus:
    return DiagnosticStatus(name=name, message=message, hardware_id="none")


def named(name: str) -> List[DiagnosticStatus]:
    return [status(name)]


def messages(listener: Listener) -> Dict[str, str]:
    """What is published from now on, by name without that of the node."""
    return {name.partition(": ")[2]: one.message for name, one in listener.statuses.items()}


def test_parts_show_replace_and_remove_their_statuses_in_one_message(
    output: None, spin: Spin
) -> None:
    node, listener = Node("detector", namespace="/parts"), Listener()
    publisher = StatusPublisher(node)
    publisher.show("cameras", lambda: [status("front"), status("rear")], PERIOD)
    publisher.show("build", lambda: [status("engine build", "started")], 3600.0)
    everything = {"front": "fine", "rear": "fine", "engine build": "started"}
    spin(node, listener, until=lambda: messages(listener) == everything)

    publisher.show("build", lambda: [status("engine build", "the build failed")], 3600.0)
    everything["engine build"] = "the build failed"
    spin(until=lambda: messages(listener) == everything)

    publisher.remove("cameras")
    publisher.show("build", lambda: [status("engine build", "anew")], PERIOD)
    spin(until=lambda: messages(listener)["engine build"] == "anew")
    listener.statuses.clear()
    spin(until=lambda: bool(listener.statuses))
    assert messages(listener) == {"engine build": "anew"}
    publisher.remove("build")
    publisher.remove("build")  # one that shows nothing
    assert on_diagnostics(node) == 1


def on_diagnostics(node: Node) -> int:
    return sum(publisher.topic_name == "/diagnostics" for publisher in node.publishers)


def test_nothing_is_published_while_no_part_has_a_status(output: None, spin: Spin) -> None:
    node, other, listener = Node("detector", namespace="/quiet"), Node("other"), Listener()
    publisher, witness = StatusPublisher(node), StatusPublisher(other)
    publisher.show("part", lambda: [status("part")], PERIOD)
    witness.show("part", lambda: [status("witness")], PERIOD)
    spin(node, other, listener, until=lambda: len(listener.statuses) == 2)
    publisher.remove("part")
    # What was published before is received before the first of these, however late that is.
    for name in ("first", "second", "third"):
        listener.statuses.clear()
        witness.show("part", partial(named, name), PERIOD)
        spin(until=partial(listener.statuses.__contains__, f"/other: {name}"))
    assert set(listener.statuses) - {"/other: second"} == {"/other: third"}


def test_the_period_that_the_user_gave_the_library_is_that_of_all_parts(
    ros: None, spin: Spin
) -> None:
    pytest.importorskip("diagnostic_updater")
    given = [Parameter("diagnostic_updater.period", value=PERIOD)]
    node, listener = Node("detector", namespace="/given", parameter_overrides=given), Listener()
    StatusPublisher(node).show("part", lambda: [status("part")], 3600.0)
    spin(node, listener, until=lambda: messages(listener) == {"part": "fine"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("period", value) for value in (2, 0.0, -1.0, "often", 1e12, math.inf, math.nan)),
        *(("use_fqn", value) for value in (1, "yes")),
    ],
)
def test_a_value_that_the_library_does_not_take_is_ignored(
    ros: None, spin: Spin, name: str, value: object
) -> None:
    pytest.importorskip("diagnostic_updater")
    given = [Parameter(f"diagnostic_updater.{name}", value=value)]
    node, listener = Node("detector", namespace="/bad", parameter_overrides=given), Listener()
    StatusPublisher(node).show("part", lambda: [status("part")], PERIOD)
    spin(node, listener, until=lambda: messages(listener) == {"part": "fine"})
    assert on_diagnostics(node) == 1


def test_the_node_has_one_publisher_in_every_state_and_shows_why_it_is_unconfigured(
    output: None, spin: Spin, tmp_path: Path
) -> None:
    bundle = tmp_path / "late"
    given = [
        Parameter("bundle", value=str(bundle)),
        Parameter("diagnostics_period", value=0.1),
    ]
    node = DetectorNode(namespace="/states", parameter_overrides=given)
    listener = Listener()
    assert on_diagnostics(node) == 1
    assert node.trigger_configure() == FAILURE
    assert on_diagnostics(node) == 1
    name = "/states/detector: detector"
    spin(node, listener, until=lambda: name in listener.statuses)
    assert listener.statuses[name].level == DiagnosticStatus.ERROR
    assert REASON in listener.statuses[name].message

    write_color_bundle(bundle)
    for _ in range(2):
        assert node.trigger_configure() == SUCCESS
        assert on_diagnostics(node) == 1
        spin(until=lambda: listener.statuses[name].message == "inactive")
        node.trigger_activate()
        assert on_diagnostics(node) == 1
        spin(until=lambda: listener.statuses[name].message == "running")
        node.trigger_deactivate()
        assert on_diagnostics(node) == 1
        node.trigger_cleanup()
        assert on_diagnostics(node) == 1
        assert set(listener.statuses) == {name, "/states/detector: camera /states/image"}
    node.trigger_shutdown()
    assert on_diagnostics(node) == 1
