"""Power mode and clocks of a Jetson, and what holds them down."""

import re
from typing import Iterator, List, Optional, Tuple

from trt_inference.doctor.diagnosis import Diagnosis, caution, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import read_board
from trt_inference.doctor.system.power_modes import current_mode, read_modes

_MODE, _CLOCKS, _SUPPLY = "Power mode", "Clocks", "Power supply"
# In /sys/class/devfreq: 57000000.gpu, 17000000.gp10b, .gv11b and .ga10b, gpu-gpc-0.
_GPU = re.compile(r"gpu|gp10b|gv11b|ga10b")
_MHZ = 1_000_000
_CPUS = "/sys/devices/system/cpu"


def check_power(host: Host) -> Iterator[Diagnosis]:
    """On a Jetson: the power mode, the cores, the clock of the GPU, and drops of the supply."""
    if not read_board(host).is_jetson:
        return
    yield from _check_mode(host)
    yield from _check_gpu_clock(host)
    yield from _check_cpu_clock(host)
    yield from _check_supply(host)


def _check_mode(host: Host) -> Iterator[Diagnosis]:
    modes = read_modes(host)
    current = current_mode(host, modes)
    if current is None or not modes:
        yield caution(
            _MODE,
            "power-mode-unknown",
            "It cannot be found out which power mode is set: nvpmodel tells nothing, and its files "
            "are not there.",
            "sudo nvpmodel -q; in a container, ask the board itself.",
        )
        return
    fastest = max(modes.values(), key=lambda mode: mode.speed)
    if current.speed < fastest.speed:
        yield caution(
            _MODE,
            "power-mode-limits-speed",
            f"{current} is set, which limits the clocks; {fastest} is the fastest.",
            f"sudo nvpmodel -m {fastest.number}, where supply and cooling allow it",
        )
        return
    yield ok(_MODE, f"{current}, the fastest of this board.")
    yield from _check_cores(host)


def _check_cores(host: Host) -> Iterator[Diagnosis]:
    present, online = (_numbers(host.text(f"{_CPUS}/{name}")) for name in ("present", "online"))
    off = [number for number in present if number not in online]
    if online and off:
        yield caution(
            _MODE,
            "cores-switched-off",
            f"{len(off)} of {len(present)} cores are switched off, although the power mode does "
            "not ask for it.",
            "sudo reboot, or as root: echo 1 > /sys/devices/system/cpu/cpuN/online, with N one of "
            f"{', '.join(map(str, off))}",
        )


def _numbers(text: Optional[str]) -> List[int]:
    """The numbers in a list of the kernel's, as ``0-3,5``."""
    found: List[int] = []
    for first, last in re.findall("([0-9]+)(?:-([0-9]+))?", text or ""):
        found.extend(range(int(first), min(int(last or first), int(first) + 4096) + 1))
    return found


def _check_gpu_clock(host: Host) -> Iterator[Diagnosis]:
    clocks = gpu_clocks(host)
    if clocks is None:
        return
    least, most = clocks
    if least == most:
        yield ok(_CLOCKS, f"The GPU is held at {most / _MHZ:.0f} MHz.")
    else:
        yield caution(
            _CLOCKS,
            "gpu-clock-follows-load",
            f"The clock of the GPU follows its load, from {least / _MHZ:.0f} to "
            f"{most / _MHZ:.0f} MHz: at a low rate of images each takes longer, and timings vary.",
            "sudo jetson_clocks, which holds the clocks at their highest until the next boot",
        )


def gpu_clocks(host: Host) -> Optional[Tuple[int, int]]:
    """The lowest and the highest clock that the GPU may have now, in Hz."""
    folder = "/sys/class/devfreq"
    for name in filter(_GPU.search, host.names(folder)):
        least, most = (host.number(f"{folder}/{name}/{end}_freq") for end in ("min", "max"))
        if least and most:
            return least, most
    return None


def _check_cpu_clock(host: Host) -> Iterator[Diagnosis]:
    folder = f"{_CPUS}/cpu0/cpufreq"
    if host.text(f"{folder}/scaling_governor") == "powersave":
        lowest = host.number(f"{folder}/scaling_min_freq") or 0
        yield caution(
            _CLOCKS,
            "cpu-held-at-lowest-clock",
            f"The governor of the processor is powersave, which holds it at {lowest // 1000} MHz.",
            "sudo jetson_clocks, or echo schedutil | sudo tee "
            "/sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
        )


def _check_supply(host: Host) -> Iterator[Diagnosis]:
    """Orin and later count how often the supply did not keep up."""
    folder = "/sys/class/hwmon"
    events = sum(
        host.number(f"{folder}/{name}/{file}") or 0
        for name in host.names(folder)
        for file in host.names(f"{folder}/{name}")
        if re.match("oc[0-9]+_event_cnt$", file)
    )
    if events:
        yield caution(
            _SUPPLY,
            "throttled-by-supply",
            "The board has slowed itself down, because it drew more current than allowed or its "
            f"voltage dropped: {events} times since it was booted.",
            "Use the supply, and a cable, that the maker of the board names, or a power mode of "
            "fewer watts.",
        )
