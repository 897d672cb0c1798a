"""Tables and facts on the terminal; the report shows the same ones."""

from typing import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table as RichTable

from converter.tables.wording import Fact, Table
from trt_inference.printable import printable


def print_tables(tables: Iterable[Table], console: Console) -> None:
    """Print each table that has rows below its title."""
    for table in tables:
        if table.rows:
            console.print(rich_table(table))


def rich_table(table: Table) -> RichTable:
    """A table with its title, and the names of its rows on the left."""
    return _rich_table(table.title, ("", *table.columns), table.rows)


def facts_table(title: str, facts: Sequence[Fact]) -> RichTable:
    """Facts below each other, each behind its name."""
    return _rich_table(title, ("", ""), [(one.name, one.value) for one in facts])


def _rich_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> RichTable:
    """Names and labels keep their brackets, and control nothing."""
    shown = RichTable(
        *map(escape, columns),
        title=escape(title),
        title_justify="left",
        title_style="bold",
        show_header=any(columns),
    )
    for row in rows:
        shown.add_row(*(escape(printable(cell)) for cell in row))
    return shown
