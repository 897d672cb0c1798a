"""Boxes and texts as ``foxglove.ImageAnnotations``, which Foxglove and Lichtblick draw on the
images of a recording: https://docs.foxglove.dev/docs/sdk/schemas/image-annotations

Their Image panel can wait for all annotations that have the stamp of an image. Foxglove takes the
stamp of the message for that, Lichtblick those of the single annotations in it. So each message and
all that is in it have the stamp, and no message is empty: Lichtblick would never show its image.
"""

from collections.abc import Sequence

from foxglove.messages import (
    Color,
    ImageAnnotations,
    Point2,
    PointsAnnotation,
    PointsAnnotationType,
    TextAnnotation,
    Timestamp,
)

from converter.recordings.recorded_image import RecordedImage

_BLACK = Color(r=0.0, g=0.0, b=0.0, a=1.0)
_INVISIBLE = Color(r=0.0, g=0.0, b=0.0, a=0.0)
_MOST_SECONDS = 2**32 - 1  # of a Timestamp


class AnnotationDrawing:
    """Boxes and texts on one image, in its pixels."""

    def __init__(self, image: RecordedImage) -> None:
        self._height, width = image.frame.pixels.shape[:2]
        side = min(self._height, width)
        # As in the pictures that are drawn for people elsewhere.
        self._thickness = float(max(1, round(side / 250)))
        self._letters = float(max(12, round(side / 40)))
        self._line = 1.5 * self._letters
        self._stamp = _timestamp(image.stamp)
        self._points: list[PointsAnnotation] = []
        self._texts: list[TextAnnotation] = []

    def box(self, box: Sequence[float], color: Color, is_thin: bool = False) -> None:
        """Draw the frame of a box x1, y1, x2, y2."""
        x1, y1, x2, y2 = box
        corners = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
        thickness = 1.0 if is_thin else self._thickness
        self._add(PointsAnnotationType.LineLoop, corners, color, thickness)

    def caption(
        self, text: str, box: Sequence[float], color: Color, is_below: bool = False
    ) -> None:
        """Write above or below a box, but within the image's height."""
        foot = box[3] + self._line if is_below else box[1]
        self._write(text, box[0], min(max(foot, self._line), float(self._height)), color)

    def lines(self, lines: Sequence[tuple[str, Color]], is_below: bool = False) -> None:
        """Write below each other in the upper left corner, or in the lower one."""
        first = self._height - self._line * len(lines) if is_below else 0.0
        for number, (text, color) in enumerate(lines, start=1):
            self._write(text, 0.0, first + self._line * number, color)

    def message(self) -> ImageAnnotations:
        """All that was drawn; where that is nothing, a point that nobody sees."""
        if not self._points and not self._texts:
            self._add(PointsAnnotationType.Points, [(0.0, 0.0)], _INVISIBLE, 1.0)
        return ImageAnnotations(timestamp=self._stamp, points=self._points, texts=self._texts)

    def _add(
        self,
        kind: PointsAnnotationType,
        points: list[tuple[float, float]],
        color: Color,
        thickness: float,
    ) -> None:
        self._points.append(
            PointsAnnotation(
                timestamp=self._stamp,
                type=kind,
                points=[Point2(x=x, y=y) for x, y in points],
                outline_color=color,
                thickness=thickness,
            )
        )

    def _write(self, text: str, x: float, y: float, color: Color) -> None:
        self._texts.append(
            TextAnnotation(
                timestamp=self._stamp,
                position=Point2(x=x, y=y),
                text=text,
                font_size=self._letters,
                text_color=_BLACK,
                background_color=color,
            )
        )


def _timestamp(stamp: int) -> Timestamp:
    """A stamp in nanoseconds; the nearest that there is for one that is before 1970 or too late."""
    seconds, nanoseconds = divmod(stamp, 10**9)
    if seconds < 0:
        return Timestamp(sec=0, nsec=0)
    if seconds > _MOST_SECONDS:
        return Timestamp(sec=_MOST_SECONDS, nsec=10**9 - 1)
    return Timestamp(sec=seconds, nsec=nanoseconds)
