"""Steps and bars on the terminal; plain lines where the output is no terminal."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track as bar

_Item = TypeVar("_Item")


class Progress:
    """Tells what is being done, and how long it took."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Show ``name`` while the block runs, and its seconds afterwards."""
        started = time.monotonic()
        with self._console.status(f"{name} …"):
            yield
        self._say(name, started)

    def track(self, items: Iterable[_Item], name: str, things: str = "images") -> Iterator[_Item]:
        """The items, with a bar that counts them."""
        started = time.monotonic()
        known = items if isinstance(items, Sequence) else list(items)
        hidden = not self._console.is_terminal
        yield from bar(known, f"{name} …", console=self._console, transient=True, disable=hidden)
        self._say(f"{name}, {len(known)} {things}", started)

    def _say(self, name: str, started: float) -> None:
        seconds = time.monotonic() - started
        self._console.print(f"{seconds:7.1f} s  {name}", highlight=False, markup=False)
