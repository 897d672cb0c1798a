"""What a process holds of the machine: memory, threads, open files."""

from typing import NamedTuple

import psutil

from benchmarks.process_memory import status_bytes


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
    anonymous = status_bytes(process, "RssAnon")
    return Vitals(memory.rss, memory.pss, anonymous, seen.num_threads(), seen.num_fds())
