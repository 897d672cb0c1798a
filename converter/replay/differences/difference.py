"""What differs between the two sides of a replay in one image: plain data."""

from dataclasses import dataclass

import numpy as np

from converter.recordings.recorded_image import RecordedImage
from converter.replay.sides.side import SideResult

# The kinds of differences, by the names that people see.
LOST = "lost"
NEW = "new"
OTHER_CLASS = "other class"
MOVED = "moved"
SCORE_SHIFTED = "score shifted"
KINDS = (LOST, NEW, OTHER_CLASS, MOVED, SCORE_SHIFTED)


@dataclass(frozen=True)
class FoundThing:
    """A detection, the class of an image, or a class in its class map.

    Attributes:
        class_id: in the labels that both sides have in common.
        score: of a detection or classification, 0 where it has none; of a class map the part of the
            image's pixels.
        box: x1, y1, x2, y2 in pixels of the image; None for tasks without boxes, and for a box that
            is not finite.
        is_share: whether the score is a part of the pixels of a class map.
    """

    class_id: int
    score: float
    box: tuple[float, float, float, float] | None = None
    is_share: bool = False


@dataclass(frozen=True)
class Difference:
    """One thing in which the candidate differs from the baseline.

    Attributes:
        kind: one of ``KINDS``. Of what has both moved and another score there are two differences.
        weight: how much it counts in the ranking of images, above 0.
        before: what the baseline has; None for ``NEW``.
        after: what the candidate has; for ``LOST`` what it still has with a score too low to be
            published, or what is left of it in a class map, else None.
    """

    kind: str
    weight: float
    before: FoundThing | None
    after: FoundThing | None

    @property
    def class_id(self) -> int:
        """The class to which it counts: that of the baseline, where there is one."""
        thing = self.before or self.after
        if thing is None:
            raise ValueError("a difference has neither side")
        return thing.class_id


@dataclass(frozen=True)
class ImageDifferences:
    """All differences of one image, and what was compared.

    Attributes:
        differences: the heaviest first.
        before, after: how many things of each class each side has, float64 ``[C]``, where C - 1 is
            the highest class number in the image; of class maps pixels.
        matched: how many of them both sides have in the same class, float64 ``[C]``.
    """

    differences: tuple[Difference, ...]
    before: np.ndarray
    after: np.ndarray
    matched: np.ndarray

    @property
    def weight(self) -> float:
        """How much the image differs, for the ranking; 0 where it does not."""
        return sum(one.weight for one in self.differences)


@dataclass(frozen=True)
class ComparedImage:
    """An image that both sides have looked at, with the class numbers of their common labels.

    Attributes:
        image: good until the callee returns, as its frame is.
        before: what the baseline finds; None where it has no result of this image, so that nothing
            is compared.
        after: what the candidate finds.
        found: what differs; None without ``before``.
    """

    image: RecordedImage
    before: SideResult | None
    after: SideResult
    found: ImageDifferences | None
