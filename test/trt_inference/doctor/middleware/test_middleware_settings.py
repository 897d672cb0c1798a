"""What the doctor tells of the settings of the middleware, and of the kernel for it."""

from pathlib import Path
from typing import Dict

import pytest

from test.trt_inference.doctor.fake_machine import assert_finds
from test.trt_inference.doctor.middleware.ros_machine import (
    CYCLONE_PROFILE,
    NETWORK,
    PROFILE,
    in_container,
    ros_machine,
)
from trt_inference.doctor.diagnosis import IS_OK
from trt_inference.doctor.host import Space
from trt_inference.doctor.middleware.check_discovery import check_discovery
from trt_inference.doctor.middleware.check_memory_of_containers import check_memory_of_containers
from trt_inference.doctor.middleware.check_network_buffers import check_network_buffers
from trt_inference.doctor.middleware.check_profile import check_profile
from trt_inference.doctor.middleware.check_ros_security import check_ros_security

NEW, OLD = "FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"
CYCLONE = {"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp", OLD: ""}


@pytest.mark.parametrize(
    ("name", "variables", "command"),
    [
        ("humble", {OLD: ""}, f"export {OLD}={PROFILE}"),
        ("jazzy", {OLD: ""}, f"export {OLD}={PROFILE}"),
        ("kilted", {OLD: ""}, f"export {NEW}={PROFILE}"),
        ("humble", CYCLONE, f"export CYCLONEDDS_URI=file://{CYCLONE_PROFILE}"),
    ],
)
def test_no_profile_is_reported_with_the_command_for_this_middleware(
    tmp_path: Path, name: str, variables: Dict[str, str], command: str
) -> None:
    machine = ros_machine(tmp_path, name)
    machine.environment.update(variables)
    found = check_profile(machine.host())
    variable = command.split()[1].partition("=")[0]
    remedy = assert_finds(found, "no-profile-for-large-images", "caution", variable).remedy
    assert remedy == f"Before the camera starts: {command}"


@pytest.mark.parametrize(
    ("name", "variables", "fault", "level", "remedy"),
    [
        ("jazzy", {OLD: "", NEW: PROFILE}, "profile-variable-not-read", "error", f"export {OLD}="),
        ("kilted", {}, "profile-variable-deprecated", "caution", f"export {NEW}={PROFILE}"),
        ("kilted", {NEW: PROFILE}, "both-profile-variables", "caution", f"unset {OLD}"),
        ("jazzy", {NEW: PROFILE}, "both-profile-variables", "caution", f"unset {NEW}"),
        (
            "humble",
            {OLD: "", "CYCLONEDDS_URI": CYCLONE_PROFILE},
            "profile-for-other-middleware",
            "caution",
            f"export {OLD}={PROFILE}",
        ),
        (
            "humble",
            {**CYCLONE, OLD: PROFILE},
            "profile-for-other-middleware",
            "caution",
            f"export CYCLONEDDS_URI=file://{CYCLONE_PROFILE}",
        ),
        ("humble", {OLD: CYCLONE_PROFILE}, "profile-for-other-middleware", "error", PROFILE),
        (
            "humble",
            {OLD: "", **CYCLONE, "CYCLONEDDS_URI": f"file://{PROFILE}"},
            "profile-for-other-middleware",
            "error",
            CYCLONE_PROFILE,
        ),
        ("humble", {OLD: "/gone.xml"}, "profile-missing", "error", PROFILE),
        ("humble", {OLD: "~/profile.xml"}, "profile-missing", "error", PROFILE),
        ("humble", {OLD: f"file://{PROFILE}"}, "profile-missing", "error", PROFILE),
        ("humble", {OLD: "/opt"}, "profile-not-usable", "error", PROFILE),
        (
            "kilted",
            {
                OLD: "",
                "FASTDDS_BUILTIN_TRANSPORTS": "LARGE_DATA",
                "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
            },
            "large-data-with-localhost",
            "error",
            f"export {NEW}={PROFILE}",
        ),
    ],
)
def test_a_profile_that_is_not_read_or_not_right(
    tmp_path: Path, name: str, variables: Dict[str, str], fault: str, level: str, remedy: str
) -> None:
    machine = ros_machine(tmp_path, name)
    machine.environment.update(variables)
    found = check_profile(machine.host())
    assert remedy in assert_finds(found, fault, level).remedy


