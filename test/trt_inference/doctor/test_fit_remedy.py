"""Remedies are commands that run where the doctor runs."""

from pathlib import Path

from test.trt_inference.doctor.boards import in_container, jetson_orin
from test.trt_inference.doctor.fake_machine import FakeMachine, assert_finds
from trt_inference.doctor.examine import examine
from trt_inference.doctor.fit_remedy import fit_remedy


def test_pip_is_told_to_install_where_apt_manages_packages(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.write("/usr/lib/python3.12/EXTERNALLY-MANAGED")
    install, options = "python3 -m pip install", "--user --break-system-packages"
    mixed = f"python3 -m pip uninstall numpy; or {install} 'numpy<2'"
    assert fit_remedy(machine.host(), mixed) == mixed  # in a virtual environment
    machine.python = "/usr/bin/python3"
    assert fit_remedy(machine.host(), mixed) == (
        f"python3 -m pip uninstall --break-system-packages numpy; or {install} {options} 'numpy<2'"
    )
    given = f"{install} {options} rich"
    assert fit_remedy(machine.host(), given) == given


def test_sudo_is_left_out_in_containers_without_it(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path)
    machine.missing("rclpy", "onnxruntime")
    machine.denied.add("/dev/video0")
    fault = ("camera-denied", "caution", "/dev/video0")
    assert "sudo usermod" in assert_finds(examine(machine.host()), *fault).remedy
    in_container(machine)
    assert "sudo" not in assert_finds(examine(machine.host()), *fault).remedy
    machine.program("sudo")
    assert "sudo usermod" in assert_finds(examine(machine.host()), *fault).remedy
