"""Whether the nodes of this shell find those that they shall find, by the variables of ROS."""

from typing import Iterator

from trt_inference.doctor.diagnosis import Diagnosis, caution, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.ask_rclpy import ros_is_in_use
from trt_inference.doctor.middleware.implementation import implementation
from trt_inference.doctor.middleware.profile_variables import (
    CYCLONE,
    DEFAULT_IMPLEMENTATION,
    FAST_RTPS,
    LOCALHOST_ONLY,
)
from trt_inference.doctor.middleware.ros_installations import distribution
from trt_inference.printable import printable

_SUBJECT = "Discovery"
DOMAIN = "ROS_DOMAIN_ID"
_RANGE, _PEERS = "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_STATIC_PEERS"
_SERVER = "ROS_DISCOVERY_SERVER"
_RANGES = ("SUBNET", "LOCALHOST", "OFF", "SYSTEM_DEFAULT")
_HIGHEST_DOMAIN = 232  # whose ports exist: 7400 + 250 for each domain
# Those between have the ports that Linux gives to any program for a while (32768 to 60999).
_SAFE_DOMAINS = (*range(102), *range(215, _HIGHEST_DOMAIN + 1))
_MULTICAST = 0x1000  # IFF_MULTICAST of Linux' if.h


def check_discovery(host: Host) -> Iterator[Diagnosis]:
    """One line where all is well."""
    if not ros_is_in_use(host):
        return
    found = [*_domain(host), *_range(host), *_loopback(host), *_server(host)]
    yield from found or [ok(_SUBJECT, _described(host))]


def stays_on_this_machine(host: Host) -> bool:
    """Whether nodes of this shell hear no other machine."""
    if host.environment.get(LOCALHOST_ONLY) == "1":
        return True
    is_limited = host.environment.get(_RANGE) == "LOCALHOST" and not _is_humble(host)
    return is_limited and not host.environment.get(_PEERS)


def domain(host: Host) -> str:
    """The number that nodes of this shell share, as it is given."""
    return host.environment.get(DOMAIN, "").strip() or "0"


def _domain(host: Host) -> Iterator[Diagnosis]:
    given = domain(host)
    if "zenoh" in implementation(host) and given.isdecimal():
        return  # it has no ports for each
    if not given.isdecimal() or int(given) > _HIGHEST_DOMAIN:
        yield error(
            _SUBJECT,
            "domain-out-of-range",
            f"{DOMAIN} is {printable(given)[:50]}: no node starts with it.",
            f"export {DOMAIN}=0, or another number up to 101, the same for all nodes",
        )
    elif int(given) not in _SAFE_DOMAINS:
        yield caution(
            _SUBJECT,
            "domain-in-ephemeral-ports",
            f"{DOMAIN} is {given}: other programs may have taken its ports.",
            f"export {DOMAIN}=N with N from 0 to 101, the same for all nodes",
        )


def _range(host: Host) -> Iterator[Diagnosis]:
    given, name = host.environment.get(_RANGE, ""), distribution(host)
    if not given:
        return
    value = printable(given)[:50]
    if _is_humble(host):
        yield caution(
            _SUBJECT,
            "discovery-range-not-read",
            f"{_RANGE} is {value}, which {printable(name)} does not read.",
            f"unset {_RANGE}; to stay on this machine: export {LOCALHOST_ONLY}=1",
        )
    elif given == "OFF" and not host.environment.get(_PEERS):
        yield error(
            _SUBJECT,
            "discovery-off",
            f"{_RANGE} is OFF: no node finds another, and no image arrives.",
            f"export {_RANGE}=LOCALHOST, or SUBNET for cameras on other machines",
        )
    elif given not in _RANGES:
        yield caution(
            _SUBJECT,
            "unknown-discovery-range",
            f"{_RANGE} is '{value}', which ROS takes for LOCALHOST.",
            f"export {_RANGE}=LOCALHOST, or SUBNET for cameras on other machines",
        )
    elif host.environment.get(LOCALHOST_ONLY) == "1" and given == "SUBNET":
        yield caution(
            _SUBJECT,
            "discovery-variables-contradict",
            f"{LOCALHOST_ONLY} is 1 and {_RANGE} is SUBNET: the first one wins, and nodes of other "
            "machines are not heard.",
            f"unset {LOCALHOST_ONLY}",
        )


def _loopback(host: Host) -> Iterator[Diagnosis]:
    """Cyclone DDS of Humble looks for nodes one by one where lo has no multicast, and only for
    ten (cyclonedds issue 1400)."""
    flags = host.text("/sys/class/net/lo/flags") or ""
    concerns = implementation(host).startswith(CYCLONE) and _is_humble(host)
    if not concerns or host.environment.get(LOCALHOST_ONLY) != "1" or not flags.startswith("0x"):
        return
    try:
        has_multicast = bool(int(flags, 16) & _MULTICAST)
    except ValueError:
        return
    if not has_multicast:
        yield caution(
            _SUBJECT,
            "loopback-without-multicast",
            f"{LOCALHOST_ONLY} is 1 and the interface lo has no multicast (flags {flags}): of more "
            "than ten processes with ROS, Cyclone DDS does not find all.",
            "sudo ip link set lo multicast on",
        )


def _server(host: Host) -> Iterator[Diagnosis]:
    given = host.environment.get(_SERVER, "")
    if given and not implementation(host).startswith(FAST_RTPS):
        yield caution(
            _SUBJECT,
            "discovery-server-not-read",
            f"{_SERVER} is {printable(given)[:100]}, which {printable(implementation(host))} does "
            "not read.",
            f"unset {_SERVER}, or export RMW_IMPLEMENTATION={DEFAULT_IMPLEMENTATION} for all nodes",
        )


def _described(host: Host) -> str:
    where = "this machine alone" if stays_on_this_machine(host) else "this machine and its network"
    server = host.environment.get(_SERVER, "")
    if server:
        where = f"all that the discovery server {printable(server)[:100]} knows"
    peers = host.environment.get(_PEERS, "")
    more = f" and {printable(peers)[:100]}" if peers and not _is_humble(host) else ""
    return f"Nodes of domain {domain(host)} on {where}{more} find each other."


def _is_humble(host: Host) -> bool:
    """Whether this is Humble, before ROS_AUTOMATIC_DISCOVERY_RANGE came."""
    return distribution(host) == "humble"
