"""What differs between the two sides of a replay in one image, whatever their task."""

from converter.errors import ReplayError
from converter.replay.differences.difference import ImageDifferences
from converter.replay.differences.difference_limits import DifferenceLimits
from converter.replay.differences.differences_of_boxes import differences_of_boxes
from converter.replay.differences.differences_of_classes import differences_of_classes
from converter.replay.differences.differences_of_pixels import differences_of_pixels
from converter.replay.sides.side import SideResult
from trt_inference.inference.detections import Detections
from trt_inference.inference.results import Classification, Segmentation

__all__ = ["DifferenceLimits", "find_differences"]


def find_differences(
    before: SideResult, after: SideResult, limits: DifferenceLimits
) -> ImageDifferences:
    """Compare what two sides find in one image, with the class numbers of ``CommonLabels``.

    Returns:
        Counts of the classes up to the highest one that is in the image: ``[C]`` is as long as
        that, and not always the same.

    Raises:
        ReplayError: the sides have different tasks, or class maps of different sizes.
    """
    one, other, pool = before.published, after.published, after.pool
    if isinstance(one, Detections) and isinstance(other, Detections):
        if isinstance(pool, Detections):
            return differences_of_boxes(one, other, pool, limits)
    elif isinstance(one, Classification) and isinstance(other, Classification):
        if isinstance(pool, Classification):
            return differences_of_classes(one, other, pool, limits)
    elif isinstance(one, Segmentation) and isinstance(other, Segmentation):
        return differences_of_pixels(one, other, limits)
    raise ReplayError(
        f"the baseline gives {type(one).__name__} and the candidate {type(other).__name__}: only "
        "sides of one task can be compared"
    )
