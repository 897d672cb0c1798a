"""What a reader of a figure has to know of the machine that it is of."""

import platform
from typing import List, NamedTuple

from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import Board, read_board, read_jetpack
from trt_inference.doctor.system.check_power import gpu_clocks
from trt_inference.doctor.system.power_modes import current_mode, read_modes

UNKNOWN = "?"  # for people to fill in, as in a container that hides the board

_CPU = "/sys/devices/system/cpu/cpu0/cpufreq/scaling"


class MeasuredMachine(NamedTuple):
    """Each as a text for a table: ``?`` where a Jetson does not tell it, and empty where another
    machine has no such thing.

    Attributes:
        board: what the maker calls it.
        system: JetPack and Jetson Linux (L4T).
        power_mode: that of ``nvpmodel``.
        clocks: the range in which those of GPU and processor change, or ``fixed`` where they do
            not, as after ``jetson_clocks``.
        python: version.
    """

    board: str
    system: str
    power_mode: str
    clocks: str
    python: str


def read_machine(host: Host) -> MeasuredMachine:
    """Read what a machine tells of itself."""
    board, python = read_board(host), platform.python_version()
    if not board.is_jetson:
        return MeasuredMachine("", "", "", "", python)
    mode = current_mode(host, read_modes(host))
    return MeasuredMachine(
        board=board.name or board.family,
        system=_system(host, board) or UNKNOWN,
        power_mode=UNKNOWN if mode is None else str(mode),
        clocks=", ".join(_clocks(host)) or UNKNOWN,
        python=python,
    )


def _system(host: Host, board: Board) -> str:
    parts = (("JetPack", read_jetpack(host, board.l4t)), ("L4T", board.l4t))
    return ", ".join(f"{name} {version}" for name, version in parts if version)


def _clocks(host: Host) -> List[str]:
    gpu = gpu_clocks(host)
    cpu = [host.number(f"{_CPU}_{end}_freq") for end in ("min", "max")]
    found = [] if gpu is None else [f"GPU {_range(gpu[0] / 1e6, gpu[1] / 1e6)}"]
    if cpu[0] and cpu[1]:
        found.append(f"CPU {_range(cpu[0] / 1e3, cpu[1] / 1e3)}")
    return found


def _range(least: float, most: float) -> str:
    """Of clocks in MHz."""
    return f"{most:.0f} MHz fixed" if least == most else f"{least:.0f}-{most:.0f} MHz"
