"""The forms of class scores, and how they become probabilities of classes alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.heads.decoding.onnx_lines import Lines, index

ACTIVATIONS = ("none", "sigmoid", "softmax")
BACKGROUNDS = ("none", "first", "last")
TOLERANCE = 1e-3  # of float arithmetic, for probabilities and for class numbers
ONE = 1e-2  # how far from 1 the sum of a softmax of half precision may be


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
            "none": "Identity",
            "sigmoid": "Sigmoid",
            "softmax": "Softmax <axis = 2>",
        }[self.activation]
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


def sum_to_one(probabilities: np.ndarray) -> bool:
    """Whether the finite rows ``[..., columns]`` each sum to 1, as a softmax makes them."""
    rows = probabilities.reshape(-1, probabilities.shape[-1])
    rows = rows[np.isfinite(rows).all(axis=1)]
    return len(rows) > 0 and bool((np.abs(rows.sum(axis=1, dtype=np.float64) - 1) < ONE).all())
