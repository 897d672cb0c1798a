"""Parameters that name a server: fixed where they decide who gets the images, and checked."""

from pathlib import Path
from typing import Any

import pytest
from lifecycle_msgs.msg import Transition

from examples.shapes.monitor import MonitorError
from test.trt_inference.ros.client import wait_until
from test.trt_inference.ros.conftest import Start
from trt_inference.engines.server_options import ServerOptions
from trt_inference.ros.parameters.settings import Settings
from trt_inference.ros.parameters.table import CONFIGURED, SPECS_BY_NAME

FIXED = (
    "server_url",
    "server_model",
    "server_ca_file",
    "server_certificate_file",
    "server_key_file",
)


def settings(**given: Any) -> Settings:
    """The defaults, but for what is given."""
    return Settings(**{**{name: SPECS_BY_NAME[name].default for name in CONFIGURED}, **given})


def test_only_the_backend_that_asks_a_server_gets_one() -> None:
    given = settings(
        backend="triton",
        server_url="gpu:8001",
        server_model="shapes",
        server_deadline=0.2,
        fallback="none",
        server_ca_file="/keys/ca.pem",
        server_certificate_file="/keys/robot.pem",
        server_key_file="/keys/robot.key",
    )
    files = (Path("/keys/ca.pem"), Path("/keys/robot.pem"), Path("/keys/robot.key"))
    expected = ServerOptions("gpu:8001", "shapes", 0.2, "none", *files)
    assert given.engine_options().server == expected
    plain = settings(backend="triton", server_url="gpu:8001").engine_options().server
    assert plain == ServerOptions("gpu:8001")
    for backend in ("auto", "onnxruntime", "tensorrt"):
        assert settings(backend=backend, server_url="gpu:8001").engine_options().server is None


def test_files_may_be_in_the_home_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/robot")
    given = settings(
        backend="triton", server_ca_file="~/keys/ca.pem", server_key_file="~nobody.at.all/key"
    ).server
    assert given is not None
    assert given.ca_file == Path("/home/robot/keys/ca.pem")
    assert given.key_file == Path("~nobody.at.all/key")
    assert given.certificate_file is None


def test_nobody_sends_the_images_to_another_server(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, server_url="gpu:8001")
    for name in FIXED:
        assert "fixed when the process starts" in client.set_parameter(name, "elsewhere:8001"), name
    assert client.set_parameter("server_deadline", 0.05) == ""
    assert "range" in client.set_parameter("server_deadline", 60.0)
    assert client.set_parameter("fallback", "none") == ""
    assert "not one of local, none" in client.set_parameter("fallback", "remote")
    client.start()
    assert "deactivate and clean up first" in client.set_parameter("fallback", "local")
    line = "server_url has no effect: backend is auto, which asks no server: set backend to triton"
    assert wait_until(lambda: line in node.log), node.log


def test_without_its_url_no_server_is_asked_and_the_reason_has_the_remedy(
    start_node: Start, shared_color_bundle: Path
) -> None:
    node, client = start_node(bundle=shared_color_bundle, backend="triton")
    with pytest.raises(MonitorError):
        client.transition(Transition.TRANSITION_CONFIGURE)
    reason = "configure failed: parameter server_url is empty, and backend triton asks a server: "
    remedy = "start the node anew with server_url as host:port, or set backend to auto"
    assert wait_until(lambda: reason + remedy in node.log), node.log
    assert client.set_parameter("backend", "auto") == ""
    client.start()
    assert client.state() == "active"
