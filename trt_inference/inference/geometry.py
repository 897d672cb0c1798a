"""Where a frame lies in the engine's input, and boxes and cells on the way back.

Coordinates are continuous and count pixel edges, so that a frame of 1280 pixels reaches
from 0 to 1280. That is the frame in which ``cv2.resize`` aligns source and destination.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, Optional

import numpy as np

from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import CENTER_CROP, LETTERBOX, STRETCH
from trt_inference.errors import ImageError
from trt_inference.inference.selection import Region


class WayBack(NamedTuple):
    """From boxes of the input to those of the frame, as float32 ``[4]``: minus ``start``, through
    ``scale``, plus ``lowest``, and no less than ``lowest`` and no more than ``highest``."""

    start: np.ndarray
    scale: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray


@dataclass(frozen=True)
class Placement:
    """The ``region`` of a frame of ``frame_width`` x ``frame_height`` pixels, resized to
    ``width`` x ``height`` and put at ``left``, ``top`` of the engine's input.

    ``way_back`` follows from it, and is made once for all frames that lie alike."""

    frame_width: int
    frame_height: int
    left: int
    top: int
    width: int
    height: int
    region: Region
    way_back: WayBack = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        region = self.region
        corners = (
            (self.left, self.top),
            (self.scale_x, self.scale_y),
            (region.x, region.y),
            (region.x + region.width, region.y + region.height),
        )
        vectors = np.array([2 * corner for corner in corners], np.float32)
        object.__setattr__(self, "way_back", WayBack(*vectors))

    @property
    def scale_x(self) -> float:
        """Input pixels per frame pixel across. The resized width is a whole number, so that it
        differs a little from ``scale_y`` even when the aspect ratio is kept."""
        return self.width / self.region.width

    @property
    def scale_y(self) -> float:
        """Input pixels per frame pixel down."""
        return self.height / self.region.height


def place(
    frame_height: int,
    frame_width: int,
    input_height: int,
    input_width: int,
    fitting: Fitting,
    region: Optional[Region] = None,
) -> Placement:
    """Fit a frame, or a region of it, into the input. All sizes in pixels. What of the region lies
    beyond the frame is cut off, and by ``center-crop`` what does not fit into the input.

    Raises:
        ValueError: a size is below 1.
        ImageError: nothing of the region is in the frame.
    """
    if min(frame_height, frame_width, input_height, input_width) < 1:
        raise ValueError(
            f"cannot fit {frame_width}x{frame_height} into {input_width}x{input_height} pixels"
        )
    whole = Region(0, 0, frame_width, frame_height)
    part = whole if region is None else _inside(region, whole)
    left, top, width, height = 0, 0, input_width, input_height
    if fitting.fit == CENTER_CROP:
        part = _middle(part, input_width, input_height, fitting.crop_fraction)
    elif fitting.fit != STRETCH:
        scale = min(input_width / part.width, input_height / part.height)
        width = max(1, min(input_width, round(part.width * scale)))
        height = max(1, min(input_height, round(part.height * scale)))
    if fitting.fit == LETTERBOX:
        left, top = (input_width - width) // 2, (input_height - height) // 2
    return Placement(frame_width, frame_height, left, top, width, height, part)


def _middle(part: Region, input_width: int, input_height: int, fraction: float) -> Region:
    """The middle of ``part`` with the aspect ratio of the input, ``fraction`` of the largest one.

    Of the largest one, sizes and place are those of ``crop_to_aspect_ratio`` of Keras' Resizing.
    Where torchvision resizes the shorter side and then crops, it rounds the sizes of the resized
    picture instead, so that edges differ by up to a pixel of the frame or of the input.
    """
    width = min(part.width, part.height * input_width // input_height)
    height = min(part.height, part.width * input_height // input_width)
    width, height = max(1, round(width * fraction)), max(1, round(height * fraction))
    left, top = (part.width - width) // 2, (part.height - height) // 2
    return Region(part.x + left, part.y + top, width, height)


def _inside(region: Region, whole: Region) -> Region:
    """What of ``region`` is in the frame."""
    left, top = max(region.x, 0), max(region.y, 0)
    right = min(region.x + region.width, whole.width)
    bottom = min(region.y + region.height, whole.height)
    if right <= left or bottom <= top:
        raise ImageError(
            f"the region of {region.width}x{region.height} at ({region.x}, {region.y}) is outside "
            f"of the image of {whole.width}x{whole.height}: move it, or remove it",
            kind="region outside of the image",
        )
    return Region(left, top, right - left, bottom - top)


def boxes_to_frame(boxes: np.ndarray, placement: Placement) -> np.ndarray:
    """Boxes of the engine's input as boxes of the whole frame, clipped to the region.

    All coordinates at once by vectors that are made once: of 50 boxes at the rate of a camera, that
    takes 0.03 ms, and 0.08 one axis after the other.

    Args:
        boxes: float32 ``[n, 4]``, x1, y1, x2, y2 in input pixels.

    Returns:
        float32 ``[n, 4]``, a new array, x1, y1, x2, y2 in frame pixels.
    """
    way = placement.way_back
    result: np.ndarray = boxes - way.start
    result /= way.scale
    result += way.lowest
    np.maximum(result, way.lowest, out=result)
    np.minimum(result, way.highest, out=result)
    return result


def cells_of_pixels(
    frame_size: int, start: int, size: int, input_size: int, cells: int
) -> np.ndarray:
    """Along one axis, the cell of the input in which the centre of each pixel of the frame lies.

    Args:
        frame_size: of the frame in its pixels.
        start: where the frame begins in the input, in input pixels.
        size: of the resized frame in input pixels.
        input_size: of the whole input in input pixels.
        cells: how many cells of equal size the input is divided into.

    Returns:
        int ``[frame_size]``, from 0 to ``cells - 1``, rising. A centre on the edge between two
        cells belongs to the second one.
    """
    # The centre of pixel i is at start + (i + 1/2) * size / frame_size in the input, and a cell
    # has input_size / cells pixels. In whole numbers, so that no rounding moves an edge.
    centres = 2 * frame_size * start + (2 * np.arange(frame_size) + 1) * size
    result: np.ndarray = centres * cells // (2 * frame_size * input_size)
    return result
