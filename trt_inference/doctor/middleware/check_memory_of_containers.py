"""Whether Fast DDS in a container takes itself for a neighbour of the host's processes, and cannot
share memory with them.

Fast DDS tells hosts apart by their network interfaces: in a container with the host's network it
sends images to processes of the host, or of other such containers, through /dev/shm. Where each has
its own, topics are listed and nothing arrives (Fast-DDS issues 2624 and 5396).
"""

import re
from typing import Iterator

from trt_inference.doctor.diagnosis import Diagnosis, caution, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.ask_rclpy import ros_is_in_use
from trt_inference.doctor.middleware.implementation import implementation
from trt_inference.doctor.middleware.profile_variables import FAST_RTPS
from trt_inference.doctor.system.board_facts import is_container

_SUBJECT = "Shared memory of containers"


def check_memory_of_containers(host: Host) -> Iterator[Diagnosis]:
    """One line in a container with ROS on Fast DDS; none elsewhere."""
    if not is_container(host) or not ros_is_in_use(host):
        return
    if not implementation(host).startswith(FAST_RTPS):
        return
    if not shares_network(host):
        yield ok(
            _SUBJECT,
            "This one has a network of its own: images go through it, not through /dev/shm.",
        )
    elif has_own_shared_memory(host):
        yield caution(
            _SUBJECT,
            "shared-memory-apart-from-host",
            "This one has the network of its host but its own /dev/shm: cameras outside of it are "
            "listed, and no image of theirs arrives.",
            "docker run --network host --ipc host, for all containers with ROS, or run camera and "
            "detector in the same one.",
        )
    else:
        yield ok(
            _SUBJECT,
            "This one has network and /dev/shm of its host. Run camera and detector as the same "
            "user: one cannot open the shared memory of another.",
        )


def shares_network(host: Host) -> bool:
    """Whether it has the host's interfaces: real ones, or the bridge that Docker makes there. One
    of a container's own is the end of a pair (its iflink is the other end), with no device."""
    folder = "/sys/class/net"
    return any(
        name.startswith(("docker", "br-")) or host.exists(f"{folder}/{name}/device")
        for name in host.names(folder)
        if name != "lo"
    )


def has_own_shared_memory(host: Host) -> bool:
    """Whether /dev/shm is what Docker and Podman make for a container: mounted from ``shm``. The
    host's own, which --ipc host brings in, is mounted from ``tmpfs``."""
    mounts = host.text("/proc/self/mountinfo") or ""
    return re.search(r"^\S+ \S+ \S+ \S+ /dev/shm .* - tmpfs shm ", mounts, re.M) is not None
