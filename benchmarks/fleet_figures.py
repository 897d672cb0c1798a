"""The figures of a fleet: of its robots together, by way, and one way beside the other."""

from typing import NamedTuple, Sequence

import numpy as np

from benchmarks.fleet_task import Measured
from trt_inference.errors import EngineError


class Figures(NamedTuple):
    """Of all robots together.

    Attributes:
        p50: milliseconds from the start of a run to its candidates.
        p95: the same.
        rate: images a second.
        processor: milliseconds of an image, of the robot's process alone.
        batch: images of one execution on the server, the mean; 1 on the robot.
        lost: images without an answer.
    """

    p50: float
    p95: float
    rate: float
    processor: float
    batch: float = 1.0
    lost: int = 0


def figures_of(runs: Sequence[Measured], batch: float = 1.0) -> Figures:
    """The figures of robots that did the same at the same time.

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
        rate=sum(len(run.round_trip) / run.elapsed for run in runs),
        processor=1e3 * sum(run.processor for run in runs) / len(trips),
        batch=batch,
        lost=sum(run.lost for run in runs),
    )


def best(rounds: Sequence[Figures]) -> Figures:
    """That of several rounds which the rest of the machine has disturbed least."""
    return min(rounds, key=lambda one: one.p50)


def beside(local: float, server: float, digits: int = 1) -> str:
    """``local → server (their ratio)``."""
    ratio = f"{server / local:.2f}" if local else "-"
    return f"{local:.{digits}f} → {server:.{digits}f} ({ratio})"
