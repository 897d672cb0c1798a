"""Which range of pixels a graph expects that prepares them itself.

Whatever prepares pixels brings them into one of few ranges: 0 to 1, -1 to 1, or mean 0 and
deviation 1. The range from which the graph's own arithmetic leads there is what it expects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from converter.inputs.pixels import PRESETS
from converter.preprocessing.pixels_on_the_way import Affine, PixelsOnTheWay

# What the pixels can be before, by the name of the preset.
RANGES = {"zero-to-one": (0.0, 1.0), "zero-to-255": (0.0, 255.0), "minus-one-to-one": (-1.0, 1.0)}
_IMAGENET, _CAFFE = PRESETS["imagenet"], PRESETS["caffe"]
_USUAL = ((0.0, 1.0), (-1.0, 1.0), (-0.5, 0.5), (-127.5, 127.5), (0.0, 255.0))
# Mean and deviation of photographs of 0 to 255, in wide limits.
_MEANS, _DEVIATIONS = (25.0, 230.0), (20.0, 128.0)


@dataclass(frozen=True)
class OwnScaling:
    """What a graph does with its pixels.

    Attributes:
        preset: what it expects for that; empty where that is not clear.
        channels: the order of the channels that it expects; empty where nothing shows it.
        words: what it does, for people.
        ignores_range: the same comes out whatever the range is.
    """

    preset: str
    channels: str
    words: str
    ignores_range: bool = False


def find_own_scaling(way: PixelsOnTheWay, whole_numbers: bool) -> OwnScaling | None:
    """What the graph expects of its pixels; None where it does nothing with them.

    Args:
        whole_numbers: its input takes nothing but 0 to 255.
    """
    names = ["zero-to-255"] if whole_numbers else list(RANGES)
    found = {name: way.affine(*RANGES[name]) for name in names}
    known = {name: affine for name, affine in found.items() if affine is not None}
    if not known:
        if not whole_numbers and way.ignores_range():
            return OwnScaling("", "", "standardises each image", ignores_range=True)
        return None
    if all(affine.is_identity for affine in known.values()):
        return None
    fitting = [name for name, affine in known.items() if _leads_somewhere(affine, RANGES[name])]
    if not fitting:
        one = next(iter(known.values()))
        return OwnScaling("", "", _words(one))
    best = fitting[0]
    return OwnScaling(best, _order(known[best], RANGES[best]), _words(known[best]))


def _leads_somewhere(affine: Affine, before: tuple[float, float]) -> bool:
    """Whether values of ``before`` come out in a range that networks are trained with."""
    low, high = (affine.gain * end + affine.offset for end in before)
    for first, last in _USUAL:
        if _near(low, first, last - first) and _near(high, last, last - first):
            return True
    if _order(affine, before):
        return True
    if before != RANGES["zero-to-255"] or np.any(affine.gain <= 0):
        return False
    mean, deviation = -affine.offset / affine.gain, 1 / affine.gain
    return _within(mean, _MEANS) and _within(deviation, _DEVIATIONS)


def _order(affine: Affine, before: tuple[float, float]) -> str:
    """The order of the channels, where ImageNet's or Caffe's means are taken off."""
    if len(affine.gain) != 3:
        return ""
    ends = [affine.gain * end + affine.offset for end in before]
    red_first = np.asarray(_IMAGENET.mean), np.asarray(_IMAGENET.std)
    blue_first = np.asarray(_CAFFE.mean)
    for channels, step in (("rgb", 1), ("bgr", -1)):
        mean, std = (values[::step] for values in red_first)
        imagenet = [-mean / std, (1 - mean) / std]
        caffe = [-blue_first[::-step], 255 - blue_first[::-step]]
        for wanted in (imagenet, caffe):
            size = wanted[1] - wanted[0]
            if all(_near(e, w, 0.4 * size) for e, w in zip(ends, wanted, strict=True)):
                return channels
    return ""


def _near(values: np.ndarray, wanted: np.ndarray | float, size: np.ndarray | float) -> bool:
    return bool(np.all(np.abs(values - wanted) <= 0.01 * np.asarray(size)))


def _within(values: np.ndarray, limits: tuple[float, float]) -> bool:
    return bool(np.all((limits[0] <= values) & (values <= limits[1])))


def _words(affine: Affine) -> str:
    """For people, such as ``multiplies them by 0.00784 and adds -1``."""
    gain, offset = _numbers(affine.gain), _numbers(affine.offset)
    added = "" if offset == "0" else f" and adds {offset}"
    return f"multiplies them by {gain}{added}"


def _numbers(values: np.ndarray) -> str:
    texts = [f"{value:.3g}" for value in values + 0.0]
    return texts[0] if len(set(texts)) == 1 else ", ".join(texts)
