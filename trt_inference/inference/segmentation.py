"""Class map of an engine → the class of each pixel of the frame."""

from typing import Mapping, Optional

import numpy as np

from trt_inference.bundles.bundle import Thresholds
from trt_inference.bundles.names import CLASS_MAP
from trt_inference.inference.geometry import Placement, cells_of_pixels
from trt_inference.inference.results import OUTSIDE, Segmentation
from trt_inference.inference.selection import EVERYTHING, Selection


class FrameClasses:
    """Gives each pixel of the frame the class of the cell of the map in which its centre lies.

    Classes cannot be averaged, so this is nearest neighbour, without the letterbox's borders. A
    row of cells is stretched to the frame's width once and then copied to each of its rows: at
    1920x1080 that takes less than half of cv2.remap's time, which looks up each pixel by itself.
    Look-up tables and arrays are made once, and again only when the frame's size or the region
    changes. Outside of the region each pixel is ``OUTSIDE``.
    """

    def __init__(self, input_height: int, input_width: int) -> None:
        """
        Args:
            input_height: of the engine's input in pixels, all of which the map covers.
            input_width: likewise.
        """
        self._input_size = input_height, input_width
        self._placement: Optional[Placement] = None

    def __call__(
        self,
        outputs: Mapping[str, np.ndarray],
        placement: Placement,
        thresholds: Thresholds,
        selection: Selection = EVERYTHING,
    ) -> Segmentation:
        """The classes of one frame, in an array that the next call overwrites.

        Args:
            outputs: of one image: ``class_map`` uint8 ``[h, w]``, always of the same size.
            placement: where the frame lies in the input.
            thresholds: not used, each pixel has a class.
            selection: not used beside the region, which is the placement's.
        """
        class_map = outputs[CLASS_MAP]
        if placement != self._placement:
            self._adapt(placement, class_map)
        # mode: any but the default writes to ``out`` without a copy; no index is out of range.
        # (Where the region is narrower than the frame, the few rows of cells do get a copy.)
        np.take(class_map[self._content], self._columns, 1, out=self._inside, mode="clip")
        np.take(self._stretched, self._rows, 0, out=self._looked_at, mode="clip")
        return Segmentation(self._classes)

    def _adapt(self, placement: Placement, class_map: np.ndarray) -> None:
        x, y, width, height = placement.region
        input_height, input_width = self._input_size
        map_height, map_width = class_map.shape
        rows = cells_of_pixels(height, placement.top, placement.height, input_height, map_height)
        self._columns = cells_of_pixels(
            width, placement.left, placement.width, input_width, map_width
        )
        self._content = slice(rows[0], rows[-1] + 1)
        self._rows = rows - rows[0]
        whole = placement.frame_height, placement.frame_width
        self._stretched = np.full((rows[-1] + 1 - rows[0], whole[1]), OUTSIDE, np.uint8)
        self._inside = self._stretched[:, x : x + width]
        self._classes = np.full(whole, OUTSIDE, np.uint8)
        self._looked_at = self._classes[y : y + height]
        self._placement = placement
