"""What the sides of a replay find, and in what they differ, as annotations of the image."""

from collections.abc import Sequence

import numpy as np
from foxglove.messages import Color, ImageAnnotations

from converter.recordings.recorded_image import RecordedImage
from converter.replay.differences.describe_difference import describe_difference
from converter.replay.differences.difference import (
    LOST,
    MOVED,
    NEW,
    OTHER_CLASS,
    SCORE_SHIFTED,
    Difference,
    FoundThing,
    ImageDifferences,
)
from converter.replay.files.image_annotations import AnnotationDrawing
from trt_inference.inference.detections import Detections
from trt_inference.inference.labels_of_classes import class_name
from trt_inference.inference.results import Classification
from trt_inference.printable import printable, shortened
from trt_inference.viewing.drawing import class_color

_GREY = Color(r=0.8, g=0.8, b=0.8, a=1.0)
DIFFERENCE_COLORS = {
    LOST: Color(r=1.0, g=0.25, b=0.25, a=1.0),
    NEW: Color(r=0.2, g=0.9, b=0.3, a=1.0),
    OTHER_CLASS: Color(r=1.0, g=0.65, b=0.0, a=1.0),
    MOVED: Color(r=0.3, g=0.7, b=1.0, a=1.0),
    SCORE_SHIFTED: _GREY,
}
_LONGEST_NAME = 100  # characters of a label


class ResultAnnotator:
    """Draws results and differences with the labels that both sides have in common."""

    def __init__(self, labels: Sequence[str]) -> None:
        """
        Args:
            labels: of the class numbers; may grow.
        """
        self._labels = labels
        self._names: dict[int, str] = {}
        self._colors: dict[int, Color] = {}

    def result(
        self, image: RecordedImage, result: Detections | Classification, is_baseline: bool
    ) -> ImageAnnotations:
        """Boxes in the colours of their classes, or a list of classes.

        Args:
            is_baseline: so that both sides can be seen at once, the baseline's boxes are thin and
                have their captions below, and its list is in the lower left corner.
        """
        drawing = AnnotationDrawing(image)
        if isinstance(result, Detections):
            result = result[np.isfinite(result.xyxy).all(axis=1)]  # nobody can draw the others
        ids, scores = result.class_ids.tolist(), result.scores.tolist()
        captions = [
            (f"{self._name(one)} {score:.2f}", self._color(one))
            for one, score in zip(ids, scores, strict=True)
        ]
        if isinstance(result, Classification):
            drawing.lines(captions, is_baseline)
            return drawing.message()
        for box, (text, color) in zip(result.xyxy.tolist(), captions, strict=True):
            drawing.box(box, color, is_baseline)
            drawing.caption(text, box, color, is_baseline)
        return drawing.message()

    def no_result(self, image: RecordedImage) -> ImageAnnotations:
        """That the baseline has none, so that the boxes of the image before do not stay."""
        drawing = AnnotationDrawing(image)
        drawing.lines([("no result of the baseline", _GREY)], is_below=True)
        return drawing.message()

    def differences(self, image: RecordedImage, found: ImageDifferences) -> ImageAnnotations:
        """What differs, in a colour for each kind, and nothing else."""
        drawing = AnnotationDrawing(image)
        without_box = []
        for (before, after), differences in _by_things(found.differences).items():
            color = DIFFERENCE_COLORS[differences[0].kind]
            shown = before if differences[0].kind == LOST else after or before
            if shown is None or shown.box is None:
                texts = (describe_difference(one, self._labels) for one in differences)
                without_box += [(text, color) for text in texts]
                continue
            text = ", ".join(self._words(one) for one in differences)
            if differences[0].kind == MOVED and before is not None and before.box is not None:
                drawing.box(before.box, color, is_thin=True)
            drawing.box(shown.box, color)
            drawing.caption(text, shown.box, color)
        drawing.lines(without_box)
        return drawing.message()

    def _words(self, difference: Difference) -> str:
        """What differs in the box that it is written at."""
        before, after = difference.before, difference.after
        if before is None or after is None:
            thing = before or after
            return f"{difference.kind}: {self._thing(thing)}" if thing else difference.kind
        if difference.kind == OTHER_CLASS:
            return f"{self._name(before.class_id)} → {self._thing(after)}"
        if difference.kind == MOVED:
            return f"{MOVED}: {self._thing(after)}"
        kind = f"{LOST}: " if difference.kind == LOST else ""
        return f"{kind}{self._thing(before)} → {after.score:.2f}"

    def _thing(self, thing: FoundThing) -> str:
        return f"{self._name(thing.class_id)} {thing.score:.2f}"

    def _name(self, class_id: int) -> str:
        name = self._names.get(class_id)
        if name is None:
            text = shortened(printable(class_name(self._labels, class_id)), _LONGEST_NAME)
            name = self._names[class_id] = text
        return name

    def _color(self, class_id: int) -> Color:
        color = self._colors.get(class_id)
        if color is None:
            blue, green, red = (value / 255 for value in class_color(class_id))
            color = self._colors[class_id] = Color(r=red, g=green, b=blue, a=1.0)
        return color


def _by_things(
    differences: Sequence[Difference],
) -> dict[tuple[FoundThing | None, FoundThing | None], list[Difference]]:
    """Differences of the same things together, as what has moved and has another score."""
    groups: dict[tuple[FoundThing | None, FoundThing | None], list[Difference]] = {}
    for one in differences:
        groups.setdefault((one.before, one.after), []).append(one)
    return groups
