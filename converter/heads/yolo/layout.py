"""The rows of YOLO: four values of the box, maybe an objectness, and a score for each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NAME, OBJECTNESS = "yolo", "yolo-objectness"
SIDES = 4  # values of a box before its scores


@dataclass(frozen=True)
class Layout:
    """How the values are laid out: ``[N, values, A]`` where ``boxes_last``."""

    anchors: int
    values: int
    boxes_last: bool
    objectness: bool

    def __str__(self) -> str:
        name, values = (OBJECTNESS, "5+C") if self.objectness else (NAME, "4+C")
        return f"{name} [N, {values}, A]" if self.boxes_last else f"{name} [N, A, {values}]"

    @property
    def first_score(self) -> int:
        """The place of the first class's score."""
        return SIDES + self.objectness

    @property
    def classes(self) -> int:
        """C."""
        return self.values - self.first_score

    def rows(self, values: np.ndarray) -> np.ndarray:
        """``values`` as ``[N, A, values]``."""
        return values.transpose(0, 2, 1) if self.boxes_last else values
