"""Both results of an image drawn on it, with what differs marked, for people to look at.

What both sides have in the same way is grey and thin; what differs is thick, in the colour of its
kind, and named. Where one side lacks a box, its place is dashed. Images are uint8 ``[h, w, 3]``,
BGR.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from converter.replay.differences.difference import LOST, OTHER_CLASS, ComparedImage, Difference
from converter.replay.pictures.draw_marks import (
    MARK_COLORS,
    DrawnBox,
    draw_dashed,
    draw_edges,
    draw_frame,
    mark_thickness,
)
from trt_inference.inference.detections import Detections
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.inference.results import Classification, Result, Segmentation
from trt_inference.viewing.drawing import (
    Color,
    draw_box,
    draw_caption,
    draw_classification,
    draw_segmentation,
)
from trt_inference.viewing.enlarge import enlarge

_QUIET: Color = (200, 200, 200)
_MOST_LETTERS = 32
_FAR = 10_000  # pixels; OpenCV cannot draw to where a damaged result may be


def draw_both_sides(
    compared: ComparedImage, labels: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """What baseline and candidate would publish, each on its own copy of the image.

    Args:
        compared: an image with results of both sides.
    """
    if compared.before is None or compared.found is None:
        raise ValueError(f"nothing of {compared.image.name} was compared")
    image = compared.image.frame.bgr()
    before, after = compared.before.published, compared.after.published
    names = [_short(label) for label in labels]
    if isinstance(before, Segmentation) and isinstance(after, Segmentation):
        return _draw_class_maps(image, before, after, names)
    left, right = _draw(image, before, names), _draw(image, after, names)
    factor = left.shape[0] // image.shape[0]
    _mark(left, factor, compared.found.differences, names, is_candidate=False)
    _mark(right, factor, compared.found.differences, names, is_candidate=True)
    return left, right


def _short(label: str) -> str:
    return label if len(label) <= _MOST_LETTERS else f"{label[: _MOST_LETTERS - 3]}..."


def _draw(image: np.ndarray, result: Result, names: Sequence[str]) -> np.ndarray:
    larger, result = enlarge(image, result)
    if isinstance(result, Classification):
        return draw_classification(larger, result, names)
    picture = larger.copy()
    if isinstance(result, Detections):
        thickness = max(1, mark_thickness(picture) // 3)
        for box, score, class_id in zip(
            result.xyxy, result.scores.tolist(), result.class_ids.tolist(), strict=True
        ):
            caption = f"{class_name(names, class_id)} {score:.2f}"
            draw_box(picture, _place(box), caption, _QUIET, thickness)
    return picture


def _mark(
    picture: np.ndarray,
    factor: int,
    differences: Sequence[Difference],
    names: Sequence[str],
    is_candidate: bool,
) -> None:
    """Mark on the picture of one side, ``factor`` times as large as the image, where it differs:
    the heaviest on top."""
    for one in reversed(differences):
        thing = one.after if is_candidate else one.before
        shown = thing or one.before or one.after
        if shown is None or shown.box is None:
            continue
        place, color = _place(np.array(shown.box) * factor), MARK_COLORS[one.kind]
        # What is lost may still be there, with a score too low to be published.
        if thing is None or (is_candidate and one.kind == LOST):
            draw_dashed(picture, place, color)
            caption = "" if thing is None else f"only {thing.score:.2f}"
        else:
            draw_frame(picture, place, color)
            caption = f"{one.kind}: {class_name(names, shown.class_id)} {shown.score:.2f}"
        if caption:
            draw_caption(picture, caption, place[:2], color)


def _place(box: np.ndarray) -> DrawnBox:
    near = np.clip(np.nan_to_num(np.asarray(box, np.float64)), -_FAR, _FAR)
    x1, y1, x2, y2 = near.round().astype(int).tolist()
    return x1, y1, x2, y2


def _draw_class_maps(
    image: np.ndarray, before: Segmentation, after: Segmentation, names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Both class maps over the image, and a line around what has another class."""
    drawn = [_class_map(image, one, names) for one in (before, after)]
    pictures, maps = zip(*drawn, strict=True)
    if maps[0].shape == maps[1].shape:
        edges = _edges((maps[0] != maps[1]).astype(np.uint8), mark_thickness(pictures[0]))
        for picture in pictures:
            draw_edges(picture, edges, MARK_COLORS[OTHER_CLASS])
    return pictures[0], pictures[1]


def _class_map(
    image: np.ndarray, result: Segmentation, names: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """A class map over the image, and itself as large as the picture."""
    height, width = result.class_map.shape
    fitting = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
    larger, shown = enlarge(fitting, result)
    if not isinstance(shown, Segmentation):
        raise TypeError(f"a class map became {type(shown).__name__}")
    return draw_segmentation(larger, shown, names), shown.class_map


def _edges(changed: np.ndarray, least: int) -> Sequence[np.ndarray]:
    """The contours of regions that are at least ``least`` pixels wide: along each border between
    two classes some pixels differ."""
    kernel = np.ones((least, least), np.uint8)
    regions = cv2.morphologyEx(changed, cv2.MORPH_OPEN, kernel)
    contours, _ = cv2.findContours(regions, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return contours
