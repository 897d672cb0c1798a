"""Class numbers beside scores, as in detections that the network itself has finished."""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.error_messages import existing_classes, listed, wrong_labels
from converter.heads.decoding.onnx_lines import Lines
from converter.heads.decoding.scores import TOLERANCE
from converter.heads.evidence import Evidence
from converter.onnx_tools.text import floats


def count_classes(seen: int, first_class: int, evidence: Evidence) -> int:
    """The number of classes of a model that gives their numbers.

    Args:
        seen: how many there must at least be, by the largest number seen; 0 if none was.

    Raises:
        HeadError: that is more than there are labels, or there are neither labels nor numbers.
    """
    if evidence.labels is None:
        if seen < 1:
            raise HeadError(
                f"the network finds nothing on these images ({listed(evidence)}), so that the "
                "number of its classes is not known: give --labels, or other images"
            )
        return seen
    if seen > evidence.labels:
        found = f"class numbers up to {first_class + seen - 1}, which are {seen} classes"
        raise wrong_labels(
            evidence, f"{found} from {first_class}", "--first-class if the first has another number"
        )
    return evidence.labels


def assumed_numbers(
    seen: np.ndarray, classes: int, first_class: int, evidence: Evidence, known: bool = False
) -> tuple[str, ...]:
    """What was assumed of class numbers, as ``Recognised`` has it: that of the first class, which
    a 0 shows, and how many there are.

    Args:
        seen: the numbers that the network gave on the images.
        known: names or labels tell the number of the first class.
    """
    found = []
    shown = known or bool((np.abs(seen) < TOLERANCE).any())
    if evidence.options.first_class is None and not shown:
        found.append(f"classes are numbered from {first_class}: --first-class changes it")
    if evidence.labels is None:
        largest = first_class + classes - 1
        found.append(
            f"{existing_classes(classes)}, as {largest} is the largest number seen: --labels "
            "changes it"
        )
    return tuple(found)


def numbered_scores(
    scores: np.ndarray, numbers: np.ndarray, classes: int, first_class: int
) -> np.ndarray:
    """The score ``[N, K]`` of each box in the column of its class: ``[N, K, C]``, else 0.

    Args:
        numbers: of the classes, ``[N, K]``, counted from ``first_class``.
    """
    columns = np.arange(first_class, first_class + classes)
    chosen = np.abs(numbers[..., None].astype(np.float32) - columns) < 0.5
    return np.where(chosen, scores[..., None], 0).astype(np.float32)


def numbered_lines(scores: str, numbers: str, result: str, classes: int, first_class: int) -> Lines:
    """The same in ONNX, from float ``scores [N, K, 1]`` and ``numbers [N, K, 1]``.

    Takes the names ``class_numbers``, ``within``, ``difference``, ``distance``, ``chosen`` and
    ``chosen_class``.
    """
    columns = floats(range(first_class, first_class + classes))
    return Lines(
        (f"float[{classes}] class_numbers = {{{columns}}}", "float within = {0.5}"),
        (
            f"difference = Sub ({numbers}, class_numbers)",
            "distance = Abs (difference)",
            "chosen = Less (distance, within)",
            "chosen_class = Cast <to = 1> (chosen)",
            f"{result} = Mul ({scores}, chosen_class)",
        ),
    )
