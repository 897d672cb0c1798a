"""Messages in which a robot published results → results as arrays.

The messages are those of vision_msgs, of which there are three forms: before 3.0 a hypothesis has
``id`` and ``score`` beside its pose, since then below ``hypothesis`` with ``class_id``; before 4.0
the centre of a box has ``x`` and ``y``, since then below ``position``.
"""

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from converter.errors import RecordingError
from trt_inference.bundles.names import CLASSIFICATION, DETECTION, SEGMENTATION
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification, Result, Segmentation

# Of the messages of each task.
RESULT_TYPES = {
    DETECTION: "vision_msgs/msg/Detection2DArray",
    CLASSIFICATION: "vision_msgs/msg/Classification",
    SEGMENTATION: "sensor_msgs/msg/Image",
}

# What is wrong with a detection or a hypothesis that is left out.
NO_HYPOTHESIS = "without a hypothesis"
BAD_SCORE = "with a score of NaN or infinity"
BAD_BOX = "with a box of NaN, infinity or a negative size"
UNKNOWN_CLASS = "of a class that its label_info does not name"
LEFT_OUT = (NO_HYPOTHESIS, BAD_SCORE, BAD_BOX, UNKNOWN_CLASS)
# Numbers of this size are no pixels and no scores, and could be infinite in float32. NaN is not
# below it either.
_BEYOND = 1e9
# What is counted, but taken.
READ_RESULTS, ROTATED, HIGH_SCORE, EARLIER_FORM = "read", "rotated", "score above 1", "earlier form"


class ResultReader:
    """Reads the results of one task.

    Attributes:
        counts: detections, or hypotheses of a classification, by what is wrong with them, and how
            many were taken.
    """

    def __init__(self, task: str) -> None:
        self.counts: Counter[str] = Counter()
        by_task: dict[str, Callable[..., Result]] = {
            DETECTION: self._detections,
            CLASSIFICATION: self._classification,
            SEGMENTATION: self._segmentation,
        }
        self._read = by_task[task]

    def read(self, message: Any, class_id: Callable[[str], int | None]) -> Result:
        """The content of a message, the best score first.

        Args:
            message: as ``Recordings.deserialize`` gives it.
            class_id: the class number by the text in the message; None where there is none. Of a
                class map the numbers stay as they are.

        Raises:
            RecordingError: the message has not the fields of its type.
        """
        try:
            return self._read(message, class_id)
        except (AttributeError, TypeError, ValueError, OverflowError) as error:
            raise RecordingError(f"a recorded result has not the fields it needs: {error}") from (
                error
            )

    def _detections(self, message: Any, class_id: Callable[[str], int | None]) -> Detections:
        found = [self._detection(one, class_id) for one in message.detections]
        rows = [row for row in found if row is not None]
        boxes = np.array([row[2:] for row in rows], np.float32).reshape(-1, 4)
        scores, class_ids = _columns([row[:2] for row in rows])
        order = np.argsort(-scores, kind="stable")
        return Detections(boxes, scores, class_ids)[order]

    def _detection(
        self, detection: Any, class_id: Callable[[str], int | None]
    ) -> tuple[float, int, float, float, float, float] | None:
        if not detection.results:
            self.counts[NO_HYPOTHESIS] += 1
            return None
        corners = self._corners(detection.bbox)
        hypotheses = [self._hypothesis(one, class_id) for one in detection.results]
        usable = [one for one in hypotheses if isinstance(one, tuple)]
        if corners is None or not usable:
            fault = BAD_BOX if corners is None else next(o for o in hypotheses if o in LEFT_OUT)
            self.counts[str(fault)] += 1
            return None
        self.counts[READ_RESULTS] += 1
        return (*max(usable, key=lambda one: one[0]), *corners)

    def _classification(
        self, message: Any, class_id: Callable[[str], int | None]
    ) -> Classification:
        hypotheses = [self._hypothesis(one, class_id) for one in message.results]
        usable = [one for one in hypotheses if isinstance(one, tuple)]
        self.counts.update(one for one in hypotheses if isinstance(one, str))
        self.counts[READ_RESULTS] += len(usable)
        scores, class_ids = _columns(usable)
        order = np.argsort(-scores, kind="stable")
        return Classification(scores[order], class_ids[order])

    def _segmentation(self, message: Any, _: Callable[[str], int | None]) -> Segmentation:
        if message.encoding not in ("mono8", "8UC1"):
            raise ValueError(f"a class map is mono8, this image is {message.encoding[:40]!r}")
        rows = np.asarray(message.data, np.uint8)[: message.height * message.step]
        rows = rows.reshape(message.height, message.step)
        if not 0 < message.width <= message.step:
            raise ValueError(f"rows of {message.step} bytes do not hold {message.width} pixels")
        self.counts[READ_RESULTS] += 1
        return Segmentation(np.ascontiguousarray(rows[:, : message.width]))

    def _hypothesis(
        self, result: Any, class_id: Callable[[str], int | None]
    ) -> tuple[float, int] | str:
        """Score and class number, or what is wrong."""
        hypothesis = getattr(result, "hypothesis", result)
        score = float(hypothesis.score)
        if not abs(score) < _BEYOND:
            return BAD_SCORE
        number = class_id(text_of(hypothesis))
        if number is None:
            return UNKNOWN_CLASS
        if score > 1:
            self.counts[HIGH_SCORE] += 1
        return score, number

    def _corners(self, box: Any) -> tuple[float, float, float, float] | None:
        """x1, y1, x2, y2 of the upright box around the box; None where it is none."""
        centre = getattr(box.center, "position", box.center)
        if centre is box.center:
            self.counts[EARLIER_FORM] += 1
        x, y, theta = float(centre.x), float(centre.y), float(box.center.theta)
        width, height = float(box.size_x), float(box.size_y)
        if not all(abs(one) < _BEYOND for one in (x, y, theta, width, height)):
            return None
        if width < 0 or height < 0:
            return None
        if theta:
            self.counts[ROTATED] += 1
            cosine, sine = abs(math.cos(theta)), abs(math.sin(theta))
            width, height = width * cosine + height * sine, width * sine + height * cosine
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def text_of(hypothesis: Any) -> str:
    """The class that a hypothesis names, by name or number, as text."""
    text = getattr(hypothesis, "class_id", None)
    return str(hypothesis.id if text is None else text)


def texts_of(message: Any) -> set[str]:
    """The classes that a message of detections or of a classification names, as texts.

    Raises:
        RecordingError: the message has not the fields of its type.
    """
    try:
        detections = getattr(message, "detections", None)
        lists = [message.results] if detections is None else [one.results for one in detections]
        return {text_of(getattr(one, "hypothesis", one)) for many in lists for one in many}
    except (AttributeError, TypeError) as error:
        raise RecordingError(f"a recorded result has not the fields it needs: {error}") from error


def _columns(rows: list[tuple[float, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Scores, float32 ``[n]``, and class numbers, int32 ``[n]``."""
    scores = np.array([score for score, _ in rows], np.float32)
    return scores, np.array([number for _, number in rows], np.int32)
