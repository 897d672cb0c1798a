"""What a process holds of the machine: memory, threads, open files."""

from pathlib import Path
from typing import NamedTuple

import psutil


class Vitals(NamedTuple):
    """What a process uses at one moment. Memory is in bytes."""

    resident: int  # all pages that are there, those shared with others too
    proportional: int  # pages that are shared count in equal parts for those who share them
    anonymous: int  # what it has allocated itself: neither files nor the middleware's shared memory
    threads: int
    descriptors: int


def vitals_of(process: int) -> Vitals:
    """Measure a running process by its number.

    Raises:
        psutil.NoSuchProcess: it has ended.
    """
    seen = psutil.Process(process)
    memory = seen.memory_full_info()
    anonymous = _anonymous_bytes(process)
    return Vitals(memory.rss, memory.pss, anonymous, seen.num_threads(), seen.num_fds())


def _anonymous_bytes(process: int) -> int:
    """The line ``RssAnon:  1234 kB`` of Linux."""
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("RssAnon:"))
