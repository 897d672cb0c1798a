"""The messages of the families where outputs and labels do not fit each other."""

from __future__ import annotations

from converter.errors import HeadError
from converter.heads.evidence import Evidence


def listed(evidence: Evidence) -> str:
    """The outputs with dtypes and shapes."""
    return "; ".join(str(output) for output in evidence.outputs)


def class_count(number: int) -> str:
    """``1 class``, ``80 classes``."""
    return f"{number} class" if number == 1 else f"{number} classes"


def existing_classes(number: int) -> str:
    """``there is 1 class``, ``there are 80 classes``."""
    return f"there {'is' if number == 1 else 'are'} {class_count(number)}"


def point_count(number: int) -> str:
    """``1 point``, ``17 points``."""
    return f"{number} point" if number == 1 else f"{number} points"


def wrong_labels(evidence: Evidence, found: str, remedy: str = "") -> HeadError:
    """That the labels file has another number of classes.

    Args:
        found: what the outputs have, such as ``80 classes``.
        remedy: an option that may decide.
    """
    return HeadError(
        f"the outputs ({listed(evidence)}) have {found}, but the labels file has "
        f"{class_count(evidence.labels or 0)}: give a labels file with one line for each class"
        + (f", or {remedy}" if remedy else "")
    )
