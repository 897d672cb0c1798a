"""Which addresses of a server are taken, and what is told of the others."""

import pytest

from trt_inference.engines.triton.client.server_url import check_server_url
from trt_inference.errors import EngineError

USUAL = "as in robot-server:8001"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("robot-server:8001", "dns:///robot-server:8001"),
        ("gpu_1.lab.example:1", "dns:///gpu_1.lab.example:1"),
        ("10.0.0.7:65535", "dns:///10.0.0.7:65535"),
        ("[::1]:8001", "ipv6:[::1]:8001"),
        ("[fe80::1%eth0]:8001", "ipv6:[fe80::1%25eth0]:8001"),
        # gRPC alone takes these for schemes: for a socket in the file system, and for an address.
        ("unix:8001", "dns:///unix:8001"),
        ("ipv4:8001", "dns:///ipv4:8001"),
    ],
)
def test_host_and_port_are_a_target(url: str, target: str) -> None:
    assert check_server_url(url) == target


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "is empty"),
        ("robot-server", "has no port"),
        ("[::1]", "has no port"),
        (":8001", "has no host"),
        ("robot-server:", "has no port from 1 to 65535"),
        ("robot-server:0", "has no port from 1 to 65535"),
        ("robot-server:65536", "has no port from 1 to 65535"),
        ("robot-server:8001\n", "has no port from 1 to 65535"),
        ("robot-server:+801", "has no port from 1 to 65535"),
        ("robot-server:٨٠٠١", "has no port from 1 to 65535"),
        ("robot-server:" + "8" * 5000, "has no port from 1 to 65535"),
        ("grpc://robot-server:8001", "has a scheme: leave out all up to ://"),
        ("robot-server:8001/v2", "has a path: leave out all after the port"),
        ("robot-server:8001?model=x", "has a path"),
        ("::1:8001", "put an address of IPv6 into brackets, as in [::1]:8001"),
        ("[robot-server]:8001", "has no address of IPv6 in its brackets"),
        ("[fe80::1%eth0\nagain]:8001", "has no address of IPv6 in its brackets"),
        ("[]:8001", "has no address of IPv6 in its brackets"),
        ("robot server:8001", "has signs that no name of a host has"),
        ("robot-server,other:8001", "has signs that no name of a host has"),
        ("räuber:8001", "has signs that no name of a host has"),
        ("[::1:8001", "has no port"),
    ],
)
def test_all_else_is_refused_with_value_and_remedy(url: str, reason: str) -> None:
    with pytest.raises(EngineError) as caught:
        check_server_url(url)
    message = str(caught.value)
    assert f"' {reason}" in message or reason in message
    assert USUAL in message
    assert "\n" not in message
    assert len(message) < 600
    assert url[:10].strip() in message


@pytest.mark.parametrize("url", ["robot:secret@server:8001", "grpc://robot:secret@server", "a@b@c"])
def test_who_gives_a_password_does_not_find_it_in_a_log(url: str) -> None:
    with pytest.raises(EngineError, match="has a user before the @") as caught:
        check_server_url(url)
    assert "secret" not in str(caught.value)
    assert "robot:" not in str(caught.value)
