"""What the command line shows of a replay."""

from pathlib import Path
from typing import List, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable

from converter.command_line.print_table import rich_table
from converter.replay.results.class_tables import ClassRow, class_table
from converter.replay.results.replay_results import ReplayResults, ReplaySpeed
from converter.replay.results.replay_verdict import (
    CARE,
    FAILED,
    GOOD,
    ReplayVerdict,
    replay_verdict,
)
from converter.replay.results.replay_wording import name_text, text_in_line
from converter.tables.wording import Table, counted
from converter.terminal.console import print_line

_MOST_CLASSES = 20
_LEAST_LETTERS, _MOST_LETTERS = 11, 30  # of a class
_WIDE = 1000  # columns, more than any table has
_LEFT_OUT = ("matched", "same")  # lines are short
_STYLES = {GOOD: "bold green", CARE: "bold yellow", FAILED: "bold red"}


def print_replay(results: ReplayResults, folder: Path, console: Console) -> None:
    """Print what was compared and the verdict first, then why, and where the files are.

    Args:
        folder: the one of the command's files.
    """
    verdict = replay_verdict(results)
    titles = name_text(results.before.title), name_text(results.after.title)
    print_line(console, f"{titles[0]} (baseline) → {titles[1]} (candidate)")
    style = _STYLES.get(verdict.tone, "bold")
    print_line(console, f"{verdict.sign} {verdict.headline}", style)
    print_line(console, verdict.basis)
    _print_classes(results, console)
    _print_doubts(results, verdict, console)
    for text in verdict.failures:
        print_line(console, f"✕ {text}", "red")
    for text in verdict.kept:
        print_line(console, f"✓ {text}", "green")
    _print_accuracy(results, console)
    print_line(console, _rate(results.speed))
    print_line(console, f"The page is {folder / 'index.html'}; its files are beside it.")


def _print_classes(results: ReplayResults, console: Console) -> None:
    """All classes together, and those that differ before others if there are too many."""
    table = class_table(results)
    ranked = sorted(table.rows, key=lambda row: not row.differs)
    shown = set(map(id, ranked[:_MOST_CLASSES]))
    rows = [table.total, *(row for row in table.rows if id(row) in shown)]
    if table.rows:
        columns = tuple(name for name in table.columns if name not in _LEFT_OUT)
        cells = tuple(tuple(_cells(row, table.columns)) for row in rows)
        drawn = _narrow_table(Table("", columns, cells))
        _leave_room_for_names(drawn, console)
        console.print(drawn, crop=False)
    more = len(table.rows) - len(shown)
    if more > 0:
        classes = "class is" if more == 1 else "classes are"
        print_line(console, f"… and {more} more {classes} in the page.")


def _narrow_table(table: Table) -> RichTable:
    """A table whose figures are whole wherever it is shown; names break."""
    shown = rich_table(table)
    shown.box, shown.title, shown.padding = SIMPLE_HEAD, None, (0, 1, 0, 0)
    shown.columns[0].overflow = "fold"
    for number, column in enumerate(shown.columns[1:], 1):
        words = [*table.columns[number - 1].split(), *(row[number] for row in table.rows)]
        column.justify, column.width = "right", max(map(len, words))
    return shown


def _leave_room_for_names(shown: RichTable, console: Console) -> None:
    """On a terminal that is too narrow for the figures, let it break the lines: rich would leave
    the names out."""
    names = shown.columns[0]
    names.width = _LEAST_LETTERS
    needed = Measurement.get(console, console.options.update(width=_WIDE), shown).maximum
    if needed > console.width:
        shown.width = needed
    else:
        names.width = None


def _cells(row: ClassRow, columns: Sequence[str]) -> List[str]:
    shown = [cell for name, cell in zip(columns, row.cells) if name not in _LEFT_OUT]
    return [_short_name(row.name), *(cell.text for cell in shown)]


def _short_name(name: str) -> str:
    return name if len(name) <= _MOST_LETTERS else f"{name[: _MOST_LETTERS - 1]}…"


def _print_doubts(results: ReplayResults, verdict: ReplayVerdict, console: Console) -> None:
    for text in verdict.cautions:
        print_line(console, f"caution: {text}", "yellow")
    for one in results.skipped:
        print_line(
            console,
            f"skipped: {counted(one.images, 'image')} of {name_text(one.topic)}: "
            f"{name_text(one.kind)}. The first: {text_in_line(one.example)}",
            "yellow",
        )
    for note in results.notes:
        print_line(console, f"note: {text_in_line(note)}")


def _print_accuracy(results: ReplayResults, console: Console) -> None:
    if results.accuracy is None:
        return
    before, after = (one.figures for one in results.accuracy)
    changes = [f"{name} {before[name]:.4f} → {after[name]:.4f}" for name in before]
    print_line(console, f"{', '.join(changes)} on {counted(results.labelled, 'labelled image')}")


def _rate(speed: ReplaySpeed) -> str:
    rate = f"{speed.replay:,.1f} images a second"
    if speed.bare is None or speed.share is None:
        return rate
    return f"{rate}, {speed.share:.0%} of the engines alone ({speed.bare:,.1f})"
