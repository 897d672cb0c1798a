"""Files with one class name a line, or one row a class.

Model Maker writes ``labels.txt`` beside ``saved_model`` (``export_format=[SAVED_MODEL, LABEL]``);
Teachable Machine too, with the number before each name; TensorFlow Hub's classifiers come with
``ImageNetLabels.txt``, whose first line is ``background``, or with a table in ``assets``, and its
``retrain.py`` writes ``output_labels.txt``. Coral's lists have numbers with gaps.
"""

import csv
import re
from pathlib import Path
from typing import List, Optional, Tuple

from converter.errors import ModelFileError
from converter.inputs.model_files.class_names import (
    listed_names,
    numbered_names,
    split_lines,
    unique_names,
)

# Not train_labels.txt and the like, which are annotations of pictures.
_LIST = re.compile(
    r"(?!(?:.*[-_. ])?(?:train|val|valid|validation|test|eval)[-_. ])"
    r"(?:(?:.*[-_. ])?(?:labels?|label_?map|class(?:es|_?names|_?labels))|imagenet_?labels)\.txt"
    r"|.*\.names",
    re.IGNORECASE,
)
_TABLE = re.compile(r"(?:.*[-_.])?(?:label_?map|class_?map|labels|classes)\.csv", re.IGNORECASE)
_NUMBERED = re.compile(r"(\d{1,6})[\s:,]+(\S.*)")
_NUMBERS, _NAMES = ("index", "id", "class_id"), ("display_name", "name", "label", "class_name")


def is_label_list(file: Path) -> bool:
    """Whether a file has the name of a list or a table of class names."""
    return bool(_LIST.fullmatch(file.name) or _TABLE.fullmatch(file.name))


def read_label_list(name: str, text: str) -> Tuple[str, ...]:
    """The labels in the text of a list or a table, by the file's ``name``.

    Raises:
        ModelFileError: it has no names, or not one for each class.
    """
    return _read_table(text) if name.lower().endswith(".csv") else _read_lines(text)


def _read_lines(text: str) -> Tuple[str, ...]:
    lines = split_lines(text)
    numbered = [_NUMBERED.fullmatch(line.strip()) for line in lines]
    pairs = [(int(found.group(1)), found.group(2)) for found in numbered if found]
    numbers = [number for number, _ in pairs]
    if len(pairs) == len(lines) > 0 and numbers[0] in (0, 1) and _are_numbered(pairs):
        # From 1 without gaps they are numbered for people; with gaps 0 is a class as well.
        first = numbers[0] if numbers[-1] - numbers[0] == len(numbers) - 1 else 0
        return numbered_names(dict(pairs), first)
    return listed_names(lines)


def _are_numbered(pairs: List[Tuple[int, str]]) -> bool:
    """Whether the numbers count the lines, and are no part of names such as ``1 euro, 2 euro``."""
    numbers, names = [number for number, _ in pairs], [name for _, name in pairs]
    return numbers == sorted(set(numbers)) and len(set(names)) == len(names)


def _read_table(text: str) -> Tuple[str, ...]:
    """A table with a header that names a column of numbers and one of names."""
    try:
        rows = list(csv.DictReader(split_lines(text), strict=True))
    except csv.Error as error:
        raise ModelFileError(f"it is no table: {error}") from error
    number, name = _column(rows, _NUMBERS), _column(rows, _NAMES)
    if number is None or name is None:
        raise ModelFileError(f"it has no column {_NUMBERS[0]} or none {_NAMES[0]}")
    try:
        pairs = [(int(row[number] or ""), row[name] or "") for row in rows]
    except ValueError:
        raise ModelFileError(f"its column {number} has not only numbers") from None
    return numbered_names(unique_names(pairs), 0)


def _column(rows: List[dict], usual: Tuple[str, ...]) -> Optional[str]:
    """The first of the usual names that the table has as a column."""
    return next((name for name in usual if rows and name in rows[0]), None)
