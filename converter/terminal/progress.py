"""Steps and bars on the terminal; plain lines where the output is no terminal."""

import contextlib
import time
from typing import Iterable, Iterator, Sequence, TypeVar

from rich.console import Console
from rich.progress import track as bar

from converter.terminal.console import print_line

_Item = TypeVar("_Item")


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

    def done(self, name: str, seconds: float) -> None:
        """Show a step that is over, with its seconds."""
        print_line(self.console, f"{seconds:7.1f} s  {name}")

    def note(self, text: str) -> None:
        """Show what a user should know."""
        print_line(self.console, f"note: {text}")

    def caution(self, text: str) -> None:
        """Show what a user should be careful about."""
        print_line(self.console, f"caution: {text}", "yellow")
