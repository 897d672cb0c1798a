"""What the doctor finds of a board: JetPack, rights, container, power, heat, clock."""

from pathlib import Path
from typing import Callable, Iterator

import pytest

from test.trt_inference.doctor.boards import (
    NANO_RELEASE,
    XAVIER_RELEASE,
    add_zone,
    in_container,
    jetson_nano,
    jetson_orin,
    pc,
)
from test.trt_inference.doctor.fake_machine import FakeMachine, assert_finds, faults
from trt_inference.doctor.diagnosis import Diagnosis
from trt_inference.doctor.examine import sections
from trt_inference.doctor.system.board_facts import read_board


def found(machine: FakeMachine) -> Iterator[Diagnosis]:
    """What is printed under the heading Board."""
    section = next(one for one in sections() if one.heading == "Board")
    return section.examine(machine.host())


def texts(machine: FakeMachine) -> str:
    return "\n".join(f"{one.subject}: {one.text}" for one in found(machine))


@pytest.mark.parametrize("make", [pc, jetson_orin, jetson_nano])
def test_a_machine_as_it_should_be_has_no_fault(
    make: Callable[[Path], FakeMachine], tmp_path: Path
) -> None:
    assert faults(found(make(tmp_path / "bare"))) == []
    assert faults(found(in_container(make(tmp_path / "container")))) == []


def test_board_and_jetpack_are_named(tmp_path: Path) -> None:
    orin = texts(jetson_orin(tmp_path / "orin"))
    assert "NVIDIA Jetson Orin Nano Developer Kit" in orin
    assert "L4T R36.4.3, JetPack 6.2." in orin
    assert "MAXN_SUPER (mode 2)" in orin
    assert "held at 1020 MHz" in orin
    assert "CPU-therm has 48 °C; it slows down from 99 °C on." in orin
    nano = texts(jetson_nano(tmp_path / "nano"))
    assert "L4T R32.7.1, JetPack 4.6." in nano
    assert "container" not in orin + nano
    assert "programs in this container" in texts(in_container(jetson_nano(tmp_path / "container")))


def test_of_a_pc_nothing_is_said_of_power_modes_and_heat(tmp_path: Path) -> None:
    machine = pc(tmp_path)
    add_zone(machine, 0, "x86_pkg_temp", 101_000, 100_000)
    shown = texts(machine)
    assert shown == "Board: Precision 3660 (x86_64), no Jetson."


def test_a_machine_that_does_not_name_itself_is_named_by_what_is_known(tmp_path: Path) -> None:
    computer = FakeMachine(tmp_path / "computer")
    assert texts(computer) == "Board: A computer (x86_64), no Jetson."
    orin = jetson_orin(tmp_path / "orin")
    orin.remove("/proc/device-tree/model")
    assert "Board: Jetson Orin, L4T R36.4.3" in texts(orin)


def test_a_board_is_recognised_where_a_container_hides_the_device_tree(tmp_path: Path) -> None:
    machine = in_container(FakeMachine(tmp_path))
    machine.write("/sys/devices/soc0/family", "Tegra\n")
    machine.write("/sys/devices/soc0/soc_id", "35\n")
    machine.write("/sys/devices/soc0/machine", "NVIDIA Jetson AGX Orin\n")
    machine.write("/dev/nvmap")
    assert read_board(machine.host()).family == "Jetson Orin"
    finding = assert_finds(found(machine), "l4t-hidden-in-container", "caution", "AGX Orin")
    assert "-v /etc/nv_tegra_release" in finding.remedy


@pytest.mark.parametrize(
    ("how", "text"),
    [("/run/.containerenv", ""), ("/proc/1/cgroup", "12:pids:/docker/0123456789\n")],
)
def test_containers_are_recognised(how: str, text: str, tmp_path: Path) -> None:
    machine = pc(tmp_path)
    assert not read_board(machine.host()).in_container
    machine.write(how, text)
    assert read_board(machine.host()).in_container


def test_podman_names_itself_in_a_variable(tmp_path: Path) -> None:
    machine = pc(tmp_path)
    machine.environment["container"] = "podman"
    assert read_board(machine.host()).in_container


def test_a_jetson_is_known_by_its_system_alone(tmp_path: Path) -> None:
    """As in a container to which only that file was handed."""
    machine = FakeMachine(tmp_path)
    machine.write("/etc/nv_tegra_release", NANO_RELEASE)
    assert read_board(machine.host()).is_jetson
    assert "Board: Jetson, L4T R32.7.1, JetPack 4.6." in texts(machine)


