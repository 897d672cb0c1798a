"""Compare segmentations: cells or pixels must have the same class."""

import numpy as np

from converter.comparison.agreement import ClassAgreement
from converter.comparison.base import ImageFindings, Outputs, Pairs, Ranked, TaskComparison
from converter.comparison.tolerance import TOLERANCES
from trt_inference.bundles.names import CLASS_MAP
from trt_inference.inference.results import OUTSIDE, Result, Segmentation

# So many pixels of a class map are kept, in a grid: all frames of a run stay in memory.
_MOST_PIXELS = 1 << 16


class SegmentationComparison(TaskComparison):
    """Compares class maps, one pixel with the other."""

    has_scores = False

    def rank(self, decoded: Outputs, count: int, gap: float, each_class: bool = False) -> Ranked:
        """Take the class map as it is, which is what the bundle gives."""
        return Ranked({CLASS_MAP: decoded[CLASS_MAP]})

    def found(
        self,
        outputs: Outputs,
        published: Result,
        pool: Result,
        tied: bool = False,
        cut: float = -np.inf,
    ) -> ImageFindings:
        """Keep the cells of the map, which the pixels of the frame only repeat."""
        cells = Segmentation(outputs[CLASS_MAP].copy())
        return ImageFindings(cells, cells, tied)

    def keep(self, result: Result) -> Result:
        """Return a copy of some of the pixels that were looked at."""
        class_map = _looked_at(_class_map(result))
        step = max(1, round((class_map.size / _MOST_PIXELS) ** 0.5))
        return Segmentation(class_map[::step, ::step].copy())

    def agree(
        self, pairs: Pairs, threshold: float, least: float = TOLERANCES["float32"].same_class
    ) -> ClassAgreement:
        """Count the pixels with the same class."""
        parts = [_same_pixels(one.published, other.published) for one, other in pairs]
        compared, same = sum(part.size for part in parts), sum(int(part.sum()) for part in parts)
        return ClassAgreement(compared, same, least=least)

    def differ(self, wanted: Result, given: Result, threshold: float) -> float:
        """Return the part of the pixels that have another class."""
        return float(1 - _same_pixels(wanted, given).mean())

    def classes(self, result: Result, threshold: float) -> np.ndarray:
        """Return the classes in the map, each once."""
        return np.unique(_class_map(result))


def _same_pixels(wanted: Result, given: Result) -> np.ndarray:
    return np.asarray(_class_map(wanted) == _class_map(given))


def _looked_at(class_map: np.ndarray) -> np.ndarray:
    """Without what a crop leaves out, which is the same whatever the model: it would make two
    models more alike than they are."""
    inside = class_map != OUTSIDE
    rows, columns = (np.flatnonzero(inside.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return class_map
    return class_map[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _class_map(result: Result) -> np.ndarray:
    if not isinstance(result, Segmentation):
        raise TypeError(f"a {type(result).__name__} was given where Segmentations are compared")
    return result.class_map
