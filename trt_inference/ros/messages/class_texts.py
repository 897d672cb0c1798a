"""What ``class_id`` of a result is for each class number."""

import re
from typing import Dict, Sequence

import numpy as np

from trt_inference.inference.labels_of_classes import number_as_name

# The class's name, or its number as text.
LABEL_POLICIES = ("name", "index")
_NUMBER = re.compile(r"#*(-?[0-9]{1,10})")
_LIMITS = np.iinfo(np.int32)


class ClassTexts(Dict[int, str]):
    """``class_id`` by class number. A number without a label is there too, as
    ``number_as_name``."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(enumerate(texts))
        self._taken = frozenset(texts)

    def __missing__(self, class_id: int) -> str:
        return number_as_name(class_id, self._taken)


def class_texts(labels: Sequence[str], label_policy: str) -> ClassTexts:
    """``class_id`` of each class: its name, or its number as text.

    Raises:
        ValueError: ``label_policy`` is neither ``name`` nor ``index``.
    """
    if label_policy not in LABEL_POLICIES:
        raise ValueError(f"'{label_policy}' is not one of {', '.join(LABEL_POLICIES)}")
    if label_policy == "index":
        return ClassTexts([str(class_id) for class_id in range(len(labels))])
    return ClassTexts(labels)


def number_of(text: str, labels: Sequence[str]) -> int:
    """The class number that ``class_id`` gives as a number.

    Args:
        labels: for the error.

    Raises:
        ValueError: it is none, or does not fit into int32.
    """
    match = _NUMBER.fullmatch(text)
    number = int(match.group(1)) if match else _LIMITS.max + 1
    if not _LIMITS.min <= number <= _LIMITS.max:
        raise ValueError(f"class_id '{text}' is neither a number nor one of {', '.join(labels)}")
    return number
