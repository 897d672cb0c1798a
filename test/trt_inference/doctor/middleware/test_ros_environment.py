"""What the doctor tells of ROS distributions, packages and rclpy."""

import sys
from pathlib import Path

import pytest

from test.trt_inference.doctor.fake_machine import (
    FakeMachine,
    assert_finds,
    closed_folder,
    faults,
)
from test.trt_inference.doctor.middleware.graph_answers import host_that_sees, topic
from test.trt_inference.doctor.middleware.ros_machine import (
    PREFIX,
    PROFILE,
    WORKSPACE,
    index,
    install,
    rclpy,
    ros_machine,
    without_rclpy,
)
from trt_inference.doctor.diagnosis import IS_OK
from trt_inference.doctor.middleware.check_distribution import check_distribution
from trt_inference.doctor.middleware.check_graph import check_graph
from trt_inference.doctor.middleware.check_packages import check_packages
from trt_inference.doctor.middleware.check_profile import check_profile
from trt_inference.doctor.middleware.check_rclpy import check_rclpy
from trt_inference.doctor.middleware.implementation import check_implementation
from trt_inference.doctor.middleware.middleware_checks import MIDDLEWARE_CHECKS


def unsourced(folder: Path, *names: str) -> FakeMachine:
    """A machine on which nothing of ROS is in the variables."""
    machine = FakeMachine(folder)
    without_rclpy(machine)
    for name in names:
        install(machine, name)
    return machine


