"""The raw scores of the TF Object Detection API: what is still to be applied to them, and whether
a background is among them, as the finished detections beside them show."""

from __future__ import annotations

import numpy as np

from converter.errors import HeadError
from converter.heads.decoding.error_messages import listed, wrong_labels
from converter.heads.decoding.scores import TOLERANCE, ScoreReading, are_probabilities, sum_to_one
from converter.heads.evidence import Evidence
from converter.heads.finished.decode_options import first_class_of
from converter.heads.finished.outputs import Finished


def possible_readings(
    raw: np.ndarray, finished: Finished | None, evidence: Evidence
) -> list[ScoreReading]:
    """How raw scores ``[images, A, columns]`` may be read: of the ways that options and labels
    leave, the one that gives the finished detections; all of them where that shows nothing.

    Raises:
        HeadError: the labels fit no place of a background.
    """
    backgrounds = _backgrounds(raw, evidence)
    readings = [
        ScoreReading(activation, background)
        for activation in _activations(raw, evidence)
        for background in backgrounds
    ]
    if len(readings) == 1 or finished is None:
        return readings
    agreeing = [reading for reading in readings if _agrees(reading, raw, finished, evidence)]
    return agreeing if len(agreeing) == 1 else readings


def undecided(readings: list[ScoreReading], evidence: Evidence) -> HeadError:
    """That the raw scores may be read in several ways."""
    return HeadError(
        f"the raw scores in the outputs ({listed(evidence)}) may be "
        f"{' or '.join(map(str, readings))}, and no finished detections on these images "
        "show which: give --labels and --activation, or --background none or first"
    )


def _activations(raw: np.ndarray, evidence: Evidence) -> tuple[str, ...]:
    if evidence.options.activation != "auto":
        return (evidence.options.activation,)
    return ("none",) if are_probabilities(raw) else ("sigmoid", "softmax")


def _backgrounds(raw: np.ndarray, evidence: Evidence) -> tuple[str, ...]:
    """Where the background may be; the API has it first. Where the scores of each box sum to 1,
    there is one, as most boxes have no object.

    Raises:
        HeadError: the labels fit no such place.
    """
    given, columns = evidence.options.background, raw.shape[-1]
    possible = ("none", "first") if given == "auto" else (given,)
    if evidence.labels is None:
        exclusive = given == "auto" and columns > 1 and sum_to_one(raw)
        return ("first",) if exclusive else possible
    fitting = tuple(
        background
        for background in possible
        if ScoreReading(background=background).classes(columns) == evidence.labels
    )
    if not fitting:
        counts = {ScoreReading(background=place).classes(columns) for place in possible}
        found = " or ".join(f"{count} classes" for count in sorted(counts))
        raise wrong_labels(evidence, f"{found} in the raw scores", "see --background")
    return fitting


def _agrees(reading: ScoreReading, raw: np.ndarray, finished: Finished, evidence: Evidence) -> bool:
    """Whether the best detection of each image has the best score of its class."""
    scores, numbers = finished.meant(evidence.values)
    columns = numbers - first_class_of(finished, evidence)
    images = np.flatnonzero(scores.max(axis=1) > 0)
    for image in images:
        best = scores[image].argmax()
        column, of_classes = columns[image, best], reading.apply(raw[image])
        if not 0 <= column < of_classes.shape[-1]:
            return False
        if not abs(np.nanmax(of_classes[:, column]) - scores[image, best]) <= TOLERANCE:
            return False
    return len(images) > 0