@pytest.mark.parametrize(
    ("text", "fault", "value"),
    [
        ("", "profile-not-usable", "XML"),
        ("<profiles><participant>", "profile-not-usable", "XML"),
        ("<html/>", "profile-not-usable", "<html>"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><profiles/>", "profile-not-usable", "entities"),
        ("<dds><profiles><participant/></profiles></dds>", "profile-without-default", "default"),
        (  # a default of writers alone, which has no transports
            '<profiles><participant/><data_writer is_default_profile="true"/></profiles>',
            "profile-without-default",
            "participant",
        ),
    ],
)
def test_a_profile_with_the_wrong_content(
    tmp_path: Path, text: str, fault: str, value: str
) -> None:
    machine = ros_machine(tmp_path)
    machine.write(PROFILE, text)
    assert_finds(check_profile(machine.host()), fault, "error", PROFILE, value)


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        ("humble", {}),
        ("kilted", {OLD: "", NEW: PROFILE}),
        ("kilted", {OLD: "", "FASTDDS_BUILTIN_TRANSPORTS": "LARGE_DATA?max_msg_size=1MB"}),
        ("humble", {**CYCLONE, "CYCLONEDDS_URI": f"file://{CYCLONE_PROFILE}"}),
        ("humble", {**CYCLONE, "CYCLONEDDS_URI": CYCLONE_PROFILE}),
        ("humble", {**CYCLONE, "CYCLONEDDS_URI": "<CycloneDDS><Domain/></CycloneDDS>"}),
        ("jazzy", {OLD: "", "RMW_IMPLEMENTATION": "rmw_zenoh_cpp"}),
    ],
)
def test_profiles_that_are_right(tmp_path: Path, name: str, variables: Dict[str, str]) -> None:
    machine = ros_machine(tmp_path, name)
    machine.write(f"/opt/ros/{name}/share/ament_index/resource_index/rmw_typesupport/rmw_zenoh_cpp")
    machine.environment.update(variables)
    assert [one.level for one in check_profile(machine.host())] == [IS_OK]


