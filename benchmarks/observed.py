"""What is seen of a node from outside, whoever wrote it: when its results arrive, the time of the
processor, memory."""

import json
import time
from pathlib import Path
from typing import Callable, NamedTuple, Tuple

import numpy as np
import psutil

from benchmarks.session import NAMESPACE, STARTED
from examples.shapes.processes import running

_SETTLED = 0.5  # seconds after the first result


class Observed(NamedTuple):
    """Of a stretch of time.

    Attributes:
        window: when it began and ended, by the system's clock, in seconds.
        latencies: seconds from the stamp of the image to the reception of its result, ``[n]``.
        rate: results a second.
        cores: that the process was busy on.
        memory: bytes of the process; pages that are shared count in equal parts.
    """

    window: Tuple[float, float]
    latencies: np.ndarray
    rate: float
    cores: float
    memory: float


def observe(
    process: int, folder: Path, seconds: float, wait: Callable[[float], object]
) -> Observed:
    """Receive the results of a node in ``NAMESPACE`` for so long, in a process of its own.

    Args:
        process: its number.
        folder: for the file of the subscriber.
        wait: lets seconds pass.

    Raises:
        TimeoutError: no result comes.
    """
    file = folder / "received.json"
    file.unlink(missing_ok=True)
    arguments = ("--times", str(file), "--ros-args", "-r", f"__ns:={NAMESPACE}")
    with running("benchmarks.receiver", *arguments):
        _wait_for_file(file)
        wait(_SETTLED)
        seen = psutil.Process(process)
        began, cpu = time.time(), cpu_seconds(seen)
        wait(seconds)
        ended, cpu = time.time(), cpu_seconds(seen) - cpu
        memory = seen.memory_full_info().pss
    latencies = within(file, (began, ended))
    elapsed = ended - began
    return Observed((began, ended), latencies, len(latencies) / elapsed, cpu / elapsed, memory)


def within(file: Path, window: Tuple[float, float]) -> np.ndarray:
    """The durations that a node wrote of a stretch of time, ``[n]``.

    Raises:
        TimeoutError: there are none.
    """
    pairs = np.array(json.loads(file.read_text("utf-8")), float).reshape(-1, 2)
    found = pairs[(pairs[:, 0] >= window[0]) & (pairs[:, 0] < window[1]), 1]
    if not len(found):
        raise TimeoutError(f"no result came within {window[1] - window[0]:.0f} s")
    return found


def cpu_seconds(process: psutil.Process) -> float:
    """What a process has used of the processor, in its own code and in the kernel's."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _wait_for_file(file: Path) -> None:
    """The subscriber makes it with the first result."""
    end = time.monotonic() + STARTED
    while not file.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"no result came within {STARTED:.0f} s")
        time.sleep(0.05)
