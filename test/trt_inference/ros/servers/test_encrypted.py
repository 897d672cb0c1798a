"""A server that encrypts, and asks for the robot's certificate: nothing of a key is in the log."""

from pathlib import Path
from typing import Dict, Iterator

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import Transition

from examples.shapes.monitor import MonitorError
from test.certificates import Authority, Signed
from test.triton_double import Credentials, TritonDouble
from test.trt_inference.ros.client import wait_until
from test.trt_inference.ros.servers.asking_node import MACHINE, SERVER, AskingNode, mark_scores
from test.trt_inference.ros.servers.conftest import Ask

LINE = 40  # characters of a key that nobody else has


def files_of(folder: Path, authority: Authority, robot: Signed) -> Dict[str, Path]:
    """The parameters that name the files of a robot."""
    contents = {
        "server_ca_file": authority.certificate,
        "server_certificate_file": robot.certificate,
        "server_key_file": robot.key,
    }
    folder.mkdir()
    files = {name: folder / f"{name}.pem" for name in contents}
    for name, content in contents.items():
        files[name].write_bytes(content)
    return files


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def robot(authority: Authority) -> Signed:
    return authority.sign("robot")


@pytest.fixture
def encrypting(authority: Authority, shared_color_bundle: Path) -> Iterator[TritonDouble]:
    own = authority.sign("localhost")
    credentials = Credentials(own.key, own.certificate, authority.certificate)
    with TritonDouble(shared_color_bundle, credentials=credentials) as server:
        server.faults.change = mark_scores
        yield server


def check_log(node: AskingNode, robot: Signed) -> None:
    """No line of the key is in it."""
    lines = [line for line in robot.key.decode("ascii").splitlines() if len(line) >= LINE]
    assert lines
    assert not [line for line in lines if line in node.process.log]
    assert "PRIVATE KEY" not in node.process.log
    assert "Traceback" not in node.process.log


def test_the_server_answers_a_robot_with_a_certificate_again_after_a_restart(
    ask: Ask, encrypting: TritonDouble, authority: Authority, robot: Signed, tmp_path: Path
) -> None:
    node = ask(encrypting.url, **files_of(tmp_path / "keys", authority, robot))
    node.detect_until(SERVER)
    encrypting.stop()
    node.detect_until(MACHINE)
    encrypting.start()
    node.detect_until(SERVER)
    check_log(node, robot)


def test_a_server_of_another_authority_gets_no_image(
    ask: Ask, encrypting: TritonDouble, robot: Signed, tmp_path: Path
) -> None:
    node = ask(encrypting.url, **files_of(tmp_path / "keys", Authority("another"), robot))
    assert {node.who_answers() for _ in range(10)} == {MACHINE}
    node.diagnostics.wait_for(DiagnosticStatus.WARN, "server_ca_file", "server")
    assert encrypting.received == []
    check_log(node, robot)


def test_files_that_cannot_be_used_are_named_and_not_shown(
    prepare_node: Ask, authority: Authority, robot: Signed, tmp_path: Path
) -> None:
    files = files_of(tmp_path / "keys", authority, robot)
    exchanged = {
        **files,
        "server_certificate_file": files["server_key_file"],
        "server_key_file": files["server_certificate_file"],
    }
    node = prepare_node("localhost:1", **exchanged)
    with pytest.raises(MonitorError):
        node.client.transition(Transition.TRANSITION_CONFIGURE)
    assert wait_until(lambda: "configure failed: server_certificate_file '" in node.process.log)
    assert node.client.state() == "unconfigured"
    check_log(node, robot)
