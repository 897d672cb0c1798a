"""How fast the engines of a replay are by themselves, to compare the replay with."""

import time
from collections.abc import Sequence
from statistics import median

from converter.replay.sides.bundle_side import BundleSide
from trt_inference.errors import FrameLost

# For each engine, enough for a median and short beside any replay.
_SECONDS = 0.5
_LEAST_RUNS = 5


def measure_bare_rate(sides: Sequence[BundleSide], seconds: float | None = None) -> float | None:
    """Images a second that the engines run alone, one after the other, without reading, decoding,
    fitting or anything after them; None without an engine, or where a server gives no answer.

    To be called on the thread that opened them, which have run before.

    Args:
        seconds: that each engine runs; None for half a second.

    Raises:
        EngineError: an engine failed.
    """
    each = _SECONDS if seconds is None else seconds
    try:
        total = sum(_seconds_of_an_image(side, each) for side in sides)
    except FrameLost:
        return None
    return 1 / total if total > 0 else None


def _seconds_of_an_image(side: BundleSide, seconds: float) -> float:
    side.run_engine()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < _LEAST_RUNS or time.perf_counter() < end:
        began = time.perf_counter()
        side.run_engine()
        times.append(time.perf_counter() - began)
    return median(times)
