"""The classes in recorded results, by the ``LabelInfo`` that was recorded with them."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
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
    """All names, each once, those of the first ``LabelInfo`` by their number."""
    return list(dict.fromkeys(info.names[one] for info in infos for one in sorted(info.names)))


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
        self._infos = infos
        self._starts = [info.seconds for info in infos]
        self._labels = {name: number for number, name in enumerate(labels)}

    def class_id(self, text: str, seconds: float) -> int | None:
        """The class that a text names in a result that was recorded at ``seconds``; None where it
        is neither a name nor a number that can be kept apart from those of other classes."""
        numbered = self._info_at(seconds).names
        number = class_number(text)
        by_number = numbered.get(number) if number is not None else None
        by_name = self._labels.get(text)
        if by_name is not None:
            self.counts[AMBIGUOUS] += by_number is not None and by_number != text
            return by_name
        if number is None:
            return None
        self.counts[BY_NUMBER] += 1
        return self._of_number(number, by_number)

    def of_number(self, number: int, seconds: float) -> int:
        """The class that a number in a class map stands for; itself where it has no name."""
        name = self._info_at(seconds).names.get(number)
        return number if name is None else self._labels[name]

    def _of_number(self, number: int, name: str | None) -> int | None:
        if name is not None:
            return self._labels[name]
        is_free = number < 0 or number >= len(self._labels)
        return number if is_free else None

    def _info_at(self, seconds: float) -> LabelInfoAtTime:
        """The last one until then; the first one for what was recorded before it."""
        return self._infos[max(bisect_right(self._starts, seconds) - 1, 0)]
