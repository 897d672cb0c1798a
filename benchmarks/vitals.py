"""What a process holds of the machine: memory, threads, open files."""

from __future__ import annotations

from typing import NamedTuple

import psutil


class Vitals(NamedTuple):
    """Of one moment. Memory is in bytes."""

    resident: int  # all pages that are there, those shared with others too
    proportional: int  # pages that are shared count in equal parts for those who share them
    private: int  # what would be free if the process ended
    threads: int
    descriptors: int


def vitals_of(process: int) -> Vitals:
    """Of a process that runs, by its number.

    Raises:
        psutil.NoSuchProcess: it has ended.
    """
    seen = psutil.Process(process)
    memory = seen.memory_full_info()
    return Vitals(memory.rss, memory.pss, memory.uss, seen.num_threads(), seen.num_fds())
