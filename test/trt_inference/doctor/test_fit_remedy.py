"""Remedies are commands that run where the doctor runs."""

from argparse import Namespace
from pathlib import Path

import pytest

from test.trt_inference.doctor.boards import in_container, jetson_orin
from test.trt_inference.doctor.fake_machine import FakeMachine
from trt_inference.doctor.fit_remedy import fit_remedy
from trt_inference.tools.doctor import run_doctor


def test_pip_is_told_to_install_where_apt_manages_packages(tmp_path: Path) -> None:
    machine = FakeMachine(tmp_path)
    machine.write("/usr/lib/python3.12/EXTERNALLY-MANAGED")
    install, options = "python3 -m pip install", "--user --break-system-packages"
    mixed = f"python3 -m pip uninstall numpy; or {install} 'numpy<2'"
    machine.python = "/home/robot/venv/bin/python"
    assert fit_remedy(machine.host(), mixed) == mixed
    machine.python = "/usr/bin/python3"
    assert fit_remedy(machine.host(), mixed) == (
        f"python3 -m pip uninstall --break-system-packages numpy; or {install} {options} 'numpy<2'"
    )
    given = f"{install} {options} rich"
    assert fit_remedy(machine.host(), given) == given


def test_apt_needs_no_sudo_in_containers_without_it(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path)
    inside, outside = "sudo apt install python3-rich", "sudo sysctl -w net.core.rmem_max=1"
    assert fit_remedy(machine.host(), inside) == inside
    in_container(machine)
    assert fit_remedy(machine.host(), inside) == "apt update && apt install python3-rich"
    assert fit_remedy(machine.host(), outside) == outside
    machine.program("sudo")
    assert fit_remedy(machine.host(), inside) == inside


def test_the_command_prints_remedies_that_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    machine = in_container(FakeMachine(tmp_path))
    machine.missing("rclpy", "cv2")
    machine.module("cv2", "raise ImportError('libGL.so.1: cannot open shared object file')")
    run_doctor(Namespace(bundle=None, json=None, device=0), machine.host())
    assert "remedy: apt update && apt install libgl1" in capsys.readouterr().out
