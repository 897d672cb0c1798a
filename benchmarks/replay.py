"""python3 -m benchmarks.replay: a replay's images a second beside those of the bare engines, and
its memory over many images.

The networks are that of a bundle as it is, and with layers in front of its scores that change
nothing but the time it takes. Both sides run the same one, so that an image takes twice its time.
"""

import argparse
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.process_memory import status_bytes
from benchmarks.replayed_bags import write_camera_bag
from benchmarks.slower_bundle import write_slower_bundle
from converter.commands.replay import ReplayOptions, replay
from converter.recordings.recorded_message import Excerpt
from converter.replay.results.replay_results import ReplayResults
from converter.terminal.progress import Progress
from trt_inference.errors import TrtInferenceError
from trt_inference.tools.argument_types import ArgumentParser, positive

SIZE = (1280, 720)
SMALL = (64, 48)
# Of both sides together; None for the bundle as it is.
MILLISECONDS = (None, 10.0, 30.0, 100.0)
SECONDS = 6.0  # about, of each replay
WANTED = 0.9


class Source(NamedTuple):
    """A recording of a camera."""

    name: str
    bag: Path
    images: int


class Memory(Progress):
    """Notes the resident memory each thousand images."""

    def __init__(self) -> None:
        super().__init__(Console(quiet=True))
        self.resident: List[int] = []

    @contextmanager
    def counted(
        self, name: str, total: int, things: str = "images"
    ) -> Iterator[Callable[[], None]]:
        """See ``Progress``."""
        count = 0

        def look() -> None:
            nonlocal count
            count += 1
            if count % 1000 == 0:
                self.resident.append(status_bytes("self", "VmRSS"))

        yield look


def main() -> int:
    """Print both tables."""
    parser = ArgumentParser(prog="python3 -m benchmarks.replay", description=__doc__)
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--only", choices=("rate", "memory"), help="one of the tables")
    parser.add_argument("--images", type=positive, default=300, help="of each recording")
    parser.add_argument("--many", type=positive, default=10_000, help="images of the memory run")
    options = parser.parse_args()
    console = Console(width=110)
    try:
        with tempfile.TemporaryDirectory() as folder:
            if options.only != "memory":
                console.print(_rates(options, Path(folder), console))
            if options.only != "rate":
                console.print(_memory(options, Path(folder)))
    except TrtInferenceError as error:
        console.print(f"error: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _rates(options: argparse.Namespace, folder: Path, console: Console) -> Table:
    table = Table(
        *("images", "bare ms", "bare/s", "replay/s", "share", "slowest stages, ms"),
        title=f"replay at {SIZE[0]}x{SIZE[1]}, from MCAP",
    )
    sources = [
        Source(
            name,
            write_camera_bag(folder / name, name == "jpeg", SIZE, options.images),
            options.images,
        )
        for name in ("raw", "jpeg")
    ]
    for milliseconds in MILLISECONDS:
        bundle = write_slower_bundle(options.bundle, folder / f"slow{milliseconds}", milliseconds)
        for source in sources:
            network = "the bundle's" if milliseconds is None else f"{milliseconds:.0f} ms"
            console.print(f"{source.name}, network: {network} …")
            table.add_row(*_row(source, _replayed(source, bundle, folder / "out", milliseconds)))
    return table


def _replayed(
    source: Source, bundle: Path, output: Path, milliseconds: Optional[float]
) -> ReplayResults:
    most = source.images if milliseconds is None else int(SECONDS * 1e3 / milliseconds)
    options = ReplayOptions(
        (source.bag,),
        bundle,
        output,
        precisions=("fp32", "fp16"),
        backend="onnxruntime",
        excerpt=Excerpt(limit=min(most, source.images)),
        overwrite=True,
    )
    return replay(options, Progress(Console(quiet=True)))


def _row(source: Source, results: ReplayResults) -> Sequence[str]:
    speed = results.speed
    bare, share = speed.bare or 0.0, speed.share or 0.0
    stages: Dict[str, float] = dict(speed.stages)
    slowest = sorted(stages, key=lambda name: -stages[name])[:3]
    return (
        source.name,
        f"{1e3 / bare:.1f}",
        f"{bare:.1f}",
        f"{speed.replay:.1f}",
        f"{share:.2f}{'' if share >= WANTED else ' <'}",
        ", ".join(f"{name} {stages[name]:.1f}" for name in slowest),
    )


def _memory(options: argparse.Namespace, folder: Path) -> Table:
    table = Table("images", "resident MB", title=f"memory over images of {SMALL[0]}x{SMALL[1]}")
    bag = write_camera_bag(folder / "many", False, SMALL, options.many)
    progress = Memory()
    replay(
        ReplayOptions((bag,), options.bundle, folder / "much", precisions=("fp32", "fp32")),
        progress,
    )
    for number, resident in enumerate(progress.resident, 1):
        table.add_row(f"{1000 * number}", f"{resident / 1e6:.1f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
