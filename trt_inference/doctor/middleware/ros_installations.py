"""Which ROS distributions a machine has, and which of them this shell has sourced."""

import re
from typing import List, NamedTuple, Optional, Set

from trt_inference.doctor.host import Host

# In the order of their release. Foxy and Galactic lack rclpy's LifecycleNode.
TOO_OLD = ("ardent", "bouncy", "crystal", "dashing", "eloquent", "foxy", "galactic")
SUITABLE = ("humble", "iron", "jazzy", "kilted", "lyrical", "rolling")
ROS_1 = ("indigo", "jade", "kinetic", "lunar", "melodic", "noetic")
# By the major version of rclpy, for where ROS_DISTRO is not set.
_BY_RCLPY = {3: "humble", 4: "iron", 5: "iron", 7: "jazzy", 9: "kilted"}
# In images with ROS built from source (dusty-nv's for Jetsons), and from packages.
_SETUP_FILES = ("install/setup.bash", "setup.bash")
_VARIABLES = ("AMENT_PREFIX_PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "CMAKE_PREFIX_PATH")


class Installation(NamedTuple):
    """A distribution below ``/opt/ros``, and the file that a shell sources to use it."""

    name: str
    setup_file: str


def installations(host: Host) -> List[Installation]:
    """Those of ROS 2 with which the node runs come first, and of these the latest."""
    found = []
    for name in host.names("/opt/ros"):
        paths = (f"/opt/ros/{name}/{setup_file}" for setup_file in _SETUP_FILES)
        path = next(filter(host.is_file, paths), None)
        if path is not None:
            found.append(Installation(name, path))
    return sorted(found, key=lambda one: _rank(one.name), reverse=True)


def prefixes(host: Host) -> List[str]:
    """The folders of AMENT_PREFIX_PATH, which a sourced ROS 2 has set."""
    return [one for one in host.environment.get("AMENT_PREFIX_PATH", "").split(":") if one]


def sourced_distributions(host: Host) -> List[str]:
    """Those whose folders below ``/opt/ros`` are in the variables of this shell."""
    found: Set[str] = set()
    for variable in _VARIABLES:
        found.update(re.findall(r"/opt/ros/([^/:]+)", host.environment.get(variable, "")))
    return sorted(found)


def distribution(host: Host) -> str:
    """The name of the ROS distribution in use; empty where nothing tells."""
    given = host.environment.get("ROS_DISTRO", "")
    if given:
        return given
    for prefix in prefixes(host):
        version = re.search(
            r"<version>\s*(\d+)\.", host.text(f"{prefix}/share/rclpy/package.xml") or ""
        )
        if version:
            return _BY_RCLPY.get(int(version.group(1)), "")
    return ""


def ament_resource(host: Host, kind: str, name: str) -> Optional[str]:
    """The prefix in whose ament index there is such a resource, as the package ``sensor_msgs``."""
    for prefix in prefixes(host):
        if host.is_file(f"{prefix}/share/ament_index/resource_index/{kind}/{name}"):
            return prefix
    return None


def _rank(name: str) -> int:
    order = (*ROS_1, *TOO_OLD)
    if name in order:
        return order.index(name)
    return len(order) + (SUITABLE.index(name) if name in SUITABLE else 0)
