"""The node's states, as a lifecycle manager sees them."""

from pathlib import Path
from typing import List

import pytest
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from lifecycle_msgs.msg import Transition
from rclpy.time import Time

from examples.shapes.monitor import MonitorError
from test.color_bundle import offer_precisions, picture, write_color_bundle
from test.trt_inference.ros.client import TIMEOUT, Client, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.fault_bundle import FAILING, write_fault_bundle

RED = picture("red", (2, 3), scale=2)


def test_the_whole_cycle_can_be_gone_through_again(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    assert client.state() == "unconfigured"
    for _ in range(5):
        client.transition(Transition.TRANSITION_CONFIGURE)
        assert client.state() == "inactive"
        client.transition(Transition.TRANSITION_ACTIVATE)
        assert client.state() == "active"
        assert client.detect(client.image(RED)).detections
        client.transition(Transition.TRANSITION_DEACTIVATE)
        assert client.state() == "inactive"
        client.transition(Transition.TRANSITION_CLEANUP)
        assert client.state() == "unconfigured"


def test_an_inactive_node_does_not_receive_images(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(bundle=shared_color_bundle)
    client.start()
    client.detect(client.image(RED))
    client.transition(Transition.TRANSITION_DEACTIVATE)
    assert client.spin(TIMEOUT, until=lambda: client.count_subscribers("image") == 0)
    client.transition(Transition.TRANSITION_ACTIVATE)
    assert client.detect(client.image(RED)).detections


def test_configure_fails_with_a_reason_and_works_after_the_mend(
    start_node: Start, tmp_path: Path
) -> None:
    bundle = tmp_path / "late"
    node, client = start_node(bundle=bundle)
    statuses: List[DiagnosticStatus] = []
    since = client.get_clock().now()

    def hear(message: DiagnosticArray) -> None:
        of_node = f"{client.get_namespace()}/detector: detector"
        if Time.from_msg(message.header.stamp) > since:
            statuses.extend(one for one in message.status if one.name == of_node)

    client.create_subscription(DiagnosticArray, "/diagnostics", hear, 10)
    refuse_to_configure(client)
    reason = f"'{bundle}' is not a bundle: no such folder"
    assert wait_until(lambda: reason in node.log)
    assert client.spin(TIMEOUT, until=lambda: bool(statuses))
    assert statuses[-1].level == DiagnosticStatus.ERROR
    assert reason in statuses[-1].message
    write_color_bundle(bundle)
    client.start()
    since = client.get_clock().now()
    statuses.clear()
    assert client.spin(TIMEOUT, until=lambda: len(statuses) > 20)  # more than two seconds
    assert {one.level for one in statuses} == {DiagnosticStatus.OK}
    assert client.detect(client.image(RED)).detections


def test_a_bundle_with_a_changed_byte_is_refused(start_node: Start, color_bundle: Path) -> None:
    model = color_bundle / "fp32.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    node, client = start_node(bundle=color_bundle)
    refuse_to_configure(client)
    assert wait_until(lambda: "fp32.onnx was changed" in node.log)


def test_no_bundle_at_all_is_reported(start_node: Start) -> None:
    node, client = start_node()
    refuse_to_configure(client)
    assert wait_until(lambda: "parameter bundle is empty" in node.log)


def test_a_precision_that_is_not_there_is_refused_with_those_that_are(
    start_node: Start, color_bundle: Path
) -> None:
    offer_precisions(color_bundle, "fp32", "fp16")
    node, client = start_node(bundle=color_bundle, precision="int8")
    refuse_to_configure(client)
    assert wait_until(lambda: "no precision 'int8': choose one of fp32, fp16" in node.log)
    assert client.set_parameter("precision", "fp16") == ""
    client.start()
    assert wait_until(lambda: "configured: colors fp16 (asked for)" in node.log)
    assert client.detect(client.image(RED)).detections


def test_autostart_activates_the_node(start_node: Start, shared_color_bundle: Path) -> None:
    _, client = start_node(bundle=shared_color_bundle, autostart=True)
    assert client.detect(client.image(RED)).detections
    assert client.state() == "active"


def test_autostart_without_a_bundle_leaves_a_node_that_can_be_configured(
    start_node: Start, shared_color_bundle: Path
) -> None:
    _, client = start_node(autostart=True)
    assert client.state() == "unconfigured"
    assert client.set_parameter("bundle", str(shared_color_bundle)) == ""
    client.start()


def test_a_failing_engine_leads_through_error_processing_to_unconfigured(
    start_node: Start, tmp_path: Path
) -> None:
    node, client = start_node(bundle=write_fault_bundle(tmp_path / "faulty"))
    client.start()
    assert client.detect(client.image(RED)).detections
    client.send(client.image(FAILING))
    assert client.spin(TIMEOUT, until=lambda: "configured again" in node.log)
    assert "inference has failed: EngineError" in node.log
    assert client.state() == "unconfigured"
    client.start()
    assert client.detect(client.image(RED)).detections


def refuse_to_configure(client: Client) -> None:
    """Configuring fails, and the node stays as it was."""
    with pytest.raises(MonitorError, match="refused to configure"):
        client.transition(Transition.TRANSITION_CONFIGURE)
    assert client.state() == "unconfigured"
