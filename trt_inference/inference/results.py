"""What the tasks other than detection find in one image, as arrays."""

from dataclasses import dataclass
from typing import ClassVar, List, Tuple, Union

import numpy as np

from trt_inference.inference.detections import Detections


@dataclass(frozen=True)
class Classification:
    """What an image as a whole shows, the best score first.

    Attributes:
        scores: float32 ``[n]`` in [0, 1], falling.
        class_ids: int32 ``[n]``, index into the bundle's labels, if the network keeps to them.
        is_finite: False where the network gave a score of NaN or infinity, which is left out.
    """

    scores: np.ndarray
    class_ids: np.ndarray
    is_finite: bool = True

    def __len__(self) -> int:
        return len(self.scores)


OUTSIDE = 255  # in a class map: outside of the region of interest, not looked at


@dataclass(frozen=True)
class Segmentation:
    """The class of each pixel of an image.

    Attributes:
        class_map: uint8 ``[h, w]`` in the image's own size, index into the bundle's labels, or
            ``OUTSIDE``.
            From a ``Detector`` it is one array that the next call overwrites: copy it to keep it.
        is_finite: always True: the network chooses the classes itself, and whole numbers do not
            show what it chose them from.
    """

    class_map: np.ndarray
    is_finite: ClassVar[bool] = True

    def shares(self) -> List[Tuple[int, float]]:
        """The classes in the image with their part of its pixels, in (0, 1], the largest first;
        ``OUTSIDE`` among them."""
        counts = np.bincount(self.class_map.ravel())
        order = np.argsort(-counts, kind="stable")
        return [
            (int(class_id), float(counts[class_id] / self.class_map.size))
            for class_id in order
            if counts[class_id]
        ]


Result = Union[Detections, Classification, Segmentation]
