"""How the class scores of many boxes are to be read: by options, by labels, by their values.

Of nearly all boxes that a detector looks at, none has an object. Under a softmax these give their
probability to a class for nothing, the background, which is the first (SSD,
https://arxiv.org/abs/1512.02325) or the last (DETR, https://arxiv.org/abs/2005.12872). Under a
sigmoid for each class (RetinaNet, https://arxiv.org/abs/1708.02002) all their scores are low, and
there is no such class.
"""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.error_messages import class_count, listed, wrong_labels
from converter.heads.decoding.scores import ScoreReading, activated, are_probabilities, sum_to_one
from converter.heads.evidence import Evidence

# The background has at least this mean probability, and the scores of a sigmoid are below 0.5 in
# more than this part of the boxes; in trained networks it is nearly all of them.
PROBABLE, LOW = 0.6, 0.5


def read_scores(
    values: np.ndarray, evidence: Evidence, *, no_background: bool = False
) -> ScoreReading:
    """How scores ``[images, A, columns]`` are to be read.

    Values outside [0, 1] are logits. With labels, they are for a softmax where there is a column
    more than labels, and for a sigmoid otherwise. Without labels the values must show which.

    Args:
        no_background: the family has none, unless labels or options show one.

    Raises:
        HeadError: the labels are neither as many as the columns nor one less, or it cannot be
            determined what the activation is, or which class is the background.
    """
    options, columns = evidence.options, values.shape[-1]
    surplus = None if evidence.labels is None else columns - evidence.labels
    if no_background and surplus is None:
        surplus = 0
    activation = options.activation
    if activation == "auto":
        activation = "none" if are_probabilities(values) else _of_logits(values, surplus, evidence)
    background = options.background
    if background == "auto":
        background = _background(values, activation, surplus, evidence)
    reading = ScoreReading(activation, background)
    if evidence.labels is not None and reading.classes(columns) != evidence.labels:
        raise wrong_labels(evidence, class_count(reading.classes(columns)), "see --background")
    return reading


def assumed_activation(
    reading: ScoreReading, values: np.ndarray, evidence: Evidence
) -> tuple[str, ...]:
    """What was assumed of scores ``[images, A, columns]``, see ``Recognised``: a sigmoid, unless
    options specify it or nearly all of the scores are low under it, as they are not under a
    softmax without a background."""
    rows = _finite_rows(values)
    shown = len(rows) > 0 and bool(np.mean(rows.max(axis=1) < 0) > LOW)
    if evidence.options.activation != "auto" or reading.activation != "sigmoid" or shown:
        return ()
    return ("scores are logits for a sigmoid, class by class: --activation changes it",)


def _of_logits(values: np.ndarray, surplus: int | None, evidence: Evidence) -> str:
    """``softmax`` or ``sigmoid``.

    Raises:
        HeadError: there are neither labels nor values to tell it from.
    """
    background, columns = evidence.options.background, values.shape[-1]
    if surplus is not None:
        return "softmax" if surplus == 1 else "sigmoid"
    if background != "auto" or columns == 1:
        return "sigmoid" if background in ("auto", "none") else "softmax"
    rows = _finite_rows(values)
    if len(rows) and np.mean(rows.max(axis=1) < 0) > LOW:
        return "sigmoid"
    if _winner(activated(rows, "softmax")) is not None:
        return "softmax"
    raise HeadError(
        f"the scores in the outputs ({listed(evidence)}) are logits of {columns} classes, or of "
        f"{columns - 1} and the background, and their values do not show which: give --labels, or "
        "--activation sigmoid, or --activation softmax and --background first or last"
    )


def _background(
    values: np.ndarray, activation: str, surplus: int | None, evidence: Evidence
) -> str:
    """``first``, ``last`` or ``none``; of probabilities that sum to 1, some class must be it.

    Raises:
        HeadError: there is one, but neither column has most of the probability.
    """
    probabilities = activated(values, activation)
    exclusive = values.shape[-1] > 1 and sum_to_one(probabilities)
    if surplus != 1 and not (surplus is None and exclusive):
        return "none"
    found = _winner(_finite_rows(probabilities))
    if found is None:
        raise HeadError(
            f"the scores in the outputs ({listed(evidence)}) have a column for the background, "
            "but neither the first nor the last has most of the probability on these images: give "
            f"--background first or last{'' if surplus == 1 else ', or none'}"
        )
    return found


def _finite_rows(values: np.ndarray) -> np.ndarray:
    rows = values.reshape(-1, values.shape[-1])
    return rows[np.isfinite(rows).all(axis=1)]


def _winner(rows: np.ndarray) -> str | None:
    """``first`` or ``last`` where that column of probabilities is mostly high, and higher than
    all others; else None."""
    if not len(rows):
        return None
    means = rows.mean(axis=0)
    best = int(means.argmax())
    if means[best] < PROBABLE:
        return None
    return {0: "first", len(means) - 1: "last"}.get(best)
