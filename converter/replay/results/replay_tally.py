"""What was found of each class in all images of a replay, and what of it differs."""

from collections.abc import Sequence

import numpy as np

from converter.replay.differences.difference import (
    LOST,
    MOVED,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    ComparedImage,
    ImageDifferences,
)
from converter.replay.results.replay_results import ClassTally
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.inference.results import Segmentation

ALL_CLASSES = "all classes"
_OF_KIND = {
    LOST: "lost",
    NEW: "new",
    OTHER_CLASS: "other_class",
    MOVED: "moved",
    SCORE_SHIFTED: "score_shifted",
}
_COUNTED = ("before", "after", "matched", *_OF_KIND.values(), "faded", "became")
_Counts = dict[str, np.ndarray]


class ReplayTally:
    """Adds up images; takes as much memory as there are classes.

    Of detections and of classes of images, each difference counts once, and of each class
    ``before`` is ``matched`` + ``lost`` + ``other_class`` and what has moved too far to be matched.
    Of class maps pixels are counted: what a class loses and wins are ``lost`` and ``new`` pixels
    where the class has vanished from the image or has come up in it, and ``other_class`` and
    ``became`` where it has only other borders; so ``before`` is ``matched`` + ``lost`` +
    ``other_class``.

    Attributes:
        compared: images with a result of both sides.
        differing: how many of them have a difference.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        """
        Args:
            labels: names of the common class numbers; may grow.
        """
        self.compared = 0
        self.differing = 0
        self._labels = labels
        self._sums = {name: np.zeros(len(labels)) for name in _COUNTED}

    def add(self, image: ComparedImage) -> None:
        """Count an image; one without a comparison does not count."""
        found = image.found
        if found is None:
            return
        self.compared += 1
        self.differing += bool(found.differences)
        is_map = isinstance(image.after.published, Segmentation)
        self._make_room(len(found.before))
        counts = _pixels(found) if is_map else _things(found)
        for name, numbers in counts.items():
            self._sums[name][: len(numbers)] += numbers

    def classes(self) -> tuple[ClassTally, ...]:
        """The classes that one of the sides has found, the most frequent first."""
        frequency = self._sums["before"] + self._sums["after"]
        return tuple(
            ClassTally(class_name(self._labels, number), **self._numbers(number))
            for number in np.argsort(-frequency, kind="stable").tolist()
            if frequency[number]
        )

    def total(self) -> ClassTally:
        """All classes together."""
        return ClassTally(
            ALL_CLASSES, **{name: float(sums.sum()) for name, sums in self._sums.items()}
        )

    def _numbers(self, class_id: int) -> dict[str, float]:
        return {name: float(sums[class_id]) for name, sums in self._sums.items()}

    def _make_room(self, classes: int) -> None:
        missing = classes - len(self._sums["before"])
        if missing > 0:
            self._sums = {name: np.pad(sums, (0, missing)) for name, sums in self._sums.items()}


def _things(found: ImageDifferences) -> _Counts:
    counts = _empty(found)
    for one in found.differences:
        counts[_OF_KIND[one.kind]][one.class_id] += 1
        if one.kind == LOST and one.after is not None:
            counts["faded"][one.class_id] += 1
        if one.kind == OTHER_CLASS and one.after is not None:
            counts["became"][one.after.class_id] += 1
    return counts


def _pixels(found: ImageDifferences) -> _Counts:
    counts = _empty(found)
    loses, wins = found.before - found.matched, found.after - found.matched
    has_vanished, is_new = (
        np.isin(
            np.arange(len(found.before)),
            [one.class_id for one in found.differences if one.kind == kind],
        )
        for kind in (LOST, NEW)
    )
    counts["lost"] = np.where(has_vanished, loses, 0)
    counts["other_class"] = np.where(has_vanished, 0, loses)
    counts["new"] = np.where(is_new, wins, 0)
    counts["became"] = np.where(is_new, 0, wins)
    return counts


def _empty(found: ImageDifferences) -> _Counts:
    """No difference of any class."""
    counts = {name: np.zeros(len(found.before)) for name in _COUNTED}
    return {**counts, "before": found.before, "after": found.after, "matched": found.matched}
