"""The figures of a fleet: of its robots together, by way, and one way beside the other."""

from typing import NamedTuple, Sequence

import numpy as np

from benchmarks.fleet_counted import NOTHING, Counted
from benchmarks.fleet_task import Measured
from trt_inference.errors import EngineError


class Figures(NamedTuple):
    """Of all robots together.

    Attributes:
        p50: milliseconds from the start of a run to its candidates.
        p95: the same.
        rate: images a second.
        mean: the same.
        processor: milliseconds of an image, of the robot's process alone.
        served_by: milliseconds of an image, of the server's processes; 0 without one.
        batch: images of one execution on the server, the mean.
        lost: images without an answer.
    """

    p50: float
    p95: float
    mean: float
    rate: float
    processor: float
    served_by: float = 0.0
    batch: float = 0.0
    lost: int = 0


def figures_of(runs: Sequence[Measured], counted: Counted = NOTHING) -> Figures:
    """The figures of robots that did the same at the same time.

    Args:
        counted: what the server has counted meanwhile.

    Raises:
        EngineError: no image has a result.
    """
    trips = np.concatenate([run.round_trip for run in runs])
    if not len(trips):
        raise EngineError("no image has a result: the server answers none in time")
    p50, p95 = np.percentile(trips * 1e3, (50, 95))
    return Figures(
        p50=float(p50),
        p95=float(p95),
        mean=float(np.mean(trips)) * 1e3,
        rate=sum(len(run.round_trip) / run.elapsed for run in runs),
        processor=1e3 * sum(run.processor for run in runs) / len(trips),
        served_by=1e3 * counted.processor / max(counted.images, 1),
        batch=counted.batch,
        lost=sum(run.lost for run in runs),
    )


def best(rounds: Sequence[Figures]) -> Figures:
    """That of several rounds which the rest of the machine has disturbed least."""
    return min(rounds, key=lambda one: one.mean)


def beside(local: float, server: float) -> str:
    """``local → server (their ratio)``."""
    ratio = f"{server / local:.2f}" if local else "-"
    return f"{_short(local)} → {_short(server)} ({ratio})"


def _short(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}"
