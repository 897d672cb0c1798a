"""The order in which a machine is examined."""

from typing import Callable, Iterable, Iterator, List

from trt_inference.doctor.diagnosis import Diagnosis, error
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.check_containers import check_containers
from trt_inference.doctor.middleware.check_discovery import check_discovery
from trt_inference.doctor.middleware.check_distribution import check_distribution
from trt_inference.doctor.middleware.check_graph import check_graph
from trt_inference.doctor.middleware.check_network_buffers import check_network_buffers
from trt_inference.doctor.middleware.check_packages import check_packages
from trt_inference.doctor.middleware.check_profile import check_profile
from trt_inference.doctor.middleware.check_rclpy import check_rclpy
from trt_inference.doctor.middleware.check_ros_security import check_ros_security
from trt_inference.doctor.middleware.implementation import check_implementation

Check = Callable[[Host], Iterable[Diagnosis]]

# What depends on something comes after it.
_CHECKS: List[Check] = [
    check_distribution,
    check_packages,
    check_implementation,
    check_rclpy,
    check_profile,
    check_network_buffers,
    check_discovery,
    check_containers,
    check_ros_security,
    check_graph,
]


def examine(host: Host) -> Iterator[Diagnosis]:
    """Look at everything, and report each diagnosis when it is there. No check ends the others."""
    for check in _CHECKS:
        try:
            yield from check(host)
        except Exception as problem:  # a fault of ours is no reason to keep the rest to ourselves
            yield _failed(check, problem)


def _failed(check: Check, problem: Exception) -> Diagnosis:
    name = check.__module__.rpartition(".")[2].replace("_", " ")
    text = f"could not be examined: {type(problem).__name__}: {problem}"
    return error(name, "check-failed", text, "Report this as a bug, with the whole output.")
