"""The node's resident memory: at 1280x720, and over many frames."""

from pathlib import Path
from typing import Iterator, List

from benchmarks.figures import NEITHER, Figure, Sheet
from benchmarks.session import session

RATE = 200.0
SIZE = (640, 480)
WARM_UP = 1000  # frames
TIMEOUT = 600.0  # seconds


def sheets(bundle: Path, frames: int) -> Iterator[Sheet]:
    """Two rows: seconds of a large camera, and ``frames`` frames of a fast one. Growth is what is
    left of the noise of the allocator, so that no run is judged by it."""
    figures: List[Figure] = []
    with session(bundle, 30.0, 1280, 720) as running:
        resident = []
        for count in (60, 80, 100):
            running.wait_for(count, TIMEOUT)
            resident.append(running.resident_bytes / 1e6)
        figures.append(Figure("1280x720, 30/s", "resident", "MB", tuple(resident), digits=1))
    with session(bundle, RATE, *SIZE) as running:
        running.wait_for(WARM_UP, TIMEOUT)
        before, first = running.resident_bytes / 1e6, running.count("inferred")
        running.wait_for(first + frames, TIMEOUT)
        after, last = running.resident_bytes / 1e6, running.count("inferred")
        row = f"{SIZE[0]}x{SIZE[1]}, {RATE:.0f}/s"
        figures += [
            Figure(row, "resident", "MB", (before, after), digits=1),
            Figure(row, "growth", "MB", (after - before,), NEITHER, digits=1),
            Figure(row, "frames", "", (float(last - first),), NEITHER, digits=0),
        ]
    yield Sheet("memory", "memory of the node", "images", figures)
