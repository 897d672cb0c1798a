"""What a row of figures tells of the board that it is of."""

from pathlib import Path

import pytest

from benchmarks.measured_machine import UNKNOWN, read_machine
from test.trt_inference.doctor.fake_machine import FakeMachine

CPU = "/sys/devices/system/cpu/cpu0/cpufreq/scaling"
NANO_MODES = "< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=1 NAME=5W >\n"


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


def set_clocks(machine: FakeMachine, gpu: str, hertz: str, kilohertz: str) -> None:
    for end, hz, khz in zip(("min", "max"), hertz.split(), kilohertz.split()):
        machine.write(f"/sys/class/devfreq/{gpu}/{end}_freq", hz)
        machine.write(f"{CPU}_{end}_freq", khz)


def test_a_nano_is_described_with_its_mode_and_clocks(machine: FakeMachine) -> None:
    machine.write("/proc/device-tree/model", "NVIDIA Jetson Nano Developer Kit\0")
    machine.write("/proc/device-tree/compatible", "nvidia,jetson-nano\0nvidia,tegra210\0")
    machine.write("/etc/nv_tegra_release", "# R32 (release), REVISION: 7.1, GCID: 29818004")
    machine.write("/etc/nvpmodel.conf", NANO_MODES)
    machine.program("nvpmodel", "NV Power Mode: 5W\n1")
    set_clocks(machine, "57000000.gpu", "76800000 921600000", "102000 1479000")
    assert read_machine(machine.host())[:4] == (
        "NVIDIA Jetson Nano Developer Kit",
        "JetPack 4.6, L4T 32.7.1",
        "5W (mode 1)",
        "GPU 77-922 MHz, CPU 102-1479 MHz",
    )


def test_clocks_that_jetson_clocks_holds_are_told_from_others(machine: FakeMachine) -> None:
    machine.write("/etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 38968081")
    set_clocks(machine, "17000000.gpu", "1020000000 1020000000", "1728000 1728000")
    assert read_machine(machine.host()).clocks == "GPU 1020 MHz fixed, CPU 1728 MHz fixed"


def test_what_a_container_hides_is_left_to_people(machine: FakeMachine) -> None:
    machine.write("/sys/devices/soc0/family", "Tegra")
    machine.write("/sys/devices/soc0/soc_id", "35")
    found = read_machine(machine.host())
    assert found.board == "Jetson Orin"
    assert found[1:4] == (UNKNOWN, UNKNOWN, UNKNOWN)


def test_another_computer_has_no_such_things(machine: FakeMachine) -> None:
    machine.write("/sys/class/dmi/id/product_name", "A desk")
    assert read_machine(machine.host())[:4] == ("", "", "", "")
