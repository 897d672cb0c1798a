"""The images that differ most, with pictures of what both sides found."""

import heapq
from collections.abc import Sequence

from converter.replay.differences.describe_difference import describe_difference
from converter.replay.differences.difference import ComparedImage
from converter.replay.pictures.draw_differences import draw_both_sides
from converter.replay.results.replay_results import WorstImage
from converter.replay.sides.side import SideResult
from converter.report.drawn_pictures import as_jpeg, made_smaller, result_caption

_Entry = tuple[float, int, WorstImage]


class WorstImages:
    """Keeps those that differ most; of equals those that come first.

    Pictures are drawn only of images that are among them so far, so that memory stays the same
    however long the recording is.
    """

    def __init__(self, count: int, labels: Sequence[str]) -> None:
        """Args:
        count: how many are kept; 0 for none.
        labels: of both sides. They are not copied: what is added to them later is known.
        """
        self._count, self._labels = count, labels
        # The lightest is on top, and of equals the one that came last.
        self._kept: list[_Entry] = []
        self._seen = 0

    def add(self, compared: ComparedImage) -> None:
        """Keep the image if it is among the worst so far. Nothing of it is used afterwards."""
        self._seen += 1
        weight = compared.found.weight if compared.found is not None else 0.0
        if not weight > 0 or self._count <= 0:
            return
        if len(self._kept) < self._count:
            heapq.heappush(self._kept, self._entry(compared, weight))
        elif weight > self._kept[0][0]:
            heapq.heapreplace(self._kept, self._entry(compared, weight))

    def worst(self) -> tuple[WorstImage, ...]:
        """What is kept, the worst first."""
        return tuple(image for _, _, image in sorted(self._kept, reverse=True))

    def _entry(self, compared: ComparedImage, weight: float) -> _Entry:
        return weight, -self._seen, _worst_image(compared, weight, self._labels)


def _worst_image(compared: ComparedImage, weight: float, labels: Sequence[str]) -> WorstImage:
    if compared.before is None or compared.found is None:
        raise ValueError(f"nothing of {compared.image.name} was compared")
    left, right = (as_jpeg(made_smaller(one)) for one in draw_both_sides(compared, labels))
    return WorstImage(
        name=compared.image.name,
        topic=compared.image.topic,
        seconds=compared.image.seconds,
        weight=weight,
        differences=tuple(describe_difference(one, labels) for one in compared.found.differences),
        pictures=(left, right),
        captions=(_caption(compared.before, labels), _caption(compared.after, labels)),
    )


def _caption(side: SideResult, labels: Sequence[str]) -> str:
    if not side.is_finite:
        return "nothing: its network gave NaN or infinity"
    return result_caption(side.published, labels)
