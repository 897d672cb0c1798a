"""Which middleware ROS runs on."""

from typing import Iterator, List, Set

from trt_inference.doctor.diagnosis import Diagnosis, error, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.middleware.ask_rclpy import ask_rclpy, ros_is_in_use
from trt_inference.doctor.middleware.profile_variables import DEFAULT_IMPLEMENTATION
from trt_inference.doctor.middleware.ros_installations import distribution, prefixes
from trt_inference.printable import printable

_SUBJECT = "Middleware"
_NO_MIDDLEWARE = "rmw_implementation"  # which only loads the others


def check_implementation(host: Host) -> Iterator[Diagnosis]:
    """One line where there is ROS."""
    if not ros_is_in_use(host):
        return
    missing, there = missing_implementation(host), installed_implementations(host)
    if missing:
        name = printable(distribution(host)) or "$ROS_DISTRO"
        package = f"ros-{name}-{printable(missing).replace('_', '-')}"
        others = f", or unset RMW_IMPLEMENTATION to use {printable(there[0])}" if there else ""
        yield error(
            _SUBJECT,
            "rmw-not-installed",
            f"RMW_IMPLEMENTATION is {printable(missing)}, which is not installed: no node starts. "
            f"Installed: {', '.join(map(printable, there)) or 'none'}.",
            f"sudo apt install {package}{others}",
        )
        return
    running = ask_rclpy(host).answer.get("implementation", "")
    if running:
        is_set = bool(host.environment.get("RMW_IMPLEMENTATION"))
        why = "set by RMW_IMPLEMENTATION" if is_set else "as RMW_IMPLEMENTATION is not set"
        text = f"ROS runs on {printable(running)}, {why}. Cameras must use the same."
        yield ok(_SUBJECT, text)


def installed_implementations(host: Host) -> List[str]:
    """Their names, as the ament index has them."""
    found: Set[str] = set()
    for prefix in prefixes(host):
        names = host.names(f"{prefix}/share/ament_index/resource_index/rmw_typesupport")
        found.update(name for name in names if name.startswith("rmw_"))
    return sorted(found - {_NO_MIDDLEWARE})


def missing_implementation(host: Host) -> str:
    """That which RMW_IMPLEMENTATION asks for and the ament index lacks; empty where it is there,
    or where there is no index to tell."""
    wanted = host.environment.get("RMW_IMPLEMENTATION", "")
    there = installed_implementations(host)
    return wanted if wanted and there and wanted not in there else ""


def implementation(host: Host) -> str:
    """The middleware that a node runs on: as it is set, or else as rclpy tells, where that can be
    imported. ROS refuses to run on another one than that which is set."""
    given = host.environment.get("RMW_IMPLEMENTATION", "")
    return given or ask_rclpy(host).answer.get("implementation") or DEFAULT_IMPLEMENTATION
