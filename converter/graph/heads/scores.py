"""How class scores are said, and how they become probabilities of classes alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.errors import HeadError
from converter.graph.heads.evidence import Evidence
from converter.graph.heads.lines import Lines, index
from converter.graph.heads.refusals import listed, wrong_labels
from converter.graph.text import floats

ACTIVATIONS = ("none", "sigmoid", "softmax")
BACKGROUNDS = ("none", "first", "last")
TOLERANCE = 1e-3  # of float arithmetic, for probabilities and for class numbers


@dataclass(frozen=True)
class ScoreReading:
    """What is to be done to scores: the activation, over all columns, and then the column of
    the background to be left out."""

    activation: str = "none"
    background: str = "none"

    def __str__(self) -> str:
        places = {"none": "", "first": ", background first", "last": ", background last"}
        given = "probabilities" if self.activation == "none" else f"{self.activation} of logits"
        return given + places[self.background]

    def classes(self, columns: int) -> int:
        """How many classes ``columns`` columns are."""
        return columns - (self.background != "none")

    def apply(self, values: np.ndarray) -> np.ndarray:
        """``[..., columns]`` → probabilities ``[..., C]``."""
        begin, end = self._kept(values.shape[-1])
        return activated(values, self.activation)[..., begin:end]

    def lines(self, values: str, result: str, columns: int) -> Lines:
        """The same in ONNX, from float ``values [N, A, columns]`` to ``result [N, A, C]``.

        Takes the names ``first_column``, ``end_column``, ``last`` and ``probabilities``.
        """
        operator = {
            "none": "Identity", "sigmoid": "Sigmoid", "softmax": "Softmax <axis = 2>",
        }[self.activation]  # fmt: skip
        if self.background == "none":
            return Lines((), (f"{result} = {operator} ({values})",))
        begin, end = self._kept(columns)
        return Lines(
            (index("first_column", begin), index("end_column", end), index("last", 2)),
            (
                f"probabilities = {operator} ({values})",
                f"{result} = Slice (probabilities, first_column, end_column, last)",
            ),
        )

    def _kept(self, columns: int) -> tuple[int, int]:
        return int(self.background == "first"), columns - int(self.background == "last")


def activated(values: np.ndarray, activation: str) -> np.ndarray:
    """Sigmoid, softmax over the last axis, or nothing, without overflow."""
    if activation == "sigmoid":
        power = np.exp(-np.abs(values))
        return np.where(values >= 0, 1, power) / (1 + power)
    if activation == "softmax":
        powers = np.exp(values - values.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)
    return values


def are_probabilities(values: np.ndarray) -> bool:
    """Whether all finite values are in [0, 1], but for rounding."""
    finite = values[np.isfinite(values)]
    return not finite.size or bool(finite.min() >= -TOLERANCE and finite.max() <= 1 + TOLERANCE)


def read_scores(values: np.ndarray, evidence: Evidence) -> ScoreReading:
    """How scores ``[images, A, columns]`` are to be read, from options, labels and values.

    Values outside [0, 1] are logits: for a softmax where there is a column more than labels, for
    a sigmoid otherwise. That column is the background's: the last where the softmax gives most
    to it, otherwise the first, as in SSD and the TF Object Detection API.

    Raises:
        HeadError: the labels are neither as many as the columns nor one less.
    """
    options, columns = evidence.options, values.shape[-1]
    surplus = 0 if evidence.labels is None else columns - evidence.labels
    activation = options.activation
    if activation == "auto":
        logits = "softmax" if surplus == 1 else "sigmoid"
        activation = "none" if are_probabilities(values) else logits
    background = options.background
    if background == "auto":
        background = _background(activated(values, activation)) if surplus == 1 else "none"
    reading = ScoreReading(activation, background)
    if evidence.labels is not None and reading.classes(columns) != evidence.labels:
        raise wrong_labels(evidence, f"{reading.classes(columns)} classes", "see --background")
    return reading


def _background(probabilities: np.ndarray) -> str:
    """``first``, but for ``last`` where most of the probability goes there."""
    first, last = (np.nanmean(probabilities[..., column]) for column in (0, -1))
    return "last" if last > max(0.5, first) else "first"


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
