"""The bundle's folder is removed under a running node, and comes back."""

from pathlib import Path

from lifecycle_msgs.msg import Transition

from test.trt_inference.ros.client import wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.expected import assert_found, encoded

CELL = (6, 0)


def test_a_removed_bundle_is_missed_only_when_the_node_is_configured_again(
    start_node: Start, color_bundle: Path
) -> None:
    node, client = start_node(bundle=color_bundle)
    client.start()
    aside = color_bundle.with_name("aside")
    color_bundle.rename(aside)
    for _ in range(5):
        answer = client.detect(client.image(encoded("green", CELL, 3)))
        assert_found(answer, "green", CELL, 3)
    client.transition(Transition.TRANSITION_DEACTIVATE)
    client.transition(Transition.TRANSITION_ACTIVATE)
    assert client.detect(client.image(encoded("green", CELL, 3))).detections
    client.transition(Transition.TRANSITION_DEACTIVATE)
    client.transition(Transition.TRANSITION_CLEANUP)
    for _ in range(2):
        assert not client.request(Transition.TRANSITION_CONFIGURE)
        assert client.state() == "unconfigured"
    assert wait_until(lambda: f"'{color_bundle}' is not a bundle: no such folder" in node.log)
    aside.rename(color_bundle)
    client.start()
    assert_found(client.detect(client.image(encoded("red", CELL, 2))), "red", CELL, 2)