def test_a_healthy_machine_gives_no_fault_and_says_what_was_looked_at(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    host = host_that_sees(machine, topics=[topic()])
    found = [one for check in MIDDLEWARE_CHECKS for one in check(host)]
    assert [one for one in found if one.level != IS_OK] == []
    assert [one.subject for one in found] == [
        "ROS 2",
        "Workspace",
        "Middleware",
        "rclpy",
        "Middleware profile",
        "Network buffers",
        "Discovery",
        "Images",
    ]
    assert "/camera/image: 640x480 bgr8, 30.0 a second of 0.9 MB" in found[-1].text


def test_a_machine_without_ros_gets_one_calm_line(tmp_path: Path) -> None:
    host = unsourced(tmp_path).host()
    [found] = [one for check in MIDDLEWARE_CHECKS for one in check(host)]
    assert found.level == IS_OK
    assert "build and detect do not" in found.text


@pytest.mark.parametrize(
    ("names", "command"),
    [
        (["humble"], "source /opt/ros/humble/setup.bash"),
        (["foxy", "humble", "noetic"], "source /opt/ros/humble/setup.bash"),
        (["jazzy", "kilted"], "source /opt/ros/kilted/setup.bash"),
        (["galactic"], "Use Humble or later"),
    ],
)
def test_what_is_installed_and_not_sourced_is_named_with_the_command(
    tmp_path: Path, names: "list[str]", command: str
) -> None:
    found = check_distribution(unsourced(tmp_path, *names).host())
    assert command in assert_finds(found, "ros-not-sourced", "error", *names).remedy


def test_a_python_with_a_ros_of_its_own_needs_none_that_is_sourced(tmp_path: Path) -> None:
    """As one from PyPI, on a machine that has another in /opt/ros."""
    machine = unsourced(tmp_path, "humble")
    rclpy(machine)
    [found] = check_distribution(machine.host())
    assert found.level == IS_OK
    assert "packages of this Python" in found.text


def test_ros_that_is_built_from_source_in_an_image_is_found(tmp_path: Path) -> None:
    machine = unsourced(tmp_path)
    machine.write("/opt/ros/humble/install/setup.bash")
    found = check_distribution(machine.host())
    remedy = assert_finds(found, "ros-not-sourced", "error").remedy
    assert "source /opt/ros/humble/install/setup.bash" in remedy


def test_two_distributions_are_mixed(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.environment["PYTHONPATH"] += ":/opt/ros/jazzy/lib/python3.12/site-packages"
    found = check_distribution(machine.host())
    assert_finds(found, "distributions-mixed", "error", "humble, jazzy")


@pytest.mark.parametrize("name", ["foxy", "galactic"])
def test_a_distribution_without_lifecycle_nodes_is_too_old(tmp_path: Path, name: str) -> None:
    found = check_distribution(ros_machine(tmp_path, name).host())
    assert "Humble" in assert_finds(found, "ros-too-old", "error", name).remedy


def test_ros_1_is_told_from_ros_2(tmp_path: Path) -> None:
    machine = unsourced(tmp_path, "noetic", "humble")
    machine.environment.update(ROS_VERSION="1", ROS_DISTRO="noetic")
    machine.environment["PYTHONPATH"] += ":/opt/ros/noetic/lib/python3/dist-packages"
    found = check_distribution(machine.host())
    assert "/opt/ros/humble/" in assert_finds(found, "ros1-sourced", "error", "noetic").remedy


def test_a_workspace_that_was_removed_is_named(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.environment["AMENT_PREFIX_PATH"] += ":/home/robot/gone"
    found = check_distribution(machine.host())
    assert_finds(found, "sourced-folder-is-gone", "caution", "/home/robot/gone")


def test_a_workspace_of_another_user_is_named_and_ends_no_check(tmp_path: Path) -> None:
    """As that of root in a container that runs as somebody else."""
    machine = ros_machine(tmp_path)
    with closed_folder(machine.root / "home"):
        host = machine.host()
        assert_finds(check_distribution(host), "sourced-folder-is-gone", "caution", WORKSPACE)
        assert_finds(check_packages(host), "workspace-not-sourced", "caution")
        assert_finds(check_profile(host), "profile-missing", "error", PROFILE)
        assert faults(check_implementation(host)) == []


def test_a_workspace_that_is_not_sourced(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.environment["AMENT_PREFIX_PATH"] = PREFIX
    found = check_packages(machine.host())
    assert_finds(found, "workspace-not-sourced", "caution", "trt_inference")  # there is no ros2
    machine.program("ros2")
    found = check_packages(machine.host())
    remedy = assert_finds(found, "workspace-not-sourced", "error", "trt_inference").remedy
    assert "source install/setup.bash" in remedy


def test_files_that_the_build_did_not_install(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.remove(f"{WORKSPACE}/share/trt_inference/launch/detector.launch.py")
    found = check_packages(machine.host())
    missing = assert_finds(found, "package-files-missing", "error", "launch/detector.launch.py")
    assert "config/" not in missing.text
    assert "colcon build" in missing.remedy


def test_rclpy_for_another_python_names_both_versions(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    source = "raise ImportError('No module named rclpy._rclpy_pybind11')"
    machine.module("rclpy/__init__", source)
    machine.module("rclpy/_rclpy_pybind11.cpython-39-aarch64-linux-gnu", "").rename(
        machine.module("rclpy/_", "").with_name("_rclpy_pybind11.cpython-39-aarch64-linux-gnu.so")
    )
    here = f"Python {sys.version_info[0]}.{sys.version_info[1]}"
    found = assert_finds(
        check_rclpy(machine.host()), "ros-for-other-python", "error", "Python 3.9", here
    )
    assert "/usr/bin/python3.9" in found.remedy


@pytest.mark.parametrize(
    ("module", "source", "fault", "value", "remedy"),
    [
        (
            "rclpy",
            "raise ImportError('librcl.so: cannot open shared object file: No such file')",
            "ros-libraries-not-found",
            "librcl.so",
            "sudo",
        ),
        (
            "vision_msgs",
            "raise ModuleNotFoundError(\"No module named 'vision_msgs'\")",
            "vision-msgs-missing",
            "vision_msgs",
            "sudo apt install ros-humble-vision-msgs",
        ),
        (
            "vision_msgs",
            "raise ImportError('wrong typesupport')",
            "vision-msgs-missing",
            "wrong typesupport",
            "ros-humble-vision-msgs",
        ),
        (
            "diagnostic_msgs",
            "raise ModuleNotFoundError(\"No module named 'diagnostic_msgs'\")",
            "python-module-missing-for-ros",
            "diagnostic_msgs",
            "ros-humble-diagnostic-msgs",
        ),
        (
            "sensor_msgs",
            "raise ModuleNotFoundError(\"No module named 'numpy'\")",
            "python-module-missing-for-ros",
            "numpy",
            "sudo apt install python3-numpy",
        ),
        (
            "rclpy",
            "raise ModuleNotFoundError(\"No module named 'dataclasses'\")",
            "python-module-missing-for-ros",
            "dataclasses",
            "pip install --user dataclasses",
        ),
        (
            "rclpy",
            "raise ValueError('numpy.dtype size changed')",
            "rclpy-not-importable",
            "numpy.dtype size changed",
            "source",
        ),
    ],
)
def test_what_cannot_be_imported_is_named_with_the_remedy(
    tmp_path: Path, module: str, source: str, fault: str, value: str, remedy: str
) -> None:
    machine = ros_machine(tmp_path)
    machine.module(f"{module}/__init__", source)
    assert remedy in assert_finds(check_rclpy(machine.host()), fault, "error", value).remedy


def test_what_the_node_needs_of_ros_is_imported_in_a_process(tmp_path: Path) -> None:
    [found] = check_rclpy(ros_machine(tmp_path).host())
    assert found.level == IS_OK
    assert f"Python {sys.version_info[0]}.{sys.version_info[1]}" in found.text


def test_a_node_that_cannot_be_imported_although_ros_can(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.module("sitecustomize", "")  # no double of the node
    machine.module("rclpy/executors", "raise ImportError('a module of NumPy 1.x')")
    found = check_rclpy(machine.host())
    assert_finds(found, "node-not-importable", "error")


@pytest.mark.parametrize(
    ("signal", "remedy"), [("SIGILL", "OPENBLAS_CORETYPE=ARMV8"), ("SIGSEGV", "faulthandler")]
)
def test_a_crash_of_the_import_is_reported(tmp_path: Path, signal: str, remedy: str) -> None:
    machine = ros_machine(tmp_path)
    machine.crashing("rclpy/__init__", signal)
    found = check_rclpy(machine.host())
    assert remedy in assert_finds(found, "rclpy-crashes", "error", signal).remedy


def test_rclpy_that_is_not_found_although_ros_is_sourced(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    without_rclpy(machine)
    found = check_rclpy(machine.host())
    assert "ros-humble-rclpy" in assert_finds(found, "rclpy-missing", "error", "PYTHONPATH").remedy


def test_a_middleware_that_is_not_installed_is_the_one_fault_reported(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.environment["RMW_IMPLEMENTATION"] = "rmw_connextdds"
    host = machine.host()
    found = assert_finds(
        check_implementation(host),
        "rmw-not-installed",
        "error",
        "rmw_connextdds",
        "rmw_cyclonedds_cpp, rmw_fastrtps_cpp",
    )
    assert "sudo apt install ros-humble-rmw-connextdds" in found.remedy
    others = [one for check in MIDDLEWARE_CHECKS for one in check(host)]
    assert faults(others) == ["rmw-not-installed", "graph-not-looked-at"]


def test_a_machine_whose_ros_is_broken_is_not_said_to_have_no_camera(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.crashing("rclpy/__init__")
    found = check_graph(machine.host())
    assert_finds(found, "graph-not-looked-at", "caution", "ROS does not work here")


def test_the_version_of_rclpy_tells_a_distribution_that_no_variable_names(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    del machine.environment["ROS_DISTRO"]
    machine.write(f"{PREFIX}/share/rclpy/package.xml", "<package><version>3.3.13</version>")
    [found] = check_distribution(machine.host())
    assert found.text == "Humble from /opt/ros/humble is sourced."


def test_hostile_values_stay_on_their_line(tmp_path: Path) -> None:
    machine = ros_machine(tmp_path)
    machine.environment["ROS_DISTRO"] = "humble\nok: all is well\x1b[2J"
    machine.environment["AMENT_PREFIX_PATH"] += ":/gone\nok"
    index(machine, PREFIX, "rmw_typesupport/rmw_\x1b[31mred")
    machine.environment["RMW_IMPLEMENTATION"] = "rmw_\nx"
    host = machine.host()
    for check in MIDDLEWARE_CHECKS:
        for one in check(host):
            assert "\n" not in one.text + one.remedy
            assert "\x1b" not in one.text + one.remedy
