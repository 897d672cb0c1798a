"""Facts, tables and bars as plain data, and numbers as people read them."""

from dataclasses import dataclass, replace
from math import isfinite
from typing import Dict, Iterable, Optional, Sequence, Tuple

_NAMES_SHOWN = 12


@dataclass(frozen=True)
class Fact:
    """A value with its name. ``tone`` is ``good``, ``care`` or empty where it is neither."""

    name: str
    value: str
    tone: str = ""


@dataclass(frozen=True)
class Table:
    """Rows of a name and its values, of which there is one for each of ``columns``."""

    title: str
    columns: Tuple[str, ...]
    rows: Tuple[Tuple[str, ...], ...]


@dataclass(frozen=True)
class Bar:
    """A value with its name and its part of the largest one, in percent."""

    name: str
    value: str
    percent: int
    note: str = ""


def counted(number: int, thing: str) -> str:
    """``1 image``, ``1,200 images``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def percent(part: int, whole: int) -> str:
    """A share, rounded down so that only all of them are 100 %."""
    hundredths = part * 10_000 // whole if whole else 10_000
    return f"{hundredths // 100}.{hundredths % 100:02d} %"


def file_size(number: int) -> str:
    """The size of a file in megabytes, or in kilobytes or bytes where that would be less than
    one."""
    if number < 1000:
        return counted(number, "byte")
    return f"{number / 1e3:.1f} kB" if number < 1e6 else f"{number / 1e6:,.1f} MB"


def difference(value: float) -> str:
    """A difference, which is small or should be, in three digits."""
    return "0" if value == 0 else f"{value:.2e}"


def outputs_title(side: str, rows: Optional[object]) -> str:
    """The title of a table of outputs.

    Args:
        rows: what is known of rows that were compared as sets; nothing where they were compared
            place by place.
    """
    return f"Outputs of {side}, rows compared as sets" if rows else f"Outputs of {side}"


def some_names(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    more = len(names) - _NAMES_SHOWN
    shown = ", ".join(names[:_NAMES_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def join_tables(tables: Iterable[Table]) -> Tuple[Table, ...]:
    """Make one table of those with the same title.

    A row that is the same in several of them is there once.
    """
    found: Dict[str, Table] = {}
    for table in tables:
        first = found.setdefault(table.title, replace(table, rows=()))
        new = tuple(row for row in table.rows if row not in first.rows)
        found[table.title] = replace(first, rows=first.rows + new)
    return tuple(found.values())


def bars(values: Sequence[Tuple[str, str, float, str]]) -> Tuple[Bar, ...]:
    """Bars from rows of name, value in words, value, note.

    The largest value, and what is not finite, takes the whole width.
    """
    most = max((value for _, _, value, _ in values if isfinite(value)), default=0.0) or 1.0
    return tuple(
        Bar(name, words, max(1, round(100 * value / most)) if isfinite(value) else 100, note)
        for name, words, value, note in values
    )
