"""The node with a real Triton server that is killed, stopped, started anew and given versions."""

import time
from pathlib import Path
from typing import Iterator

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from tritonclient.grpc import InferenceServerClient

from converter.commands.export_triton import TritonExport
from test.color_bundle import write_color_bundle
from test.served_models import export
from test.triton_server import TritonServer, needs_triton
from test.trt_inference.ros.client import TIMEOUT, wait_until
from test.trt_inference.ros.servers.asking_node import (
    MACHINE,
    MARK,
    SERVER,
    SHORT_DEADLINE,
    AskingNode,
)
from test.trt_inference.ros.servers.conftest import Ask
from test.trt_inference.ros.servers.test_server_faults import CLOSED, OPENED

pytestmark = [needs_triton, pytest.mark.long]

STOPPED = 5.0  # seconds
# Appended to the program of a version, for a subscriber to tell its scores from this machine's.
_MARK_SCORES = f"""
_execute = TritonPythonModel.execute


def _marked(self, requests):
    return [
        triton.InferenceResponse(
            [
                triton.Tensor("scores", one.as_numpy() * np.float32({float(MARK)}))
                if one.name() == "scores"
                else one
                for one in answer.output_tensors()
            ]
        )
        for answer in _execute(self, requests)
    ]


TritonPythonModel.execute = _marked
"""


def mark(exported: TritonExport) -> None:
    """Change a version, before a server has it, so that its results can be told from others."""
    with (exported.folder / "model.py").open("a", encoding="utf-8") as program:
        program.write(_MARK_SCORES)


@pytest.fixture
def repository(shared_color_bundle: Path, tmp_path: Path) -> Path:
    """A model repository with the bundle of the nodes."""
    folder = tmp_path / "repository"
    mark(export(shared_color_bundle, folder))
    return folder


@pytest.fixture
def server(repository: Path) -> Iterator[TritonServer]:
    """A server that runs."""
    with TritonServer(repository) as it:
        yield it


def check_counters(node: AskingNode) -> None:
    """No image was dropped or rejected, and all have been inferred."""
    counted = node.client.counters_at_rest()
    assert (counted["rejected"], counted["dropped"]) == (0, 0)
    assert counted["received"] == counted["inferred"]


def test_each_image_has_its_result_while_the_server_is_killed_and_started_again(
    ask: Ask, server: TritonServer
) -> None:
    node = ask(server.url)
    node.detect_until(SERVER)
    # On a busy machine, the server may have been too slow when the node was configured.
    before = node.process.log.count(OPENED)
    for round_ in range(before + 1, before + 3):
        server.kill()
        node.detect_until(MACHINE)
        assert {node.who_answers() for _ in range(20)} == {MACHINE}
        node.diagnostics.wait_for(DiagnosticStatus.WARN, server.url, "server")
        server.start()
        node.detect_until(SERVER)
        node.wait_for_method(f"at {server.url}, version 1 of colors")
        node.diagnostics.wait_for(DiagnosticStatus.OK, "running", "server")
        assert (node.process.log.count(OPENED), node.process.log.count(CLOSED)) == (round_, round_)
    check_counters(node)


def test_each_image_has_its_result_while_the_server_is_stopped_for_seconds(
    ask: Ask, server: TritonServer
) -> None:
    node = ask(server.url, server_deadline=SHORT_DEADLINE)
    node.detect_until(SERVER)
    server.pause()
    end = time.monotonic() + STOPPED
    node.detect_until(MACHINE)
    while time.monotonic() < end:
        assert node.client.set_parameter("max_detections", 5) == ""
        assert node.who_answers() == MACHINE
    server.resume()
    node.detect_until(SERVER)
    assert wait_until(lambda: node.process.log.count(OPENED) == node.process.log.count(CLOSED))
    check_counters(node)


def test_a_node_configures_answers_and_ends_while_the_server_is_stopped(
    prepare_node: Ask, server: TritonServer
) -> None:
    server.pause()
    node = prepare_node(server.url, server_deadline=SHORT_DEADLINE)
    node.client.start()
    assert node.connect() == MACHINE
    node.start_again_and_end()


def test_a_robot_keeps_its_version_until_it_is_gone_and_takes_the_next_of_its_bundle(
    ask: Ask, repository: Path, shared_color_bundle: Path, tmp_path: Path
) -> None:
    """Of three versions the server keeps the last two."""
    defaults = {"score_threshold": 0.4, "iou_threshold": 0.5, "max_detections": 10}
    other = write_color_bundle(tmp_path / "other" / "colors", defaults=defaults)
    with TritonServer(repository, poll=True) as server:
        node = ask(server.url)
        node.detect_until(SERVER)
        export(other, repository)
        wait_for_version(server, 2)
        assert {node.who_answers() for _ in range(20)} == {SERVER}
        export(other, repository)
        node.detect_until(MACHINE)
        node.wait_for_method("instead of Triton")
        exported = export(shared_color_bundle, repository)
        assert exported.version == 4
        assert node.client.spin(
            TIMEOUT, until=lambda: bool(node.who_answers()) and "version 4" in node.methods[-1]
        )
        check_counters(node)


def wait_for_version(server: TritonServer, version: int) -> None:
    """Until the server has loaded it."""
    with InferenceServerClient(server.url) as client:
        assert wait_until(lambda: client.is_model_ready("colors", str(version))), server.log
