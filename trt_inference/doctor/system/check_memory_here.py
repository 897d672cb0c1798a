"""Free memory and swap, and what takes them on a small board."""

from typing import Iterator, Optional

from trt_inference.doctor.diagnosis import Diagnosis, caution, ok
from trt_inference.doctor.host import Host
from trt_inference.doctor.system.board_facts import read_board
from trt_inference.doctor.system.memory_facts import memory_facts

_SUBJECT = "Memory"
_GIB, _MIB = 1 << 30, 1 << 20
_ENOUGH = _GIB  # CUDA, TensorRT, Python and a small engine come to about that
_SMALL_BOARD = 4.5 * _GIB
_DESKTOP = {"Xorg", "gnome-shell", "unity-settings-", "lxsession", "Xwayland", "compiz"}
_CGROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def check_memory_here(host: Host) -> Iterator[Diagnosis]:
    """Whether memory is free, and whether a small board has swap and no desktop."""
    memory = memory_facts(host)
    if "MemTotal" not in memory or "MemAvailable" not in memory:
        return
    total, free, swap = (memory.get(name, 0) for name in ("MemTotal", "MemAvailable", "SwapTotal"))
    text = f"{_gib(free)} of {_gib(total)} are free, with {_gib(swap) if swap else 'no'} swap."
    if free < _ENOUGH:
        yield caution(
            _SUBJECT,
            "memory-scarce",
            f"{text} CUDA, TensorRT and a small engine take about 1 GiB together.",
            "Close other programs and browsers; the largest are shown by: ps aux --sort -rss | "
            "head",
        )
    else:
        yield ok(_SUBJECT, text)
    yield from _check_limit(host, free)
    if read_board(host).is_jetson and total < _SMALL_BOARD:
        yield from _check_small_board(host, swap)


def _check_limit(host: Host, free: int) -> Iterator[Diagnosis]:
    limits = [host.number(name) for name in _CGROUP_LIMITS]
    least = min([limit for limit in limits if limit], default=free)
    if least < min(free, 2 * _ENOUGH):
        yield caution(
            _SUBJECT,
            "container-limits-memory",
            f"This container or service may take {_gib(least)}, and is ended when it takes more.",
            "docker run without --memory, or with more of it; MemoryMax= of a systemd service",
        )


def _check_small_board(host: Host, swap: int) -> Iterator[Diagnosis]:
    if not swap:
        yield caution(
            "Swap",
            "no-swap",
            "This board has no swap: while an engine is built, or a package compiled, the system "
            "may end programs.",
            "sudo fallocate -l 4G /swapfile && sudo chmod 600 /swapfile && sudo mkswap /swapfile "
            "&& sudo swapon /swapfile; to keep it, add to /etc/fstab: /swapfile none swap sw 0 0",
        )
    running = _desktop(host)
    if running:
        yield caution(
            "Desktop",
            "desktop-takes-memory",
            f"A desktop is running ({running}), which takes hundreds of MiB that GPU and programs "
            "share.",
            "sudo systemctl isolate multi-user.target; for good: sudo systemctl set-default "
            "multi-user.target",
        )


def _desktop(host: Host) -> Optional[str]:
    """The name of a program of the desktop that runs; None where none does."""
    numbers = (name for name in host.names("/proc") if name.isdigit())
    found = (host.text(f"/proc/{number}/comm") for number in numbers)
    return next((name for name in found if name in _DESKTOP), None)


def _gib(number: float) -> str:
    return f"{number / _GIB:.1f} GiB" if number >= _GIB else f"{number / _MIB:.0f} MiB"
