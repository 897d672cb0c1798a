"""Who receives the images of a node: the engine's thread, or one of its own."""

from pathlib import Path

import pytest
from lifecycle_msgs.msg import Transition

from examples.shapes.processes import running
from examples.shapes.watching_node import MonitorError
from test.color_bundle import picture
from test.trt_inference.ros.client import TIMEOUT, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.faults.slow_bundle import write_slow_bundle

TOLD = "received on a thread of their own from now on"
CAMERA = "test.trt_inference.ros.faults.camera"


def test_an_engine_that_comes_too_late_gets_its_images_from_another_thread(
    start_node: Start, tmp_path: Path
) -> None:
    slow = write_slow_bundle(tmp_path / "slow", products=6, side=1500, at_each_image=True)
    node, client = start_node(bundle=slow, infer_without_subscribers=True)
    client.start()
    in_namespace = ("--ros-args", "-r", f"__ns:={client.get_namespace()}")
    with running(CAMERA, "red", "2", "3", "1", "bgr8", *in_namespace):
        assert client.spin(TIMEOUT, until=lambda: TOLD in node.log), node.log
        # Those that come while the engine works are received now, and so they are counted.
        client.wait_for_count("dropped", 1)
        inferred = client.wait_for_count("inferred", 1)
        client.wait_for_count("inferred", inferred + 2)
    assert client.state() == "active"


def test_an_engine_that_is_done_in_time_receives_its_images_itself(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, image_reliability="reliable")
    client.start()
    for _ in range(15):
        client.detect(client.image(picture("red", (2, 3))))
        client.spin(0.1, until=lambda: False)  # the next one does not come as fast as it can
    assert TOLD not in node.log
    assert client.counters_at_rest()["dropped"] == 0


def test_never_is_refused_with_several_cameras(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(
        bundle=shared_color_bundle, hand_over="never", image_topics=["left/image", "right/image"]
    )
    with pytest.raises(MonitorError):
        client.transition(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: "never is for one camera, and image_topics has 2" in node.log)
    assert client.state() == "unconfigured"
    assert "Traceback" not in node.log
    assert client.set_parameter("hand_over", "auto") == ""
    client.transition(Transition.TRANSITION_CONFIGURE)


@pytest.mark.parametrize("hand_over", ["never", "always"])
def test_images_come_again_after_the_node_was_inactive(
    start_node: Start, shared_color_bundle: Path, hand_over: str
) -> None:
    _, client = start_node(bundle=shared_color_bundle, hand_over=hand_over)
    client.transition(Transition.TRANSITION_CONFIGURE)
    for _ in range(3):
        client.transition(Transition.TRANSITION_ACTIVATE)
        [detection] = client.detect(client.image(picture("red", (2, 3)))).detections
        assert detection.results[0].hypothesis.class_id == "red"
        client.transition(Transition.TRANSITION_DEACTIVATE)
    client.transition(Transition.TRANSITION_CLEANUP)
