"""All checks of this folder, in their order."""

from typing import Callable, Iterator, Tuple

from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.check_discovery import check_discovery
from trt_inference.doctor.middleware.check_distribution import check_distribution
from trt_inference.doctor.middleware.check_graph import check_graph
from trt_inference.doctor.middleware.check_memory_of_containers import check_memory_of_containers
from trt_inference.doctor.middleware.check_network_buffers import check_network_buffers
from trt_inference.doctor.middleware.check_packages import check_packages
from trt_inference.doctor.middleware.check_profile import check_profile
from trt_inference.doctor.middleware.check_rclpy import check_rclpy
from trt_inference.doctor.middleware.check_ros_security import check_ros_security
from trt_inference.doctor.middleware.implementation import check_implementation

MIDDLEWARE_CHECKS: Tuple[Callable[[Host], Iterator[Diagnosis]], ...] = (
    check_distribution,
    check_packages,
    check_implementation,
    check_rclpy,
    check_profile,
    check_network_buffers,
    check_discovery,
    check_memory_of_containers,
    check_ros_security,
    check_graph,
)
