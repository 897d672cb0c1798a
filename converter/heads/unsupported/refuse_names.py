"""Signatures whose outputs have the names of a task without a bundle."""

from __future__ import annotations

import re
from collections.abc import Sequence

from converter.errors import HeadError

# The names of the TF Object Detection API and of TF Model Garden,
# https://github.com/tensorflow/models/tree/master/research/object_detection.
_TASKS = {
    "masks of objects, as Mask R-CNN does": re.compile("^detection_(masks|.*_masks|masks_.*)$"),
    "key points of objects": re.compile("^detection_keypoint"),
    "points on the surface of persons": re.compile("^detection_surface_coord"),
}
_OF_BOXES = re.compile("^(detection_(boxes|scores|classes)|num_detections)$")


def refuse_unsupported_names(outputs: Sequence[str]) -> None:
    """Refuse a signature with an output for such a task; nothing has to be run for it.

    Args:
        outputs: names of its outputs that are converted.

    Raises:
        HeadError: it has one; the message gives the ``--outputs`` that leave it out.
    """
    for task, pattern in _TASKS.items():
        found = [name for name in outputs if pattern.search(name)]
        if found:
            raise HeadError(
                f"the model finds {task}: it has output {', '.join(found)}, and there is no bundle "
                f"for these. {_remedy(outputs)}"
            )


def _remedy(outputs: Sequence[str]) -> str:
    of_boxes = [name for name in outputs if _OF_BOXES.search(name)]
    if len(of_boxes) < 3:
        return "Export a detection model"
    return f"To convert its boxes alone, give --outputs {' '.join(of_boxes)}"
