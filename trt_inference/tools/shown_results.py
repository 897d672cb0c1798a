"""What `detect` shows on the terminal: progress, a table of the results, and a summary."""

import contextlib
from pathlib import Path
from typing import Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column, Table

from trt_inference.printable import printable, printable_lines, printable_name
from trt_inference.timing import StageClock
from trt_inference.tools.result_files import ImageResult
from trt_inference.viewing.views import Cells, View

# A video has thousands of frames; the table shows the first ones and the pictures all.
TABLE_ROWS = 50
_LONGEST_NAME = 40  # letters; the files with the results have it whole


class _Row(NamedTuple):
    """A frame in the table: ``seen`` has the cells of each line."""

    name: str
    size: str
    seen: List[Cells]


class Shown:
    """Counts all results, and keeps the first ones for the table.

    Attributes:
        frames: how many images and frames of videos there were.
        failures: how many files could not be read to their end, or their pictures not written, and
            of how many images there is no result.
    """

    def __init__(self, view: View) -> None:
        self.frames = self.failures = 0
        self._things = 0
        self._view = view
        self._rows: List[_Row] = []

    def add(self, image: ImageResult) -> None:
        """Count an image."""
        if image.error:
            self.failures += 1
            return
        self.frames += 1
        self._things += len(image.rows)
        if len(self._rows) < TABLE_ROWS:
            seen = [self._view.cells(row) for row in image.rows]
            self._rows.append(_Row(_row_name(image), f"{image.width}x{image.height}", seen))

    def print_results(self, console: Console, seconds: float) -> None:
        """Print the table, and how many images and results there were, how many files failed,
        and how fast it was.

        Args:
            seconds: how long all took, from reading the files to writing the pictures.
        """
        # Where the terminal is narrow, names of files are what is broken into lines.
        fixed = [Column(name, no_wrap=True) for name in ("size", *self._view.columns)]
        table = Table(Column("image", overflow="fold", min_width=8), *fixed)
        for row in self._rows:
            for cells in row.seen or [("nothing seen",)]:
                table.add_row(row.name, row.size, *map(printable, cells))
        if self._rows:
            console.print(table)
        if self.frames > len(self._rows):
            console.print(f"… and {self.frames - len(self._rows)} more frames")
        console.print(self._summary(seconds), soft_wrap=True)

    def _summary(self, seconds: float) -> str:
        counts = {"images": self.frames, self._view.things: self._things}
        if self.failures:
            counts["failed"] = self.failures
        return (
            f"{', '.join(f'{name}: {count}' for name, count in counts.items())}; {seconds:.1f} s, "
            f"{self.frames / max(seconds, 1e-9):.1f} images/s with reading and writing"
        )


def _row_name(image: ImageResult) -> str:
    """The image's name without its ending; of a long one the end, which tells it from others."""
    number = "" if image.frame is None else f"-{image.frame:06d}"
    name = printable_name(image.file.stem)
    if len(name) > _LONGEST_NAME:
        name = "…" + name[1 - _LONGEST_NAME :]
    return name + number


def print_times(clock: StageClock, console: Console) -> None:
    """Print what each stage took."""
    table = Table("stage", "p50 ms", "p95 ms", "p99 ms")
    for stage, times in clock.percentiles().items():
        table.add_row(stage, f"{times.p50:.2f}", f"{times.p95:.2f}", f"{times.p99:.2f}")
    if table.row_count:
        console.print(table)


def print_aside(text: str, style: str) -> None:
    """Print an error or a caution, in one line however long it is."""
    console = Console(stderr=True, markup=False, emoji=False)
    console.print(printable_lines(text), style=style, soft_wrap=True)


ShowFrame = Callable[[Optional[int]], None]


@contextlib.contextmanager
def track(files: Sequence[Path], console: Console) -> Iterator[Iterator[Tuple[Path, ShowFrame]]]:
    """Show a bar while the files are gone through, on a terminal only. With each file comes what
    shows which frame of it is done."""
    columns = TextColumn("{task.description}", markup=False), BarColumn()
    done = TextColumn("{task.completed:.0f}/{task.total:.0f} files")
    hidden = not console.is_terminal
    with Progress(*columns, done, console=console, transient=True, disable=hidden) as progress:
        task = progress.add_task("detecting …", total=len(files))

        def show_frame(number: Optional[int]) -> None:
            if number is not None:
                progress.update(task, description=f"frame {number} …")

        def each() -> Iterator[Tuple[Path, ShowFrame]]:
            for file in files:
                progress.update(task, description="detecting …")
                yield file, show_frame
                progress.advance(task)

        yield each()
