"""What became slower from one run of the benchmarks to another, beyond the noise of both.

A figure has changed where its medians lie further apart than the spreads of both runs together,
and by more than ``least``. The spread is that of the samples within a run, so that a figure that
varies by itself, as a p99 does, has to change by more. What is not this project's, such as
a bare loop, changes with the machine alone: it is named beside the changes, and excuses none.
"""

from typing import Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from rich.table import Table

from benchmarks.figures import LESS, NEITHER, Figure
from benchmarks.stored_run import StoredRun

LEAST = 0.05  # of the old value
SLOWER, FASTER, SAME = "slower", "faster", ""


class Change(NamedTuple):
    """A figure that both runs have."""

    name: str
    old: Figure
    new: Figure
    least: float

    @property
    def relative(self) -> Optional[float]:
        """The difference as a part of the old value; None where that is zero."""
        old = abs(self.old.value)
        return (self.new.value - self.old.value) / old if old else None

    @property
    def noise(self) -> float:
        """How far medians may lie apart without a change, in the unit of the figure."""
        return max(self.old.spread + self.new.spread, self.least * abs(self.old.value))

    @property
    def verdict(self) -> str:
        """``slower`` stands for all that became worse, memory too."""
        grown = self.new.value - self.old.value
        if self.new.better == NEITHER or abs(grown) <= self.noise:
            return SAME
        return SLOWER if (grown > 0) == (self.new.better == LESS) else FASTER


class Comparison(NamedTuple):
    """Two runs.

    Attributes:
        changes: of each figure that both have, in the order of the new one.
        only_old: names of figures that the new run lacks, or the key of a table that it lacks.
        only_new: and the reverse.
        differences: what else differs between them, a line each: machine, versions, bundle.
    """

    changes: Sequence[Change]
    only_old: Sequence[str]
    only_new: Sequence[str]
    differences: Sequence[str]

    def changed(self, verdict: str, ours: bool = True) -> List[Change]:
        """The figures with a verdict, the largest relative change first."""
        found = [one for one in self.changes if one.verdict == verdict and one.new.ours == ours]
        return sorted(found, key=lambda change: -abs(change.relative or 0.0))


def compare_runs(old: StoredRun, new: StoredRun, least: float = LEAST) -> Comparison:
    """Compare figures of the same name.

    Args:
        least: the part of the old value below which nothing counts as a change.
    """
    before, after = old.figures(), new.figures()
    return Comparison(
        changes=[
            Change(name, before[name], figure, least)
            for name, figure in after.items()
            if name in before and before[name].unit == figure.unit
        ],
        only_old=_missing(before, after),
        only_new=_missing(after, before),
        differences=list(_differences(old, new)),
    )


def _missing(these: Mapping[str, Figure], those: Mapping[str, Figure]) -> List[str]:
    """What ``those`` lack."""
    tables = {_table_of(name) for name in those}
    lacking = (name for name in these if name not in those)
    named = (name if _table_of(name) in tables else _table_of(name) for name in lacking)
    return list(dict.fromkeys(named))


def _table_of(name: str) -> str:
    return name.partition(":")[0]


def _differences(old: StoredRun, new: StoredRun) -> Iterator[str]:
    parts = (("", old.machine, new.machine), ("bundle's ", old.bundle, new.bundle))
    for part, before, after in (*parts, ("option ", old.options, new.options)):
        for name, was, now in _unequal(before, after):
            yield f"{part}{name}: {was or 'unknown'} → {now or 'unknown'}"


def _unequal(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Tuple[str, str, str]]:
    for name in {**before, **after}:
        was, now = before.get(name, ""), after.get(name, "")
        if was != now:
            yield name, was, now


def table_of_changes(changes: Sequence[Change], title: str) -> Table:
    """A row for each change, with what it had to exceed."""
    table = Table("figure", "before", "now", "change", "noise", title=title)
    for change in changes:
        unit, digits = change.new.unit, change.new.digits
        relative = "" if change.relative is None else f"{change.relative * 100:+.0f} %"
        shown = (f"{value:.{digits}f} {unit}" for value in (change.old.value, change.new.value))
        table.add_row(change.name, *shown, relative, f"± {change.noise:.{digits}f} {unit}")
    return table
