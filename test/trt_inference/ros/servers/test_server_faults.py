"""A server dies, hangs, comes back or has another model: every image has its result."""

import signal
import threading
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition

from test.color_bundle import picture, write_color_bundle
from test.triton_double import TritonDouble
from test.trt_inference.ros.client import TIMEOUT, wait_until
from test.trt_inference.ros.servers.asking_node import (
    LONG_DEADLINE,
    MACHINE,
    SERVER,
    SHORT_DEADLINE,
)
from test.trt_inference.ros.servers.conftest import Ask
from trt_inference.engines.triton.failures import FAILURE_KINDS

OPENED, CLOSED = "answers until the server does", "answers again"


def test_each_image_has_its_result_while_the_server_dies_and_comes_back(
    ask: Ask, double: TritonDouble
) -> None:
    node = ask(double.url)
    node.detect_until(SERVER)
    # On a busy machine, the server may have been too slow when the node was configured.
    before = node.process.log.count(OPENED)
    double.stop()
    node.detect_until(MACHINE)
    assert {node.who_answers() for _ in range(20)} == {MACHINE}
    node.wait_for_method(f"instead of Triton at {double.url}")
    node.diagnostics.wait_for(DiagnosticStatus.WARN, double.url, "server")
    double.start()
    node.detect_until(SERVER)
    node.wait_for_method("version 1 of colors")
    node.wait_for_images(MACHINE, 20)
    told = (node.process.log.count(OPENED), node.process.log.count(CLOSED))
    assert told == (before + 1, before + 1)
    counted = node.client.counters_at_rest()
    assert counted["rejected"] == 0
    assert counted["received"] == counted["inferred"]


def test_a_server_that_hangs_holds_up_neither_parameters_nor_results_nor_the_end(
    ask: Ask, double: TritonDouble
) -> None:
    node = ask(double.url, server_deadline=SHORT_DEADLINE)
    double.faults.never = True
    node.detect_until(MACHINE)
    for number in range(10):
        assert node.client.set_parameter("max_detections", number + 1) == ""
        assert node.who_answers() == MACHINE
    node.start_again_and_end()


def test_the_executor_answers_and_the_process_ends_while_an_image_is_waited_for(
    ask: Ask, double: TritonDouble
) -> None:
    node = ask(double.url, server_deadline=LONG_DEADLINE)
    node.detect_until(SERVER)
    double.faults.never = True
    image = node.client.image(picture("red", (2, 3)))
    asked = len(double.received)
    node.client.send(image)
    assert node.client.spin(TIMEOUT, until=lambda: len(double.received) > asked)
    assert node.client.set_parameter("max_detections", 3) == ""
    assert node.client.state() == "active"
    node.process.process.send_signal(signal.SIGINT)
    assert node.process.process.wait(TIMEOUT) == 0
    assert "Traceback" not in node.process.log


def test_the_process_ends_while_it_configures_and_the_server_hangs(
    prepare_node: Ask, double: TritonDouble
) -> None:
    node = prepare_node(double.url)
    goes_on = threading.Event()

    def hang(method: str, answer: Any) -> None:
        goes_on.wait(TIMEOUT)

    double.faults.change_any = hang
    try:
        node.client.begin(Transition.TRANSITION_CONFIGURE)
        assert node.client.spin(TIMEOUT, until=lambda: bool(double.asked))
        node.process.process.send_signal(signal.SIGTERM)
        assert node.process.process.wait(TIMEOUT) == 0
    finally:
        goes_on.set()
    assert "Traceback" not in node.process.log


def test_a_swap_by_parameters_is_answered_while_the_server_hangs(
    ask: Ask, double: TritonDouble
) -> None:
    node = ask(double.url, hot_swap=True, server_deadline=SHORT_DEADLINE)
    goes_on = threading.Event()

    def hang(method: str, answer: Any) -> None:
        goes_on.wait(TIMEOUT)

    double.faults.change_any = hang
    double.faults.never = True
    try:
        assert node.client.set_parameter("precision", "fp32") == ""
        assert node.who_answers() == MACHINE
        assert wait_until(lambda: "swapped in" in node.process.log), node.process.log
        assert node.who_answers() == MACHINE
    finally:
        goes_on.set()


def test_a_version_that_is_exchanged_is_used_no_more_until_the_bundles_own_is_back(
    ask: Ask, double: TritonDouble, shared_color_bundle: Path, tmp_path: Path
) -> None:
    defaults = {"score_threshold": 0.4, "iou_threshold": 0.5, "max_detections": 10}
    node = ask(double.url)
    node.detect_until(SERVER)
    double.add(write_color_bundle(tmp_path / "colors", defaults=defaults), 1)
    node.detect_until(MACHINE)
    node.diagnostics.wait_for(DiagnosticStatus.WARN, "export-triton", "server")
    assert {node.who_answers() for _ in range(20)} == {MACHINE}
    double.add(shared_color_bundle, 2)
    node.detect_until(SERVER)
    node.wait_for_method("version 2 of colors")
    assert node.client.counters_at_rest()["rejected"] == 0


def test_without_a_fallback_images_are_rejected_until_the_server_answers(
    ask: Ask, double: TritonDouble
) -> None:
    node = ask(double.url, fallback="none")
    node.detect_until(SERVER)
    double.stop()
    rejected = node.client.counters_at_rest()["rejected"]
    for number in range(5):
        node.client.send(node.client.image(picture("red", (2, 3))))
        node.client.wait_for_count("rejected", rejected + number + 1)
    node.diagnostics.wait_for(DiagnosticStatus.ERROR, double.url, "server")
    camera = f"camera {node.client.get_namespace()}/image"
    values = node.diagnostics.wait_for(DiagnosticStatus.WARN, "rejected (", camera)
    kinds = {key[len("rejected: ") :] for key in values if key.startswith("rejected: ")}
    assert kinds and kinds <= set(FAILURE_KINDS)
    assert node.client.state() == "active"
    assert f"image of {node.client.get_namespace()}/image rejected (" in node.process.log
    assert node.client.set_parameter("score_threshold", 0.6) == ""  # whatever is told of it
    double.start()
    node.diagnostics.wait_for(DiagnosticStatus.OK, "running", "server")
    assert node.who_answers() == SERVER
    node.wait_for_method("version 1 of colors")
