"""A difference in one line for people."""

import math
from collections.abc import Sequence

from converter.replay.differences.difference import (
    LOST,
    MOVED,
    NEW,
    OTHER_CLASS,
    Difference,
    FoundThing,
)
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.printable import printable, shortened

_LONGEST_LABEL = 100
# Pixels; a middle that moves less stays where it is.
_STAYS = 0.5
_ROUNDING = 1e-6  # of an IoU in hundredths


def describe_difference(difference: Difference, labels: Sequence[str]) -> str:
    """Return the kind with what changed, as ``lost: circle 0.91 at (412, 310)``.

    Scores are numbers in [0, 1], parts of a class map percent, and a place is the middle of a box
    in pixels of the image. What has no score or no place is named without.

    Args:
        labels: names of the common class numbers, foreign text.
    """
    before, after = difference.before, difference.after
    if before is None or after is None:
        return f"{difference.kind}: {_thing(_present(difference), labels)}"
    if difference.kind == LOST:
        return f"{LOST}: {_name(before, labels)} {_faded(before, after)}"
    if difference.kind == OTHER_CLASS:
        return f"{OTHER_CLASS}: {_renamed(before, after, labels)}"
    if difference.kind == MOVED:
        return f"{MOVED}: {_name(before, labels)} {_moved(before, after)}, {_iou(difference)}"
    scores = " → ".join(_scores(before, after))
    return f"{difference.kind}: {_name(before, labels)} {scores}{_place(before)}"


def _present(difference: Difference) -> FoundThing:
    thing = difference.after if difference.kind == NEW else difference.before
    if thing is None:
        raise ValueError(f"a difference of the kind {difference.kind} lacks what it is of")
    return thing


def _thing(thing: FoundThing, labels: Sequence[str]) -> str:
    score = _share(thing) if thing.is_share else f" {thing.score:.2f}" if thing.score else ""
    return f"{_name(thing, labels)}{score}{_place(thing)}"


def _faded(before: FoundThing, after: FoundThing) -> str:
    if before.is_share:
        return f"{_percent(before)} → {_percent(after)} of the image"
    return f"{' → '.join(_scores(before, after))}{_place(before)}, too low to be published"


def _renamed(before: FoundThing, after: FoundThing, labels: Sequence[str]) -> str:
    names = f"{_name(before, labels)} → {_name(after, labels)}"
    if before.is_share:
        return f"{names}{_share(before)}"
    return f"{_thing(_without_place(before), labels)} → {_thing(after, labels)}"


def _moved(before: FoundThing, after: FoundThing) -> str:
    distance = _distance(before, after)
    if distance < _STAYS:
        return f"to another size{_place(before)}"
    return f"by {distance:.0f} px{_place(before, 'from')}"


def _iou(difference: Difference) -> str:
    """Rounded down, so that what is below a limit does not look like it."""
    return f"IoU {math.floor(100 * (1 - difference.weight) + _ROUNDING) / 100:.2f}"


def _without_place(thing: FoundThing) -> FoundThing:
    return FoundThing(thing.class_id, thing.score)


def _scores(before: FoundThing, after: FoundThing) -> tuple[str, str]:
    """With as many decimals as show that they differ, at most four."""
    for decimals in (2, 3, 4):
        texts = f"{before.score:.{decimals}f}", f"{after.score:.{decimals}f}"
        if texts[0] != texts[1]:
            break
    return texts


def _share(thing: FoundThing) -> str:
    return f", {_percent(thing)} of the image"


def _percent(thing: FoundThing) -> str:
    percent = 100 * thing.score
    return f"{percent:.1f} %" if percent >= 0.1 else f"{percent:.2g} %"


def _name(thing: FoundThing, labels: Sequence[str]) -> str:
    name = printable(class_name(labels, thing.class_id))
    return shortened(name, _LONGEST_LABEL) or "(no name)"


def _place(thing: FoundThing, where: str = "at") -> str:
    middle = _middle(thing)
    return f" {where} ({middle[0]:.0f}, {middle[1]:.0f})" if middle else ""


def _middle(thing: FoundThing) -> tuple[float, float] | None:
    if thing.box is None:
        return None
    x1, y1, x2, y2 = thing.box
    return (x1 + x2) / 2, (y1 + y2) / 2


def _distance(before: FoundThing, after: FoundThing) -> float:
    one, other = _middle(before), _middle(after)
    return math.dist(one, other) if one and other else 0.0