def test_a_system_that_is_not_nvidias_is_told(tmp_path: Path) -> None:
    machine = jetson_nano(tmp_path)
    machine.remove("/etc/nv_tegra_release")
    assert_finds(found(machine), "l4t-missing", "caution", "Jetson Nano", "nv_tegra_release")


def test_a_jetpack_with_a_tensorrt_that_is_too_old_is_told(tmp_path: Path) -> None:
    machine = jetson_nano(tmp_path)
    machine.write("/etc/nv_tegra_release", "# R32 (release), REVISION: 4.4, GCID: 1")
    assert_finds(found(machine), "jetpack-too-old", "error", "R32.4.4", "8.0")
    machine.write("/etc/nv_tegra_release", "# R32 (release), REVISION: 6.1, GCID: 1")
    assert faults(found(machine)) == []


def test_a_jetpack_that_is_not_known_yet_is_told(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path)
    machine.program("dpkg-query", "", code=1, errors="no packages found")
    assert faults(found(machine)) == []
    machine.write("/etc/nv_tegra_release", "# R41 (release), REVISION: 1.0, GCID: 1")
    assert_finds(found(machine), "l4t-unknown", "caution", "R41.1.0")


def test_libraries_that_the_runtime_did_not_put_in_place_are_told(tmp_path: Path) -> None:
    machine = in_container(jetson_nano(tmp_path))
    machine.write("/usr/lib/aarch64-linux-gnu/libnvinfer.so.8.2.1", "ELF")
    machine.write("/usr/lib/aarch64-linux-gnu/libvisionworks.so")
    assert faults(found(machine)) == []
    machine.write("/usr/lib/aarch64-linux-gnu/libnvinfer.so.8.2.1")
    machine.write("/usr/lib/aarch64-linux-gnu/tegra/libcuda.so.1.1")
    finding = assert_finds(
        found(machine), "libraries-not-mounted", "error", "libnvinfer.so.8.2.1, libcuda.so.1.1,"
    )
    assert "--runtime nvidia" in finding.remedy


def test_a_container_that_csi_cameras_do_not_reach_is_told(tmp_path: Path) -> None:
    machine = in_container(jetson_nano(tmp_path))
    machine.remove("/tmp/argus_socket")
    finding = assert_finds(found(machine), "argus-socket-missing", "caution", "/tmp/argus_socket")
    assert "-v /tmp/argus_socket" in finding.remedy


def test_a_slow_power_mode_is_told_with_the_fastest(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path)
    machine.program("nvpmodel", "NV Power Mode: 15W\n0")
    finding = assert_finds(
        found(machine), "power-mode-limits-speed", "caution", "15W (mode 0)", "MAXN_SUPER (mode 2)"
    )
    assert finding.remedy.startswith("sudo nvpmodel -m 2")


def test_the_fastest_mode_is_that_of_most_watts_and_cores(tmp_path: Path) -> None:
    """As on a Xavier NX, which has no MAXN, and where mode 0 is not the fastest."""
    machine = jetson_orin(tmp_path)
    machine.write("/etc/nv_tegra_release", XAVIER_RELEASE)
    machine.python_version = (3, 8, 10)
    names = ("15W_2CORE", "15W_4CORE", "15W_6CORE", "10W_2CORE", "20W_2CORE", "20W_6CORE")
    modes = [f"< POWER_MODEL ID={i} NAME=MODE_{name} >" for i, name in enumerate(names)]
    machine.write("/etc/nvpmodel.conf", "\n".join(modes))
    machine.program("nvpmodel", "NVPM WARN: fan mode is not set!\nNV Power Mode: MODE_20W_2CORE\n4")
    finding = assert_finds(found(machine), "power-mode-limits-speed", "caution", "MODE_20W_2CORE")
    assert finding.remedy.startswith("sudo nvpmodel -m 5")


def test_the_mode_is_read_from_the_file_where_nvpmodel_wants_root(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path)
    machine.program("nvpmodel", "", code=1, errors="NVPM ERROR: failed to read PARAM")
    machine.write("/var/lib/nvpmodel/status", "pmode:0003 fmode:quiet\n")
    assert_finds(found(machine), "power-mode-limits-speed", "caution", "7W (mode 3)")
    machine.remove("/var/lib/nvpmodel/status")
    assert_finds(found(machine), "power-mode-limits-speed", "caution", "25W (mode 1)")


