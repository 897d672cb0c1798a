"""What a node does when another engine answers, or nobody."""

from pathlib import Path
from typing import List, Tuple

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from vision_msgs.msg import VisionInfo

from test.color_bundle import picture
from test.trt_inference.ros.client import TIMEOUT, Client, NodeProcess, wait_until
from test.trt_inference.ros.conftest import Start
from test.trt_inference.ros.diagnostics.heard_statuses import Diagnostics
from test.trt_inference.ros.session.scripted_engine import LOST_KIND, MODULE, NOBODY, Answerer
from trt_inference.ros.messages.result_topics import LATCHED

Started = Tuple[NodeProcess, Client, Answerer]


@pytest.fixture
def started(start_node: Start, shared_color_bundle: Path, tmp_path: Path) -> Started:
    """An active node whose engine is told who answers."""
    node, client = start_node(
        command=(MODULE, str(tmp_path)), bundle=shared_color_bundle, image_reliability="reliable"
    )
    client.start()
    detect(client)
    return node, client, Answerer(tmp_path)


def detect(client: Client) -> None:
    [detection] = client.detect(client.image(picture("red", (2, 3)))).detections
    assert detection.results[0].hypothesis.class_id == "red"


def test_images_without_an_answer_are_counted_and_the_node_goes_on(started: Started) -> None:
    node, client, answerer = started
    diagnostics = Diagnostics(client)
    answerer.set(NOBODY)
    lost = [client.image(picture("red", (2, 3))) for _ in range(3)]
    rejected = client.counters_at_rest()["rejected"]
    for number, image in enumerate(lost):
        client.send(image)
        client.wait_for_count("rejected", rejected + number + 1)
    camera = f"camera {client.get_namespace()}/image"
    values = diagnostics.wait_for(DiagnosticStatus.WARN, f"({LOST_KIND}: ", camera)
    assert f"rejected: {LOST_KIND}" in values
    diagnostics.wait_for(DiagnosticStatus.ERROR, "the server does not answer", "server")
    assert wait_until(lambda: r"so far): the server has not answered:\x0a" in node.log), node.log
    answerer.set("another")
    detect(client)
    assert client.state() == "active"
    counted = client.counters_at_rest()
    assert counted["rejected"] == rejected + 3
    assert counted["dropped"] == 0


def test_subscribers_and_diagnostics_are_told_who_answers_now(started: Started) -> None:
    _, client, answerer = started
    diagnostics = Diagnostics(client)
    methods: List[str] = []
    client.create_subscription(
        VisionInfo, "detector/vision_info", lambda told: methods.append(told.method), LATCHED
    )
    for who in ("first", "this machine", "the server", "this machine"):
        answerer.set(who)
        for _ in range(2):
            detect(client)
        method = f"colors fp32, computed by {who}"
        assert client.spin(TIMEOUT, until=lambda: methods[-1:] == [method])  # noqa: B023
        assert wait_until(
            lambda: diagnostics.wait_for(None, "")["engine"] == f"computed by {who}"  # noqa: B023
        )
        values = diagnostics.wait_for(None, "")
        assert values["why this precision"] == f"{who} has it"
        assert wait_until(
            lambda: diagnostics.wait_for(None, "", "server") == {"answered by": who}  # noqa: B023
        )
    assert len(methods) == 4  # not with each image


def test_one_who_sets_thresholds_is_told_the_same_as_before(started: Started) -> None:
    _, client, answerer = started
    answerer.set("the server")
    detect(client)
    methods: List[str] = []
    client.create_subscription(
        VisionInfo, "detector/vision_info", lambda told: methods.append(told.method), LATCHED
    )
    assert client.set_parameter("score_threshold", 0.6) == ""
    assert client.spin(
        TIMEOUT, until=lambda: methods[-1:] == ["colors fp32, computed by the server"]
    )
