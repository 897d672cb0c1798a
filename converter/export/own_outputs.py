"""Which outputs of a model give what its suppression lets through, found by their values for one
box that is made up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from converter.export.request_answer import OwnDetections

# Numbers that no other output is likely to have, exact in half precision. No two coordinates have
# the ratio that exchanging x and y would need.
BOX, SCORE = (0.25, 0.3125, 0.5, 0.875), 63 / 64

OutputValues = dict[str, np.ndarray]


def find_own_outputs(
    found: Mapping[int, OutputValues],
) -> tuple[OwnDetections | None, dict[int, int]]:
    """The outputs with boxes, scores, class numbers and the count, and the class number of
    each column."""
    outputs = next(iter(found.values()))
    for scores, value in outputs.items():
        places = np.flatnonzero(np.isclose(value.ravel().astype(np.float64), SCORE, atol=1e-4))
        if len(places) != 1:
            continue
        for boxes in outputs:
            form = _form(outputs[boxes], value.size, int(places[0]))
            if form is not None:
                name, numbers = _numbers(found, scores)
                count = _count(outputs, value.size)
                return OwnDetections(boxes, scores, name, count, *form), numbers
    return None, {}


def share_numbers(found: Mapping[int, OutputValues], own: OwnDetections) -> bool:
    """Whether some output has a whole number at the place of the score that is the same for some
    columns and differs between others: several columns are one class."""
    if own.numbers is not None:
        return False
    for name in next(iter(found.values())):
        numbers = [_number_at(outputs[name], outputs[own.scores]) for outputs in found.values()]
        if None not in numbers and 1 < len(set(numbers)) < len(numbers):
            return True
    return False


def give_the_same_box(own: OwnDetections, found: Iterable[OutputValues]) -> bool:
    """Whether the box is the same whichever column has the score."""
    boxes = []
    for outputs in found:
        place = int(outputs[own.scores].argmax())
        boxes.append(outputs[own.boxes].reshape(-1, 4)[place])
    return all(np.array_equal(box, boxes[0]) for box in boxes)


def _form(values: np.ndarray, rows: int, place: int) -> tuple[bool, str] | None:
    """Whether the box at ``place`` has x and y exchanged, and its layout; None where it is not
    that box, in some unit along each axis."""
    if values.shape[-1:] != (4,) or values.size != 4 * rows:
        return None
    box = values.reshape(rows, 4)[place].astype(np.float64)
    for layout, expected in _layouts(np.asarray(BOX)).items():
        for swapped, order in ((False, [0, 1, 2, 3]), (True, [1, 0, 3, 2])):
            ratios = box / expected[order]
            if ratios.all() and np.allclose(ratios[:2], ratios[2:], rtol=1e-2):
                return swapped, layout
    return None


def _layouts(box: np.ndarray) -> dict[str, np.ndarray]:
    """Two corners, in each of the layouts that a model may give them in."""
    sides = box[2:] - box[:2]
    return {
        "corners": box,
        "xywh": np.concatenate([box[:2], sides]),
        "cxcywh": np.concatenate([box[:2] + sides / 2, sides]),
    }


def _numbers(found: Mapping[int, OutputValues], scores: str) -> tuple[str | None, dict[int, int]]:
    """The output that has another whole number at the place of the score for each column, and
    these numbers; neither unless it is the only one."""
    fitting = []
    for name in next(iter(found.values())):
        numbers = {
            column: number
            for column, outputs in found.items()
            if (number := _number_at(outputs[name], outputs[scores])) is not None
        }
        if len(numbers) == len(set(numbers.values())) == len(found):
            fitting.append((name, numbers))
    return fitting[0] if len(fitting) == 1 else (None, {})


def _number_at(values: np.ndarray, scores: np.ndarray) -> int | None:
    """The whole number at the place of the best score."""
    if values.size != scores.size or values.dtype.kind not in "iuf":
        return None
    number = float(values.ravel()[int(scores.argmax())])
    return int(number) if number.is_integer() and number >= 0 else None


def _count(outputs: OutputValues, rows: int) -> str | None:
    """The one output with a single whole number from 1 to ``rows``."""
    if rows == 1:
        return None
    found = [
        name
        for name, value in outputs.items()
        if value.size == 1 and float(value.ravel()[0]).is_integer() and 1 <= value <= rows
    ]
    return found[0] if len(found) == 1 else None
