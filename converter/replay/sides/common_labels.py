"""Class numbers that mean the same on both sides of a replay."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from converter.errors import ReplayError
from converter.replay.sides.side import SideResult
from trt_inference.inference.labels_of_classes import number_as_name, without_label
from trt_inference.inference.results import OUTSIDE, Result, Segmentation
from trt_inference.printable import printable

# So many numbers without a label are told from each other: a broken network may give any.
MOST_WITHOUT_LABEL = 1000
_MOST_NAMED = 5
OTHER_NUMBERS = "other numbers without a label"


class CommonLabels:
    """Translates the class numbers of both sides to common ones, by the names of the classes.

    The numbers of the candidate stay as they are, and those of a baseline with the same labels too.
    Where a list of labels has a name several times, the first one of the baseline is the first one
    of the candidate, and so on: they are classes of their own. A number without a label gets one of
    its own, which is the same for both sides.

    Attributes:
        names: of the common numbers: the candidate's labels, then what the baseline has beside
            them, then numbers without a label as they come up. It is one list that grows, which
            others keep instead of a copy.
    """

    def __init__(self, before: Sequence[str], after: Sequence[str]) -> None:
        """
        Args:
            before: labels of the baseline. It may grow, as what was recorded is read.
            after: labels of the candidate.
        """
        self.names: list[str] = list(after)
        self._before, self._after = before, after
        self._places: dict[str, list[int]] = {}  # common numbers of each name
        for number, name in enumerate(after):
            self._places.setdefault(name, []).append(number)
        self._numbers: list[int] = []  # common numbers of the labels of the baseline
        self._seen: Counter[str] = Counter()  # how often a name was among them
        self._without_label: dict[int, int] = {}
        self._other_numbers: int | None = None
        self._extend()

    def of_before(self, result: SideResult) -> SideResult:
        """What the baseline finds, with common numbers; the same object where none changes.

        Raises:
            ReplayError: class maps would need more than 255 classes.
        """
        if len(self._numbers) < len(self._before):
            self._extend()
        return self._translated(result, self._numbers)

    def of_after(self, result: SideResult) -> SideResult:
        """What the candidate finds, likewise."""
        return self._translated(result, range(len(self._after)))

    def _extend(self) -> None:
        """Give numbers to the labels of the baseline that have none yet."""
        for name in self._before[len(self._numbers) :]:
            places = self._places.setdefault(name, [])
            if self._seen[name] == len(places):
                places.append(len(self.names))
                self.names.append(name)
            self._numbers.append(places[self._seen[name]])
            self._seen[name] += 1

    def _translated(self, result: SideResult, numbers: Sequence[int]) -> SideResult:
        published = self._result(result.published, numbers)
        is_one = result.pool is result.published
        pool = published if is_one else self._result(result.pool, numbers)
        if published is result.published and pool is result.pool:
            return result
        return replace(result, published=published, pool=pool)

    def _result(self, result: Result, numbers: Sequence[int]) -> Result:
        if isinstance(result, Segmentation):
            return self._class_map(result, numbers)
        ids = result.class_ids
        is_labelled = without_label(ids, len(numbers)) is None
        if is_labelled and _keeps_numbers(numbers):
            return result
        common = [self._number(one, numbers) for one in ids.tolist()]
        return replace(result, class_ids=np.array(common, np.int32))

    def _class_map(self, result: Segmentation, numbers: Sequence[int]) -> Segmentation:
        class_map = result.class_map
        foreign = class_map[(class_map >= len(numbers)) & (class_map != OUTSIDE)]
        if not foreign.size and _keeps_numbers(numbers):
            return result
        present = {*range(min(len(numbers), OUTSIDE)), *np.unique(foreign).tolist()}
        table = np.full(OUTSIDE + 1, OUTSIDE, np.uint8)
        for one in present:
            number = self._number(one, numbers)
            if number >= OUTSIDE:
                raise ReplayError(
                    f"both sides together have {len(self.names)} classes: class maps count "
                    f"{OUTSIDE}. Compare bundles whose classes have the same names"
                )
            table[one] = number
        return Segmentation(cv2.LUT(class_map, table))

    def _number(self, class_id: int, numbers: Sequence[int]) -> int:
        if 0 <= class_id < len(numbers):
            return numbers[class_id]
        if class_id not in self._without_label:
            if len(self._without_label) >= MOST_WITHOUT_LABEL:
                return self._of_other_numbers()
            self._without_label[class_id] = len(self.names)
            self.names.append(number_as_name(class_id, self.names))
        return self._without_label[class_id]

    def _of_other_numbers(self) -> int:
        if self._other_numbers is None:
            self._other_numbers = len(self.names)
            self.names.append(OTHER_NUMBERS)
        return self._other_numbers


def describe_lacking(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """A sentence on labels of the baseline's bundle that the candidate's does not have: what is of
    them is lost, or of another class, whatever the candidate finds."""
    lacking = list(dict.fromkeys(name for name in before if name not in set(after)))
    if not lacking:
        return ()
    names = ", ".join(map(printable, lacking[:_MOST_NAMED]))
    more = f" and {len(lacking) - _MOST_NAMED} more" if len(lacking) > _MOST_NAMED else ""
    return (
        f"The candidate lacks labels of the baseline: {names}{more}. What the baseline finds of "
        "them counts as lost or of another class. If classes were only renamed, give both bundles "
        "the same labels",
    )


def _keeps_numbers(numbers: Sequence[int]) -> bool:
    return isinstance(numbers, range) or numbers == list(range(len(numbers)))
