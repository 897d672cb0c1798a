"""The name of a class number, which need not have one: networks give any number."""

from typing import Container, Optional, Sequence

import numpy as np


def class_name(labels: Sequence[str], class_id: int) -> str:
    """The label of a class number, or ``number_as_name`` where it has none."""
    if 0 <= class_id < len(labels):
        return labels[class_id]
    return number_as_name(class_id, labels)


def number_as_name(class_id: int, labels: Container[str]) -> str:
    """A class number without a label as text: ``-1``; where that is the label of another class, as
    of a digit, ``#-1``."""
    text = str(class_id)
    while text in labels:
        text = f"#{text}"
    return text


def without_label(class_ids: np.ndarray, count: int) -> Optional[int]:
    """The highest or lowest of the class numbers, if it is not one of the ``count`` labels'.

    Args:
        class_ids: whole numbers of any shape.
    """
    if not class_ids.size:
        return None
    highest = int(class_ids.max())
    if highest >= count:
        return highest
    lowest = int(class_ids.min())
    return lowest if lowest < 0 else None


def explain_without_label(class_id: Optional[int], labels: Sequence[str]) -> str:
    """What a class number without a label may come from, and what is done with it."""
    return (
        f"classes without a label, such as {class_id} where labels.txt has 0 to {len(labels) - 1}: "
        "they are given by number; convert the model again with all of its --labels"
    )
