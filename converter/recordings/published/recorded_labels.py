"""The classes in recorded results, by the ``LabelInfo`` that was recorded with them."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from converter.errors import RecordingError
from trt_inference.inference.labels_of_classes import number_as_name

_NUMBER = re.compile(r"#*(-?[0-9]{1,10})")
_MOST_FILLED = 2000
_LARGEST = 2**31 - 1  # of class numbers, which are int32
# How a text was understood, for the notes.
BY_NUMBER, AMBIGUOUS = "by number", "ambiguous"


class LabelInfoAtTime(NamedTuple):
    """What a ``LabelInfo`` says, and since when.

    Attributes:
        seconds: as ``RecordedMessage.seconds``.
        names: by class number.
        threshold: the lowest score of a result.
    """

    seconds: float
    names: dict[int, str]
    threshold: float


def class_number(text: str) -> int | None:
    """The number that a text is, as a node writes it that names classes by number; else None."""
    match = _NUMBER.fullmatch(text)
    number = int(match.group(1)) if match else None
    return number if number is not None and abs(number) <= _LARGEST else None


def label_info_at_time(seconds: float, message: Any) -> LabelInfoAtTime:
    """
    Raises:
        RecordingError: the message has not the fields of its type.
    """
    try:
        names = {int(one.class_id): str(one.class_name) for one in message.class_map}
        return LabelInfoAtTime(seconds, _without_gaps(names), float(message.threshold))
    except (AttributeError, TypeError, ValueError) as error:
        raise RecordingError(f"a recorded LabelInfo has not its fields: {error}") from error


def _without_gaps(names: dict[int, str]) -> dict[int, str]:
    """With a name for numbers between the others, which stand for no class, or for one that has
    none, as a background."""
    numbers = range(min(max(names, default=-1) + 1, _MOST_FILLED))
    missing = [number for number in numbers if number not in names]
    taken = set(names.values())
    return {**names, **{number: number_as_name(number, taken) for number in missing}}


def without_repetition(infos: Iterable[LabelInfoAtTime]) -> list[LabelInfoAtTime]:
    """Those that say something else than the one before: a latched message is often recorded
    again."""
    kept: list[LabelInfoAtTime] = []
    for info in infos:
        if not kept or info[1:] != kept[-1][1:]:
            kept.append(info)
    return kept


def names_in_order(infos: Sequence[LabelInfoAtTime]) -> list[str]:
    """All names, those of the first ``LabelInfo`` by their number. Each is there once, or as often
    as one ``LabelInfo`` has it: these are classes of their own."""
    keys = (key for info in infos for key in _keys(info.names).values())
    return [name for name, _ in dict.fromkeys(keys)]


def _keys(names: dict[int, str]) -> dict[int, tuple[str, int]]:
    """By number: the name, and how many have it before."""
    numbers = sorted(names)
    return dict(zip(numbers, _counted(names[one] for one in numbers), strict=True))


def _counted(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    seen: Counter[str] = Counter()
    for name in names:
        yield name, seen[name]
        seen[name] += 1


class RecordedLabels:
    """Class numbers of the results on one topic, in the labels of all topics together.

    A robot names classes by name or by number, and does not tell which. A text that is the name of
    a class is a name, any other that is a number is one. What a number stands for may change while
    it is recorded, when the robot goes over to another model.

    Attributes:
        counts: texts by how they were understood.
    """

    def __init__(self, infos: Sequence[LabelInfoAtTime], labels: Sequence[str]) -> None:
        """
        Args:
            infos: of this topic, by time; at least one.
            labels: of all topics together, among them all names in ``infos``.
        """
        self.counts: Counter[str] = Counter()
        self._starts = [info.seconds for info in infos]
        self._by_name = {key: number for number, key in enumerate(_counted(labels))}
        self._by_number = [
            {number: self._by_name[key] for number, key in _keys(info.names).items()}
            for info in infos
        ]

    def class_id(self, text: str, seconds: float) -> int | None:
        """The class that a text names in a result that was recorded at ``seconds``; None where it
        is neither a name nor a number that can be kept apart from those of other classes."""
        number = class_number(text)
        by_number = None if number is None else self._numbers_at(seconds).get(number)
        by_name = self._by_name.get((text, 0))
        if by_name is not None:
            is_other_number = by_number is not None and by_number != by_name
            self.counts[AMBIGUOUS] += is_other_number or (text, 1) in self._by_name
            return by_name
        self.counts[BY_NUMBER] += number is not None
        if number is None or by_number is not None:
            return by_number
        return number if number < 0 or number >= len(self._by_name) else None

    def of_number(self, number: int, seconds: float) -> int:
        """The class that a number in a class map stands for; itself where it has no name."""
        return self._numbers_at(seconds).get(number, number)

    def _numbers_at(self, seconds: float) -> dict[int, int]:
        """By the last ``LabelInfo`` until then; by the first one before it."""
        return self._by_number[max(bisect_right(self._starts, seconds) - 1, 0)]
