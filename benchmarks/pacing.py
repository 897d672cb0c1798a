"""Call something at the rate of a camera."""

import time
from typing import Callable, NamedTuple

import numpy as np


class Run(NamedTuple):
    """Inferences a second, and the seconds of each, ``[n]``."""

    rate: float
    times: np.ndarray


def paced(infer: Callable[[], object], rate: float, seconds: float) -> Run:
    """Call ``infer`` ``rate`` times a second, or as often as it can."""
    infer()
    times = []
    started = due = time.perf_counter()
    while due < started + seconds:
        time.sleep(max(0.0, due - time.perf_counter()))
        begun = time.perf_counter()
        infer()
        times.append(time.perf_counter() - begun)
        due = max(due + 1 / rate, time.perf_counter())
    elapsed = max(time.perf_counter(), due) - started
    return Run(len(times) / elapsed, np.array(times))
