"""What was found of each class, cell by cell; page and terminal show the same figures."""

from collections.abc import Callable
from dataclasses import dataclass, field

from converter.replay.results.replay_results import ClassTally, ReplayResults
from converter.replay.results.replay_wording import (
    count_text,
    iou_text,
    name_text,
    share_text,
)


@dataclass(frozen=True)
class ClassCell:
    """A figure; ``note`` is more of it, and ``differs`` whether it is one to look at."""

    text: str
    note: str = ""
    differs: bool = False


@dataclass(frozen=True)
class ClassRow:
    """The figures of a class.

    Attributes:
        differs: whether one of them is one to look at.
        percent: which part of what the baseline has the candidate has not in the class, 0 to 100.
    """

    name: str
    cells: tuple[ClassCell, ...]
    percent: float = 0.0
    differs: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "differs", any(cell.differs for cell in self.cells))


@dataclass(frozen=True)
class ClassTable:
    """Rows of all classes and of each; there is a cell for each of ``columns``."""

    columns: tuple[str, ...]
    total: ClassRow
    rows: tuple[ClassRow, ...]


_Column = tuple[str, Callable[[ClassTally, ClassTally], ClassCell]]


def class_table(results: ReplayResults) -> ClassTable:
    """The table of the results, its classes in their order. Columns in which there can be nothing
    for the task are left out."""
    columns = _COLUMNS.get(results.task, _DETECTION)
    return ClassTable(
        tuple(name for name, _ in columns),
        _row(results.total.name, results.total, results.total, columns),
        tuple(_row(name_text(one.name), one, results.total, columns) for one in results.classes),
    )


def _row(name: str, tally: ClassTally, total: ClassTally, columns: tuple[_Column, ...]) -> ClassRow:
    cells = tuple(cell(tally, total) for _, cell in columns)
    return ClassRow(name, cells, 100 * min(1.0, tally.lost_share))


def _count(attribute: str, is_difference: bool = False) -> _Column:
    name = attribute.replace("_", " ")

    def cell(tally: ClassTally, _: ClassTally) -> ClassCell:
        value: float = getattr(tally, attribute)
        return ClassCell(count_text(value), differs=is_difference and value > 0)

    return name, cell


def _lost(tally: ClassTally, _: ClassTally) -> ClassCell:
    note = f"{count_text(tally.faded)} faded" if tally.faded else ""
    return ClassCell(count_text(tally.lost), note, tally.lost > 0)


def _changed_share(tally: ClassTally, _: ClassTally) -> ClassCell:
    if not tally.before:
        return ClassCell("–")
    return ClassCell(share_text(tally.gone, tally.before))


def _of_pixels(attribute: str) -> Callable[[ClassTally, ClassTally], ClassCell]:
    def cell(tally: ClassTally, total: ClassTally) -> ClassCell:
        return ClassCell(share_text(getattr(tally, attribute), getattr(total, attribute)))

    return cell


def _lost_pixels(tally: ClassTally, _: ClassTally) -> ClassCell:
    if not tally.before:
        return ClassCell("–")
    return ClassCell(share_text(tally.gone, tally.before), differs=tally.gone > 0)


def _won_pixels(tally: ClassTally, _: ClassTally) -> ClassCell:
    share = share_text(tally.come, tally.before) if tally.before else "–"
    return ClassCell(share, differs=tally.come > 0)


_BEFORE, _AFTER = ("baseline", _count("before")[1]), ("candidate", _count("after")[1])
_DETECTION: tuple[_Column, ...] = (
    _BEFORE,
    _AFTER,
    _count("matched"),
    ("lost", _lost),
    _count("new", is_difference=True),
    _count("other_class", is_difference=True),
    _count("moved", is_difference=True),
    _count("score_shifted", is_difference=True),
    ("lost share", _changed_share),
)
_CLASSIFICATION: tuple[_Column, ...] = (
    _BEFORE,
    _AFTER,
    ("same", _count("matched")[1]),
    _count("other_class", is_difference=True),
    ("none any more", _lost),
    _count("new", is_difference=True),
    _count("score_shifted", is_difference=True),
    ("changed share", _changed_share),
)
_SEGMENTATION: tuple[_Column, ...] = (
    ("baseline", _of_pixels("before")),
    ("candidate", _of_pixels("after")),
    ("IoU", lambda tally, _: ClassCell(iou_text(tally))),
    ("lost", _lost_pixels),
    ("won", _won_pixels),
)
_COLUMNS = {"classification": _CLASSIFICATION, "segmentation": _SEGMENTATION}
