"""The node's resident memory: at 1280x720, and over many frames."""

from pathlib import Path

from rich.table import Table

from benchmarks.session import session

RATE = 200.0
SIZE = (640, 480)
WARM_UP = 1000  # frames
TIMEOUT = 600.0  # seconds


def table(bundle: Path, frames: int) -> Table:
    """Two rows: a second of a large camera, and ``frames`` frames of a fast one."""
    result = Table("images", "frames", "resident MB", "growth MB", title="memory of the node")
    with session(bundle, 30.0, 1280, 720) as running:
        running.wait_for(100, TIMEOUT)
        result.add_row("1280x720, 30/s", "100", megabytes(running.resident_bytes), "")
    with session(bundle, RATE, *SIZE) as running:
        running.wait_for(WARM_UP, TIMEOUT)
        before, first = running.resident_bytes, running.count("inferred")
        running.wait_for(first + frames, TIMEOUT)
        after, last = running.resident_bytes, running.count("inferred")
        name = f"{SIZE[0]}x{SIZE[1]}, {RATE:.0f}/s"
        result.add_row(name, str(last - first), megabytes(after), megabytes(after - before))
    return result


def megabytes(count: int) -> str:
    """Millions of bytes."""
    return f"{count / 1e6:.1f}"
