"""Show the progress of a build: nested phases where TensorRT reports them, the time elsewhere."""

import threading
import time
from types import ModuleType
from typing import Any, Dict, Optional

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from converter.terminal.console import print_line

_DEEPEST = 3  # phases in phases that are shown
_SECONDS_OF_A_LINE = 10.0


class BuildProgress:
    """One line for the build, and one for each phase that runs. TensorRT calls from its threads.

    ``cancel`` makes the next step of a build its last.
    """

    def __init__(self, console: Console, title: str) -> None:
        self._bars = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._console, self._title = console, title
        self._shown = console.is_terminal
        self._started = self._told = time.monotonic()
        self._phases: Dict[str, TaskID] = {}
        self._depths: Dict[str, int] = {}
        self._lock = threading.Lock()
        self._cancelled = threading.Event()

    def __enter__(self) -> "BuildProgress":
        if self._shown:
            self._bars.start()
        self._bars.add_task(self._title, total=1)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._shown:
            self._bars.stop()

    def cancel(self) -> None:
        """Ask the build to end at its next step. Any thread may call this."""
        self._cancelled.set()

    def tick(self) -> None:
        """Print the progress now and then where there are no bars, as in a log."""
        now = time.monotonic()
        if self._shown or now - self._told < _SECONDS_OF_A_LINE:
            return
        self._told = now
        text = f"{now - self._started:7.1f} s  {self._title} …{self._innermost()}"
        print_line(self._console, text)

    def _innermost(self) -> str:
        """The phase that runs, where TensorRT reports it."""
        with self._lock:
            running = [task for task in self._bars.tasks if task.id in self._phases.values()]
        if not running:
            return ""
        return f" {running[-1].description.strip()}, {running[-1].percentage:.0f} %"

    def begin(self, phase: str, parent: Optional[str], steps: int) -> None:
        """Show a phase that starts, inside of ``parent`` if there is one."""
        with self._lock:
            depth = self._depths.get(parent or "", 0) + 1
            self._depths[phase] = depth
            if depth <= _DEEPEST:
                title = "  " * depth + phase
                self._phases[phase] = self._bars.add_task(title, total=max(1, steps))

    def advance(self, phase: str, step: int) -> bool:
        """Show that step number ``step`` is done, and return whether to go on."""
        with self._lock:
            if phase in self._phases:
                self._bars.update(self._phases[phase], completed=step + 1)
        return not self._cancelled.is_set()

    def end(self, phase: str) -> None:
        """Remove a phase that is over, done or cancelled."""
        with self._lock:
            self._depths.pop(phase, None)
            task = self._phases.pop(phase, None)
            if task is not None:
                self._bars.remove_task(task)


def make_monitor(trt: ModuleType, progress: BuildProgress) -> Any:
    """Make the object to which TensorRT reports its progress. No exception may leave it."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[name-defined]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: Optional[str], num_steps: int) -> None:
            progress.begin(phase_name, parent_phase, num_steps)

        def step_complete(self, phase_name: str, step: int) -> bool:
            return progress.advance(phase_name, step)

        def phase_finish(self, phase_name: str) -> None:
            progress.end(phase_name)

    return Monitor()
