"""Steps and bars on the terminal; plain lines where the output is no terminal."""

import contextlib
import datetime
import time
from typing import Callable, Iterable, Iterator, Sequence, TypeVar

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn
from rich.progress import Progress as Bars
from rich.progress import track as bar

from converter.terminal.console import print_line

_Item = TypeVar("_Item")
_SECONDS_OF_A_LINE = 10.0  # between lines where there is no bar
_SECONDS_OF_A_BAR = 0.1  # between two states of it


class Progress:
    """Reports to a user what is being done, how long it took, and what to be careful about."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show ``name`` while the block runs, and its seconds afterwards."""
        started = time.monotonic()
        with self.console.status(f"{name} …"):
            yield
        self.done(name, time.monotonic() - started)

    def track(self, items: Iterable[_Item], name: str, things: str = "images") -> Iterator[_Item]:
        """Yield the items, with a bar that counts them."""
        started = time.monotonic()
        known = items if isinstance(items, Sequence) else list(items)
        hidden = not self.console.is_terminal
        yield from bar(known, f"{name} …", console=self.console, transient=True, disable=hidden)
        self.done(f"{name}, {len(known)} {things}", time.monotonic() - started)

    @contextlib.contextmanager
    def counted(
        self, name: str, total: int, things: str = "images"
    ) -> Iterator[Callable[[], None]]:
        """Show a bar with the rate and the time that is left while the block runs, or a line now
        and then.

        Args:
            total: of the things, as far as it is known.

        Returns:
            What is to be called with each of them.
        """
        bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:.0f} of {task.total:.0f}"),
            TextColumn("{task.fields[rate]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        began = told = shown = time.monotonic()
        count = 0
        with bars:
            task = bars.add_task(f"{name} …", total=total, rate="")

            def advance() -> None:
                nonlocal told, shown, count
                count += 1
                now = time.monotonic()
                if now - shown < _SECONDS_OF_A_BAR:
                    return
                shown = now
                rate, most = count / (now - began), max(total, count)
                left = datetime.timedelta(seconds=round((most - count) / rate))
                text = f"{rate:.1f} {things}/s, {left} left"
                bars.update(task, completed=count, total=most, rate=text)
                if not self.console.is_terminal and now - told >= _SECONDS_OF_A_LINE:
                    told = now
                    line = f"{now - began:7.1f} s  {name} … {count} of {most}, {text}"
                    print_line(self.console, line)

            yield advance
        self.done(f"{name}, {count} {things}", time.monotonic() - began)

    @contextlib.contextmanager
    def transfer(self, name: str, total: int, start: int = 0) -> Iterator[Callable[[int], None]]:
        """Show a bar with the rate while the block runs, or a line now and then.

        Args:
            total: bytes.
            start: those that were there before.

        Returns:
            What is to be called with the bytes that are there by now.
        """
        bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[rate]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        began = told = time.monotonic()
        with bars:
            task = bars.add_task(f"{name} …", total=total, completed=start, rate="")

            def show(there: int) -> None:
                nonlocal told
                now = time.monotonic()
                rate = f"{(there - start) / max(now - began, 0.1) / 1e6:.1f} MB/s"
                bars.update(task, completed=there, rate=rate)
                if not self.console.is_terminal and now - told >= _SECONDS_OF_A_LINE:
                    told = now
                    share = f"{100 * there // max(total, 1)} %"
                    print_line(self.console, f"{now - began:7.1f} s  {name} … {share}, {rate}")

            yield show

    def done(self, name: str, seconds: float) -> None:
        """Show a step that is over, with its seconds."""
        print_line(self.console, f"{seconds:7.1f} s  {name}")

    def note(self, text: str) -> None:
        """Show what a user should know."""
        print_line(self.console, f"note: {text}")

    def caution(self, text: str) -> None:
        """Show what a user should be careful about."""
        print_line(self.console, f"caution: {text}", "yellow")
