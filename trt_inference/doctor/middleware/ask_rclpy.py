"""What a process that imports rclpy, and all that the node needs of ROS, reports."""

from functools import lru_cache

from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.ros_installations import prefixes
from trt_inference.doctor.probe import ProbeResult, run_probe

_PROBE = "trt_inference.ros.probes.rclpy_probe"


@lru_cache(maxsize=1)  # several checks want to know, and a Nano takes seconds for it
def ask_rclpy(host: Host) -> ProbeResult:
    """The answer of the probe; see there."""
    return run_probe(host, _PROBE)


def rclpy_is_found(host: Host) -> bool:
    """Whether this Python has rclpy, be it broken."""
    asked = ask_rclpy(host)
    return bool(asked.problem) or bool(asked.answer.get("found"))


def ros_is_in_use(host: Host) -> bool:
    """Whether there is anything of ROS to be examined: it is sourced, or comes from PyPI."""
    return bool(prefixes(host)) or rclpy_is_found(host)
