"""What a user sees of a long count: a bar with rate and time left, or a line now and then."""

import io
import itertools
import re

import pytest
from rich.console import Console

from converter.terminal import progress
from converter.terminal.progress import Progress


def shown(count: int, total: int, terminal: bool) -> str:
    """What is printed of ``count`` images at four a second, as a clock that jumps has it."""
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100, color_system=None)
    with Progress(console).counted("replay", total) as advance:
        for _ in range(count):
            advance()
    return stream.getvalue()


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(ticks) / 4)


def test_where_there_is_no_terminal_a_line_comes_each_ten_seconds() -> None:
    lines = shown(100, 200, terminal=False).splitlines()
    assert lines == [
        "   10.0 s  replay … 40 of 200, 4.0 images/s, 0:00:40 left",
        "   20.0 s  replay … 80 of 200, 4.0 images/s, 0:00:30 left",
        "   25.2 s  replay, 100 images",
    ]


def test_more_than_was_expected_is_no_error() -> None:
    assert "  10.0 s  replay … 40 of 40, 4.0 images/s, 0:00:00 left" in shown(
        60, 20, terminal=False
    )


def test_a_terminal_has_a_bar_with_rate_and_time_left() -> None:
    text = shown(100, 200, terminal=True)
    assert re.search(r"replay … .* of 200 4\.0 images/s, 0:00:\d\d left", text)
    assert text.rstrip().endswith("replay, 100 images")