def test_a_power_mode_that_cannot_be_found_out_is_told(tmp_path: Path) -> None:
    machine = in_container(jetson_orin(tmp_path))
    machine.program("nvpmodel", "", code=127)
    machine.write("/etc/nvpmodel.conf", "< POWER_MODEL ID=0 NAME=MAXN >\n")
    assert_finds(found(machine), "power-mode-unknown", "caution")
    # Nor which is the fastest.
    machine.program("nvpmodel", "NV Power Mode: MAXN\n0")
    assert faults(found(machine)) == []
    machine.remove("/etc/nvpmodel.conf")
    assert_finds(found(machine), "power-mode-unknown", "caution")


def test_cores_that_are_off_at_the_fastest_mode_are_told(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path)
    machine.write("/sys/devices/system/cpu/online", "0-2,5\n")
    finding = assert_finds(found(machine), "cores-switched-off", "caution", "2 of 6")
    assert "3, 4" in finding.remedy
    machine.remove("/sys/devices/system/cpu/online")
    assert faults(found(machine)) == []


def test_a_clock_that_follows_the_load_is_told(tmp_path: Path) -> None:
    machine = jetson_nano(tmp_path)
    machine.write("/sys/class/devfreq/57000000.gpu/min_freq", "76800000\n")
    finding = assert_finds(found(machine), "gpu-clock-follows-load", "caution", "77 to 922 MHz")
    assert "sudo jetson_clocks" in finding.remedy


def test_a_processor_at_its_lowest_clock_is_told(tmp_path: Path) -> None:
    machine = jetson_nano(tmp_path)
    folder = "/sys/devices/system/cpu/cpu0/cpufreq"
    machine.write(f"{folder}/scaling_governor", "powersave\n")
    machine.write(f"{folder}/scaling_min_freq", "102000\n")
    assert_finds(found(machine), "cpu-held-at-lowest-clock", "caution", "102 MHz")


def test_a_supply_that_is_too_weak_is_told(tmp_path: Path) -> None:
    machine = jetson_orin(tmp_path)
    machine.write("/sys/class/hwmon/hwmon1/oc1_event_cnt", "5\n")
    machine.write("/sys/class/hwmon/hwmon1/oc3_event_cnt", "2\n")
    machine.write("/sys/class/hwmon/hwmon1/oc3_throt_en", "1\n")
    assert_finds(found(machine), "throttled-by-supply", "caution", "7 times")


def test_the_part_that_is_nearest_to_its_limit_decides_about_heat(tmp_path: Path) -> None:
    machine = jetson_nano(tmp_path)
    add_zone(machine, 1, "GPU-therm", 97_500, 97_000)
    # What is not a limit: the lowest temperature there is, as boards write for "none".
    add_zone(machine, 2, "AO-therm", 50_000, -273_150)
    assert_finds(found(machine), "throttled-by-heat", "caution", "GPU-therm has 98 °C", "97 °C")


def test_a_part_that_is_switched_off_has_no_temperature(tmp_path: Path) -> None:
    machine = jetson_nano(tmp_path)
    add_zone(machine, 1, "GPU-therm", 0, 97_000)
    machine.remove("/sys/class/thermal/thermal_zone1/temp")
    # Nor does a zone whose limit cannot be read say when it slows down.
    add_zone(machine, 2, "SOC-therm", 96_000, 97_000)
    machine.remove("/sys/class/thermal/thermal_zone2/trip_point_1_temp")
    assert "CPU-therm has 48 °C" in texts(machine)


def test_a_clock_that_was_never_set_is_told(tmp_path: Path) -> None:
    machine = jetson_nano(tmp_path)
    machine.time = 1_517_000_000.0
    assert_finds(found(machine), "clock-not-set", "caution", "2018-01-26")


@pytest.mark.parametrize("text", ["", "# R (release), REVISION: .", "\0\xff", NANO_RELEASE * 9000])
def test_a_release_file_of_any_content_ends_no_check(text: str, tmp_path: Path) -> None:
    machine = jetson_nano(tmp_path)
    machine.write("/etc/nv_tegra_release", text)
    assert "check-failed" not in faults(found(machine))
