"""Check the address of a server before anything is connected."""

import ipaddress
import re

from trt_inference.errors import EngineError
from trt_inference.printable import printable, shortened

# Of letters as names of hosts have them; resolvers tell the rest.
_HOST = re.compile(r"[A-Za-z0-9_.-]+\Z")
_MOST_PORT = 65535
_EXAMPLE = "Give host:port of Triton's gRPC endpoint, as in robot-server:8001"


def check_server_url(url: str) -> str:
    """
    Args:
        url: ``host:port``; an address of IPv6 is in brackets.

    Returns:
        The same as a target of gRPC, which would take some hosts for a scheme otherwise.

    Raises:
        EngineError: it is none; the message has no user and no password that are in it.
    """
    fault = _find_fault(url)
    if fault:
        shown = printable(shortened(url.rpartition("@")[2]))
        raise EngineError(f"server_url '{shown}' {fault}. {_EXAMPLE}")
    host, _, port = url.rpartition(":")
    if host.startswith("["):
        return f"ipv6:{host.replace('%', '%25')}:{port}"
    return f"dns:///{host}:{port}"


def _find_fault(url: str) -> str:
    """Why ``url`` is none, or nothing."""
    if not url:
        return "is empty"
    if "@" in url:
        return "has a user before the @, which is not shown here: gRPC takes none"
    if "://" in url:
        return "has a scheme: leave out all up to ://"
    if any(sign in url for sign in "/?#"):
        return "has a path: leave out all after the port"
    host, colon, port = url.rpartition(":")
    if not colon or host.count("[") > host.count("]"):
        return "has no port"
    return _fault_of_host(host) or _fault_of_port(port)


def _fault_of_host(host: str) -> str:
    if not host:
        return "has no host"
    if host.startswith("[") and host.endswith("]"):
        # Of a link-local address the interface is behind a percent sign.
        address, percent, interface = host[1:-1].partition("%")
        is_address = _is_ipv6(address) and (not percent or _HOST.match(interface))
        return "" if is_address else "has no address of IPv6 in its brackets"
    if ":" in host:
        return "has several colons: put an address of IPv6 into brackets, as in [::1]:8001"
    return "" if _HOST.match(host) else "has signs that no name of a host has"


def _fault_of_port(port: str) -> str:
    # Not isdecimal: it takes the digits of all scripts.
    if not re.match(r"[0-9]{1,5}\Z", port) or not 1 <= int(port) <= _MOST_PORT:
        return f"has no port from 1 to {_MOST_PORT}"
    return ""


def _is_ipv6(address: str) -> bool:
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        return False
    return True