def test_shared_memory_that_does_not_hold_two_segments(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.spaces["/dev/shm"] = Space(31 << 20, 31 << 20)  # the packaged profile takes 16 twice
    found = check_profile(machine.host())
    remedy = assert_finds(
        found, "shared-memory-smaller-than-segments", "error", "16 MiB", "31 MiB"
    ).remedy
    assert "--shm-size" in remedy
    machine.spaces["/dev/shm"] = Space(64 << 20, 64 << 20)  # of Docker
    assert [one.level for one in check_profile(machine.host())] == [IS_OK]


def test_humble_leaves_the_transport_for_other_machines_open(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.environment["ROS_LOCALHOST_ONLY"] = "1"
    found = check_profile(machine.host())
    fault = "profile-heard-by-other-machines"
    assert "UDPv4" in assert_finds(found, fault, "caution", PROFILE, "ROS_LOCALHOST_ONLY").remedy
    machine.environment[OLD] = ""
    found = check_profile(machine.host())
    remedy = assert_finds(found, "no-profile-for-large-images", "caution").remedy
    assert remedy.endswith(
        "in a copy without the transport large_udp, which other machines would hear"
    )
    machine.environment.update({"ROS_DISTRO": "jazzy", OLD: PROFILE})
    assert [one.level for one in check_profile(machine.host())] == [IS_OK]


@pytest.mark.parametrize("name", NETWORK)
def test_each_small_buffer_of_the_kernel_is_named(tmp_path: Path, name: str) -> None:
    defaults = {"rmem_max": 212992, "wmem_max": 212992, "ipfrag_time": 30}
    value = defaults.get(Path(name).name, 4194304)
    machine = ros_machine(tmp_path)
    machine.write(name, str(value))
    setting = name[len("/proc/sys/") :].replace("/", ".")
    found = check_network_buffers(machine.host())
    remedy = assert_finds(
        found, "small-network-buffers", "caution", f"{setting} is {value}", "other machines"
    ).remedy
    assert remedy.startswith(f"sudo sysctl -w {setting}=")
    assert remedy.count("net.") == 1
    machine.write("/.dockerenv")  # where the kernel's settings may not be written
    found = check_network_buffers(machine.host())
    remedy = assert_finds(found, "small-network-buffers", "caution", setting).remedy
    assert remedy.startswith(f"On the machine itself: sudo sysctl -w {setting}=")


def test_cyclone_needs_larger_buffers_and_also_on_this_machine(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.write("/proc/sys/net/core/rmem_max", str(4 << 20))  # enough for Fast DDS
    machine.environment["ROS_LOCALHOST_ONLY"] = "1"
    assert [one.level for one in check_network_buffers(machine.host())] == [IS_OK]
    machine.environment.update(CYCLONE)
    found = check_network_buffers(machine.host())
    remedy = assert_finds(found, "small-network-buffers", "caution", "rmem_max is 4194304").remedy
    assert "net.core.rmem_max=16777216" in remedy


def test_buffers_that_a_container_hides_are_not_called_good(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.remove("/proc/sys/net/core/rmem_max")
    found = list(check_network_buffers(machine.host()))
    assert_finds(found, "network-buffers-not-seen", "caution", "net.core.rmem_max")
    assert IS_OK not in [one.level for one in found]


@pytest.mark.parametrize(
    ("name", "variables", "fault", "level", "remedy"),
    [
        ("humble", {"ROS_DOMAIN_ID": "233"}, "domain-out-of-range", "error", "ROS_DOMAIN_ID=0"),
        ("humble", {"ROS_DOMAIN_ID": "-1"}, "domain-out-of-range", "error", "ROS_DOMAIN_ID=0"),
        ("humble", {"ROS_DOMAIN_ID": "robot"}, "domain-out-of-range", "error", "ROS_DOMAIN_ID=0"),
        ("humble", {"ROS_DOMAIN_ID": "142"}, "domain-in-ephemeral-ports", "caution", "0 to 101"),
        (
            "humble",
            {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"},
            "discovery-range-not-read",
            "caution",
            "export ROS_LOCALHOST_ONLY=1",
        ),
        (
            "jazzy",
            {"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"},
            "discovery-off",
            "error",
            "RANGE=LOCALHOST",
        ),
        (
            "jazzy",
            {"ROS_AUTOMATIC_DISCOVERY_RANGE": "subnet"},
            "unknown-discovery-range",
            "caution",
            "SUBNET",
        ),
        (
            "jazzy",
            {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET", "ROS_LOCALHOST_ONLY": "1"},
            "discovery-variables-contradict",
            "caution",
            "unset ROS_LOCALHOST_ONLY",
        ),
        (
            "humble",
            {**CYCLONE, "ROS_LOCALHOST_ONLY": "1"},
            "loopback-without-multicast",
            "caution",
            "sudo ip link set lo multicast on",
        ),
        (
            "humble",
            {**CYCLONE, "ROS_DISCOVERY_SERVER": "10.0.0.1:11811"},
            "discovery-server-not-read",
            "caution",
            "unset ROS_DISCOVERY_SERVER",
        ),
    ],
)
def test_variables_by_which_nodes_do_not_find_each_other(
    tmp_path: Path, name: str, variables: Dict[str, str], fault: str, level: str, remedy: str
) -> None:
    machine = ros_machine(tmp_path, name)
    machine.write("/sys/class/net/lo/flags", "0x9")
    machine.environment.update(variables)
    value = list(variables.values())[-1]
    found = check_discovery(machine.host())
    assert remedy in assert_finds(found, fault, level, value).remedy


@pytest.mark.parametrize(
    ("name", "variables", "text"),
    [
        ("humble", {}, "domain 0 on this machine and its network"),
        ("humble", {"ROS_DOMAIN_ID": "101"}, "domain 101"),
        ("humble", {"ROS_DOMAIN_ID": "232"}, "domain 232"),
        ("humble", {"ROS_LOCALHOST_ONLY": "1"}, "this machine alone"),
        ("jazzy", {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}, "this machine alone"),
        (
            "jazzy",
            {"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF", "ROS_STATIC_PEERS": "10.0.0.7"},
            "10.0.0.7",
        ),
        ("humble", {"ROS_DISCOVERY_SERVER": "10.0.0.1:11811"}, "server 10.0.0.1:11811"),
        ("jazzy", {"ROS_DOMAIN_ID": "300", "RMW_IMPLEMENTATION": "rmw_zenoh_cpp"}, "domain 300"),
    ],
)
def test_how_nodes_find_each_other_is_told(
    tmp_path: Path, name: str, variables: Dict[str, str], text: str
) -> None:
    machine = ros_machine(tmp_path, name)
    machine.environment.update(variables)
    [found] = check_discovery(machine.host())
    assert (found.level, text in found.text) == (IS_OK, True), found


def test_multicast_on_the_loopback_is_seen(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.write("/sys/class/net/lo/flags", "0x1009")
    machine.environment.update({**CYCLONE, "ROS_LOCALHOST_ONLY": "1"})
    assert [one.level for one in check_discovery(machine.host())] == [IS_OK]


def test_a_container_with_the_hosts_network_and_its_own_memory(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    in_container(machine, own_memory=True, host_network=True)
    found = check_memory_of_containers(machine.host())
    remedy = assert_finds(found, "shared-memory-apart-from-host", "caution", "/dev/shm").remedy
    assert "--ipc host" in remedy


@pytest.mark.parametrize(("own_memory", "host_network"), [(True, False), (False, True)])
def test_containers_in_which_images_arrive(
    tmp_path: Path, own_memory: bool, host_network: bool
) -> None:
    machine = ros_machine(tmp_path)
    in_container(machine, own_memory, host_network)
    assert [one.level for one in check_memory_of_containers(machine.host())] == [IS_OK]
    machine.environment.update(CYCLONE)  # it does not use shared memory
    assert list(check_memory_of_containers(machine.host())) == []


@pytest.mark.parametrize(
    ("variables", "fault", "level", "value"),
    [
        ({"ROS_SECURITY_ENABLE": "1"}, "security-not-enabled", "caution", "'1'"),
        ({"ROS_SECURITY_ENABLE": "True"}, "security-not-enabled", "caution", "'True'"),
        ({"ROS_SECURITY_ENABLE": "true"}, "security-keystore-missing", "caution", "not set"),
        (
            {
                "ROS_SECURITY_ENABLE": "true",
                "ROS_SECURITY_STRATEGY": "Enforce",
                "ROS_SECURITY_KEYSTORE": "/home/robot/keys",
            },
            "security-keystore-missing",
            "error",
            "/home/robot/keys",
        ),
    ],
)
def test_security_that_is_not_on_as_it_seems(
    tmp_path: Path, variables: Dict[str, str], fault: str, level: str, value: str
) -> None:
    machine = ros_machine(tmp_path)
    machine.environment.update(variables)
    assert_finds(check_ros_security(machine.host()), fault, level, value)


def test_security_with_its_keys(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.folder("/home/robot/keys/enclaves")
    machine.environment.update(ROS_SECURITY_ENABLE="true", ROS_SECURITY_KEYSTORE="/home/robot/keys")
    assert [one.level for one in check_ros_security(machine.host())] == [IS_OK]
    machine.environment["ROS_SECURITY_ENABLE"] = "false"
    assert list(check_ros_security(machine.host())) == []
