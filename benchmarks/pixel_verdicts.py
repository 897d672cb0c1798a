"""What the converter finds out about the pixels of trained networks, for
benchmarks.pixel_ranges."""

from collections import Counter
from typing import NamedTuple, Optional, Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.pixel_training import Entry

DEFAULT = "zero-to-one"
RIGHT, KEPT, MISSED, WRONG = "right", "default, right", "default, not right", "WRONG"


class Verdict(NamedTuple):
    """What was found for a network: a preset, or None where the default was kept."""

    trained: Entry
    chosen: Optional[str]

    @property
    def outcome(self) -> str:
        """One of RIGHT, KEPT, MISSED and WRONG."""
        if self.chosen is not None:
            return RIGHT if self.chosen == self.trained.range else WRONG
        return KEPT if self.trained.range == DEFAULT else MISSED

    def accuracy(self, name: str) -> float:
        """On the held-out pictures under that range, as Keras has measured it."""
        return self.trained.accuracy[name]


def print_verdicts(console: Console, title: str, verdicts: Sequence[Verdict]) -> None:
    """A row for each model, and one for all."""
    table = Table("architecture", "trained with", "found", "outcome", title=title)
    for heading in ("trained with", "default", "found"):
        table.add_column(f"accuracy, {heading}", justify="right")
    for one in verdicts:
        found, name = one.chosen or DEFAULT, one.trained.range
        accuracies = [f"{one.accuracy(each):.2f}" for each in (name, DEFAULT, found)]
        style = {WRONG: "bold red", MISSED: "yellow"}.get(one.outcome, "")
        words = one.chosen or "(default)"
        table.add_row(one.trained.architecture, name, words, one.outcome, *accuracies, style=style)
    console.print(table)
    console.print(summary(verdicts), highlight=False)


def summary(verdicts: Sequence[Verdict]) -> str:
    """How many of each outcome, and the mean accuracy that comes of them."""
    counts = Counter(one.outcome for one in verdicts)
    outcomes = ", ".join(f"{counts[each]} {each}" for each in (RIGHT, KEPT, MISSED, WRONG))
    ways = {
        "as trained": [one.accuracy(one.trained.range) for one in verdicts],
        "default": [one.accuracy(DEFAULT) for one in verdicts],
        "as found": [one.accuracy(one.chosen or DEFAULT) for one in verdicts],
    }
    means = ", ".join(f"{way} {sum(each) / len(each):.3f}" for way, each in ways.items())
    return f"{len(verdicts)} models: {outcomes}. Mean accuracy: {means}."
