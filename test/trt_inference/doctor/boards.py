"""Made-up machines without a fault, as far as the checks of the system go."""

from pathlib import Path

from test.trt_inference.doctor.fake_machine import FakeMachine
from trt_inference.doctor.host import Space

GIB = 1 << 30
ORIN_RELEASE = "# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic, EABI: aarch64"
NANO_RELEASE = "# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t210ref, EABI: aarch64"
XAVIER_RELEASE = "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64"
ORIN_MODES = """
# the modes of an Orin Nano Super
< POWER_MODEL ID=0 NAME=15W >
CPU_ONLINE CORE_0 1
< POWER_MODEL ID=1 NAME=25W >
< POWER_MODEL ID=2 NAME=MAXN_SUPER >
< POWER_MODEL ID=3 NAME=7W >
< PM_CONFIG DEFAULT=1 >
"""


def pc(folder: Path) -> FakeMachine:
    """A PC with Ubuntu."""
    machine = FakeMachine(folder)
    machine.write("/sys/class/dmi/id/product_name", "Precision 3660\n")
    _add_memory(machine, 32 * GIB, 28 * GIB, 2 * GIB)
    return machine


def jetson_orin(folder: Path) -> FakeMachine:
    """An Orin Nano with JetPack 6.2, at its fastest, with one camera."""
    machine = FakeMachine(folder)
    _make_jetson(machine, "NVIDIA Jetson Orin Nano Developer Kit", "tegra234", ORIN_RELEASE)
    machine.python_version = (3, 10, 12)
    machine.program("dpkg-query", "6.2+b77")
    machine.write("/etc/nvpmodel.conf", ORIN_MODES)
    machine.program("nvpmodel", "NV Power Mode: MAXN_SUPER\n2")
    _add_clock(machine, "17000000.gpu", 1_020_000_000, 1_020_000_000)
    _add_memory(machine, 8 * GIB, 6 * GIB, 4 * GIB)
    return machine


def jetson_nano(folder: Path) -> FakeMachine:
    """A Nano with JetPack 4.6, swap and no desktop."""
    machine = FakeMachine(folder)
    _make_jetson(machine, "NVIDIA Jetson Nano Developer Kit", "tegra210", NANO_RELEASE)
    machine.python_version = (3, 6, 9)
    machine.write(
        "/etc/nvpmodel.conf",
        "< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=1 NAME=5W >\n< PM_CONFIG DEFAULT=0 >\n",
    )
    machine.program("nvpmodel", "NV Power Mode: MAXN\n0")
    _add_clock(machine, "57000000.gpu", 921_600_000, 921_600_000)
    _add_memory(machine, 4 * GIB, 2 * GIB, 4 * GIB)
    return machine


def in_container(machine: FakeMachine) -> FakeMachine:
    """The machine as a container of Docker sees it that was started as it should be."""
    machine.write("/.dockerenv")
    return machine


def _make_jetson(machine: FakeMachine, model: str, chip: str, release: str) -> None:
    machine.architecture = "aarch64"
    machine.write("/proc/device-tree/model", f"{model}\0")
    machine.write("/proc/device-tree/compatible", f"nvidia,p0000-0000\0nvidia,{chip}\0")
    machine.write("/etc/nv_tegra_release", f"{release}\n# KERNEL_VARIANT: oot\n")
    for name in ("nvmap", "nvhost-gpu", "video0"):
        machine.write(f"/dev/{name}")
    machine.write("/tmp/argus_socket")
    machine.write("/sys/devices/system/cpu/present", "0-5\n")
    machine.write("/sys/devices/system/cpu/online", "0-5\n")
    machine.write("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "schedutil\n")
    machine.write("/sys/class/hwmon/hwmon1/oc1_event_cnt", "0\n")
    add_zone(machine, 0, "CPU-therm", 48_500, 99_000)
    # No trip point of this zone, the Nano's, slows anything down.
    machine.write("/sys/class/thermal/thermal_zone5/type", "PMIC-Die\n")
    machine.write("/sys/class/thermal/thermal_zone5/temp", "100000\n")


def add_zone(machine: FakeMachine, number: int, name: str, now: int, limit: int) -> None:
    """A part of a board with its temperature, and that from which it slows down, in m°C."""
    folder = f"/sys/class/thermal/thermal_zone{number}"
    for file, text in (
        ("type", name),
        ("temp", str(now)),
        ("trip_point_0_type", "active"),
        ("trip_point_0_temp", "20000"),
        ("trip_point_1_type", "passive"),
        ("trip_point_1_temp", str(limit)),
    ):
        machine.write(f"{folder}/{file}", f"{text}\n")


def _add_clock(machine: FakeMachine, name: str, least: int, most: int) -> None:
    machine.write(f"/sys/class/devfreq/{name}/min_freq", f"{least}\n")
    machine.write(f"/sys/class/devfreq/{name}/max_freq", f"{most}\n")


def _add_memory(machine: FakeMachine, total: int, free: int, swap: int) -> None:
    set_memory(machine, total, free, swap)
    machine.folder("/dev/shm")
    machine.spaces["/dev/shm"] = Space(total // 2, total // 2)
    for folder in ("/tmp", "/home/robot"):
        machine.spaces[folder] = Space(64 * GIB, 20 * GIB)
    machine.write("/proc/mounts", "/dev/mmcblk0p1 / ext4 rw,relatime 0 0\n")


def set_memory(machine: FakeMachine, total: int, free: int, swap: int) -> None:
    """Give the machine so many bytes of memory and swap."""
    lines = [
        f"{name}: {number // 1024} kB"
        for name, number in (
            ("MemTotal", total),
            ("MemFree", free // 2),
            ("MemAvailable", free),
            ("SwapTotal", swap),
            ("SwapFree", swap),
        )
    ]
    machine.write("/proc/meminfo", "\n".join(lines))
