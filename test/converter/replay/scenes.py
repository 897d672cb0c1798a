"""Scenes of boxes as plain rows, and their figures without the code under test.

A row is class, score, x1, y1, x2, y2. Coordinates are whole and scores n/64, so that float32 holds
them as they are.
"""

import random
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from converter.recordings.recorded_image import RecordedImage
from converter.replay.differences.difference import ComparedImage, ImageDifferences
from converter.replay.differences.find_differences import DifferenceLimits, find_differences
from converter.replay.sides.side import SideResult
from trt_inference.inference.detections import Detections
from trt_inference.inference.frame import Frame
from trt_inference.inference.results import Classification, Result, Segmentation

LIMITS = DifferenceLimits()
CLASSES = 5
CELL = 200  # pixels; a box stays so far inside of its own that it can be shifted


class Row(NamedTuple):
    class_id: int
    score: float
    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def box(self) -> tuple[float, float, float, float]:
        return self.x1, self.y1, self.x2, self.y2

    def shifted(self, across: float, down: float) -> "Row":
        return self._replace(
            x1=self.x1 + across, x2=self.x2 + across, y1=self.y1 + down, y2=self.y2 + down
        )


def iou(one: Row, other: Row) -> Fraction:
    """By the definition, in fractions: for boxes with an area."""
    across = min(one.x2, other.x2) - max(one.x1, other.x1)
    down = min(one.y2, other.y2) - max(one.y1, other.y1)
    shared = Fraction(max(across, 0)) * Fraction(max(down, 0))
    areas = (Fraction(row.x2 - row.x1) * Fraction(row.y2 - row.y1) for row in (one, other))
    return shared / (sum(areas) - shared)


def detections(rows: list[Row]) -> Detections:
    table = np.array(rows, np.float32).reshape(-1, 6)
    return Detections(table[:, 2:], table[:, 1], table[:, 0].astype(np.int32))


def side(rows: list[Row], below: list[Row] | None = None) -> SideResult:
    """What a side publishes, and what it has besides with too low a score."""
    published = detections(rows)
    return SideResult(published, detections([*rows, *below]) if below else published)


def found_in(
    before: list[Row], after: list[Row], below: list[Row] | None = None
) -> ImageDifferences:
    return find_differences(side(before), side(after, below), LIMITS)


def same(result: Result) -> SideResult:
    return SideResult(result, result)


def classified(*pairs: tuple[int, float]) -> Classification:
    """Classes with their scores."""
    return Classification(
        np.array([score for _, score in pairs], np.float32),
        np.array([class_id for class_id, _ in pairs], np.int32),
    )


def class_map(rows: list[list[int]]) -> Segmentation:
    return Segmentation(np.array(rows, np.uint8))


def compared(before: SideResult | None, after: SideResult, seconds: float = 0.0) -> ComparedImage:
    image = RecordedImage("/camera", 0, "camera", 0, seconds, Frame(np.zeros((2, 2, 3), np.uint8)))
    found = None if before is None else find_differences(before, after, LIMITS)
    return ComparedImage(image, before, after, found)


def separated(chance: random.Random, most: int = 12) -> list[Row]:
    """Boxes that do not come near each other, each in a cell of its own."""
    cells = chance.sample([(x, y) for x in range(6) for y in range(4)], chance.randint(2, most))
    rows = []
    for x, y in cells:
        width, height = chance.randint(60, 100), chance.randint(60, 100)
        left, top = x * CELL + chance.randint(40, 60), y * CELL + chance.randint(40, 60)
        score = chance.randint(26, 60) / 64
        class_id = chance.randrange(CLASSES)
        rows.append(Row(class_id, score, left, top, left + width, top + height))
    return rows


def crowded(chance: random.Random) -> list[Row]:
    """Boxes that overlap each other as they like, some of them several times at one place."""
    rows = []
    for _ in range(chance.randint(5, 25)):
        left, top = chance.randint(0, 60), chance.randint(0, 60)
        width, height = chance.randint(20, 60), chance.randint(20, 60)
        score = chance.randint(20, 60) / 64
        row = Row(chance.randrange(3), score, left, top, left + width, top + height)
        rows.extend([row] * chance.choice([1, 1, 1, 2, 4]))
    return rows


def jittered(chance: random.Random, rows: list[Row]) -> list[Row]:
    """The same objects as another precision sees them: a pixel and some hundredths off, in another
    order."""
    moved = [
        row.shifted(chance.choice([-1, 0, 1]), chance.choice([-1, 0, 1]))._replace(
            score=row.score + chance.choice([-3, -1, 0, 1, 3]) / 64
        )
        for row in rows
    ]
    chance.shuffle(moved)
    return moved
