"""The messages of the families where outputs and labels do not fit each other."""

from __future__ import annotations

from converter.errors import HeadError
from converter.heads.evidence import Evidence


def listed(evidence: Evidence) -> str:
    """The outputs with dtypes and shapes."""
    return "; ".join(str(output) for output in evidence.outputs)


def wrong_labels(evidence: Evidence, found: str, remedy: str = "") -> HeadError:
    """That the labels file has another number of classes.

    Args:
        found: what the outputs have, such as ``80 classes``.
        remedy: an option that may decide.
    """
    return HeadError(
        f"the outputs ({listed(evidence)}) have {found}, but the labels file has "
        f"{evidence.labels} classes: give a labels file with one line for each class"
        + (f", or {remedy}" if remedy else "")
    )
