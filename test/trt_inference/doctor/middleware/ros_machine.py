"""A made-up machine with ROS 2 in which all is well, and what a test breaks of it."""

from pathlib import Path

from test.trt_inference.doctor.fake_machine import FakeMachine
from trt_inference.doctor.host import Space

PREFIX = "/opt/ros/humble"
WORKSPACE = "/home/robot/ws/install/trt_inference"
PROFILE = f"{WORKSPACE}/share/trt_inference/config/fastdds_large_images.xml"
CYCLONE_PROFILE = f"{WORKSPACE}/share/trt_inference/config/cyclonedds_large_images.xml"
_CONFIG = Path(__file__).parents[4] / "config"
_RCLPY = """
def get_rmw_implementation_identifier():
    import os
    return os.environ.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp")
"""
_SITE = """
import sys, types
sys.modules["trt_inference.ros.process"] = types.ModuleType("process")
"""
_MODULES = (
    "rclpy/lifecycle",
    *(f"{name}_msgs/msg" for name in ("std", "sensor", "diagnostic", "vision")),
    "builtin_interfaces/msg",
    "lifecycle_msgs/srv",
    "rcl_interfaces/srv",
)
# By default of Linux, but what this package and the documentation of ROS ask for.
NETWORK = {
    "/proc/sys/net/core/rmem_max": 16 << 20,
    "/proc/sys/net/core/wmem_max": 16 << 20,
    "/proc/sys/net/ipv4/ipfrag_time": 3,
    "/proc/sys/net/ipv4/ipfrag_high_thresh": 128 << 20,
}


def ros_machine(folder: Path, name: str = "humble") -> FakeMachine:
    """A machine with a sourced distribution, a workspace, and a middleware that is set."""
    machine = FakeMachine(folder)
    install(machine, name)
    prefix = f"/opt/ros/{name}"
    machine.environment.update(
        ROS_DISTRO=name,
        ROS_VERSION="2",
        RMW_IMPLEMENTATION="rmw_fastrtps_cpp",
        AMENT_PREFIX_PATH=f"{WORKSPACE}:{prefix}",
        FASTRTPS_DEFAULT_PROFILES_FILE=PROFILE,
    )
    index(machine, WORKSPACE, "packages/trt_inference")
    for file in ("launch/detector.launch.py", "config/detector.yaml"):
        machine.write(f"{WORKSPACE}/share/trt_inference/{file}")
    for file in (PROFILE, CYCLONE_PROFILE):
        machine.write(file, (_CONFIG / Path(file).name).read_text("utf-8"))
    machine.write(f"{WORKSPACE}/lib/trt_inference/detector")
    for file, value in NETWORK.items():
        machine.write(file, str(value))
    machine.spaces["/dev/shm"] = Space(8 << 30, 8 << 30)
    rclpy(machine)
    return machine


def install(machine: FakeMachine, name: str) -> None:
    """A distribution below /opt/ros, with Fast DDS and Cyclone DDS."""
    prefix = f"/opt/ros/{name}"
    machine.write(f"{prefix}/setup.bash")
    for middleware in ("rmw_fastrtps_cpp", "rmw_cyclonedds_cpp", "rmw_implementation"):
        index(machine, prefix, f"rmw_typesupport/{middleware}")


def index(machine: FakeMachine, prefix: str, resource: str) -> None:
    """Put a resource into the ament index."""
    machine.write(f"{prefix}/share/ament_index/resource_index/{resource}")


def rclpy(machine: FakeMachine) -> None:
    """Packages that can be imported as those of ROS, and do nothing, and a node that does not
    need more. The real ones are tested where there is a real ROS."""
    machine.module("rclpy/__init__", _RCLPY)
    for name in _MODULES:
        machine.module(f"{name.partition('/')[0]}/__init__", _RCLPY if "rclpy" in name else "")
        machine.module(name, "")
    machine.module("sitecustomize", _SITE)


def without_rclpy(machine: FakeMachine) -> None:
    """As if rclpy were not installed, whatever this environment has."""
    text = "No module named 'rclpy'"
    machine.module("rclpy/__init__", f'raise ModuleNotFoundError("{text}", name="rclpy")')


def in_container(machine: FakeMachine, own_memory: bool, host_network: bool) -> None:
    """What Docker shows of itself."""
    machine.write("/.dockerenv")
    machine.write("/sys/class/net/lo/flags", "0x9")
    machine.write("/sys/class/net/eth0/flags", "0x1003")
    if host_network:
        machine.folder("/sys/class/net/eth0/device")
        machine.folder("/sys/class/net/docker0")
    source = "shm rw,size=65536k" if own_memory else "tmpfs rw,size=8000000k"
    machine.write(
        "/proc/self/mountinfo",
        "1 0 0:1 / / rw - overlay overlay rw\n"
        f"2 1 0:2 / /dev/shm rw,nosuid,nodev - tmpfs {source}\n",
    )
