"""Call something at the rate of a camera."""

import time
from typing import Callable, NamedTuple

import numpy as np


class Run(NamedTuple):
    """Inferences a second, the seconds of each, ``[n]``, and how many cores the whole process was
    busy on, between the calls too."""

    rate: float
    times: np.ndarray
    cores: float


def paced(infer: Callable[[], object], rate: float, seconds: float) -> Run:
    """Call ``infer`` ``rate`` times a second, or as often as it can."""
    infer()
    times = []
    cpu = time.process_time()
    started = due = time.perf_counter()
    while due < started + seconds:
        time.sleep(max(0.0, due - time.perf_counter()))
        begun = time.perf_counter()
        infer()
        times.append(time.perf_counter() - begun)
        due = max(due + 1 / rate, time.perf_counter())
    elapsed = max(time.perf_counter(), due) - started
    cores = (time.process_time() - cpu) / elapsed
    return Run(len(times) / elapsed, np.array(times), cores)
