"""Marks of differences on a picture (uint8 ``[h, w, 3]``, BGR), seen on any ground."""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from converter.replay.differences.difference import LOST, MOVED, NEW, OTHER_CLASS, SCORE_SHIFTED
from trt_inference.viewing.drawing import Color

# Okabe and Ito's colours (jfly.uni-koeln.de/color), which the colour-blind can tell apart; BGR.
MARK_COLORS: dict[str, Color] = {
    LOST: (0, 94, 213),
    NEW: (233, 180, 86),
    OTHER_CLASS: (167, 121, 204),
    MOVED: (115, 158, 0),
    SCORE_SHIFTED: (66, 228, 240),
}
_DARK: Color = (0, 0, 0)
_DASH = 5  # as many times as long as it is thick

DrawnBox = tuple[int, int, int, int]
_Point = tuple[int, int]


def mark_thickness(picture: np.ndarray) -> int:
    """How thick a mark is, in pixels: some 3 of them where the picture is shown."""
    return max(3, round(min(picture.shape[:2]) / 110))


def draw_frame(picture: np.ndarray, place: DrawnBox, color: Color) -> None:
    """A thick frame with a dark edge. ``place`` is x1, y1, x2, y2."""
    x1, y1, x2, y2 = place
    thickness = mark_thickness(picture)
    cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), _DARK, thickness + max(2, thickness // 2))
    cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), color, thickness)


def draw_dashed(picture: np.ndarray, place: DrawnBox, color: Color) -> None:
    """A thinner, dashed frame. ``place`` is x1, y1, x2, y2."""
    x1, y1, x2, y2 = place
    thickness = max(2, mark_thickness(picture) // 2)
    corners = [(x1, y1), (x2 - 1, y1), (x2 - 1, y2 - 1), (x1, y2 - 1), (x1, y1)]
    dashes = [
        dash
        for begin, end in zip(corners, corners[1:], strict=False)
        for dash in _dashes(begin, end, _DASH * thickness)
    ]
    for one_color, width in ((_DARK, thickness + 2), (color, thickness)):
        for first, second in dashes:
            cv2.line(picture, first, second, one_color, width)


def draw_edges(picture: np.ndarray, edges: Sequence[np.ndarray], color: Color) -> None:
    """Lines around regions, as OpenCV's contours."""
    thickness = max(1, mark_thickness(picture) // 2)
    cv2.drawContours(picture, edges, -1, _DARK, thickness + 2)
    cv2.drawContours(picture, edges, -1, color, thickness)


def _dashes(begin: _Point, end: _Point, length: int) -> Iterator[tuple[_Point, _Point]]:
    """The dashes of a line, each as long as the gap behind it."""
    first, vector = np.array(begin), np.subtract(end, begin)
    whole = float(np.hypot(*vector)) or 1.0
    for at in np.arange(0.0, whole, 2 * length):
        ends = [first + vector * (min(whole, one) / whole) for one in (at, at + length)]
        (x1, y1), (x2, y2) = (one.round().astype(int).tolist() for one in ends)
        yield (x1, y1), (x2, y2)
