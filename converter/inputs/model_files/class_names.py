"""Names of classes as a file has them → labels, one for each class."""

import unicodedata
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from converter.errors import ModelFileError

# Of ImageNet-21k there are 21,843; a number beyond this is a mistake.
_MOST_CLASSES = 1 << 16
# What Model Maker writes for a class without a name.
_NAMELESS = "???"
# Categories of Unicode that a line of text cannot have: control characters, the separators of
# lines and paragraphs, and halves of characters.
_BREAKING = ("Cc", "Zl", "Zp", "Cs")


def listed_names(names: Sequence[Any]) -> Tuple[str, ...]:
    """The labels in a list of names, in the order of the classes.

    Raises:
        ModelFileError: there is none, or one is no name.
    """
    if not names:
        raise ModelFileError("it has no names of classes")
    return tuple(_checked(name, number) for number, name in enumerate(names))


def numbered_names(names: Mapping[int, Any], first: int) -> Tuple[str, ...]:
    """The labels in a map of numbers to names. A number without a name in between is a class that
    the network has and does not use, such as 10 of the 90 of COCO; it is called ``class N``, N
    being its line in the labels, counted from 0.

    Args:
        first: number of the first class.

    Raises:
        ModelFileError: there is no name, a number is below ``first``, or one is no name.
    """
    if not names:
        raise ModelFileError("it has no names of classes")
    lowest, highest = min(names), max(names)
    if lowest < first or highest >= first + _MOST_CLASSES:
        outside = lowest if lowest < first else highest
        raise ModelFileError(f"it has a class number {outside}")
    numbers = range(first, highest + 1)
    return listed_names([names.get(number, _NAMELESS) for number in numbers])


def unique_names(pairs: Sequence[Tuple[int, str]]) -> Dict[int, str]:
    """Names by number.

    Raises:
        ModelFileError: a number has two names.
    """
    names: Dict[int, str] = {}
    for number, name in pairs:
        if names.setdefault(number, name) != name:
            raise ModelFileError(
                f"class number {number} has two names, {names[number]!r}, {name!r}"
            )
    return names


def split_lines(text: str) -> List[str]:
    """The lines of a text, without empty ones at its end. Only what ends a line in every editor
    does: a name may have other separators of Unicode."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _checked(name: Any, number: int) -> str:
    """The name of a class as it stands in the bundle's labels, on one line.

    Raises:
        ModelFileError: it is none.
    """
    if isinstance(name, int) and not isinstance(name, bool):
        name = str(name)
    if not isinstance(name, str):
        raise ModelFileError(f"the name of class {number} is no text but {type(name).__name__}")
    label = name.strip()
    if label == _NAMELESS and number > 0:
        return f"class {number}"
    if not label:
        raise ModelFileError(f"the name of class {number} is empty")
    if any(unicodedata.category(character) in _BREAKING for character in label):
        raise ModelFileError(f"the name of class {number} has control characters: {label!r}")
    return label
