"""How a graph that resizes its image itself fits pictures of another aspect ratio.

Nothing is matched by name: the part of the graph up to the resized image is run on ramps, and
where these begin and end in what comes out shows what was stretched, cropped or padded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from trt_inference.bundles.names import (
    AREA,
    CENTER_CROP,
    LETTERBOX,
    LETTERBOX_TOP_LEFT,
    LINEAR,
    STRETCH,
)

WHITE = 255
# Height and width of the probes, as multiples of those of the resized image.
_WIDE, _TALL = (2, 3), (3, 2)
_SHRINK = 3
# Of the contrast of noise, what is left where it is shrunk by three: all of it where every third
# pixel is taken, a third or less where all are averaged.
_LEFT_OF_NOISE = 0.6
_TOLERANCE = 0.01  # of a side, beside the pixels that rounding may decide
# float32 [h, w, C] of pixels from 0 to 255 → [height, width, C], as the graph resizes them.
Resize = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class OwnFit:
    """How a graph fits pictures, in the words of ``Fitting``; what it crops is no more than the
    aspect ratio needs.

    Attributes:
        border: what pads them, for each channel, in the values of the graph's input; None where
            nothing does.
    """

    fit: str
    resize: str = LINEAR
    border: tuple[float, ...] | None = None


class _Part(NamedTuple):
    """Along one axis, where the picture begins and ends in the resized image, in pixels, and which
    part of it that is, from 0 to 1."""

    start: int
    end: int
    first: float
    last: float

    def is_middle(self, part: float, tolerance: float) -> bool:
        """Whether it is this part of the picture, in its middle."""
        edge = (1 - part) / 2
        return abs(self.first - edge) < tolerance and abs(self.last - (1 - edge)) < tolerance


def find_own_fit(resize: Resize, height: int, width: int, channels: int) -> OwnFit | None:
    """How pictures are fitted into ``height`` x ``width`` pixels; None where it is in no way that
    a robot knows, or not the same for wide and for upright pictures."""
    shape = height, width, channels
    wide, tall = (_fit_of(resize, shape, factors) for factors in (_WIDE, _TALL))
    if wide is None or tall is None or wide.fit != tall.fit:
        return None
    return OwnFit(wide.fit, _method(resize, shape), wide.border)


def _tolerance(shape: tuple[int, ...]) -> float:
    return _TOLERANCE + 1.5 / min(shape[:2])


def _fit_of(resize: Resize, shape: tuple[int, ...], factors: tuple[int, int]) -> OwnFit | None:
    """How pictures are fitted whose sides are ``factors`` times those of the resized image."""
    height, width, channels = shape
    picture = np.zeros((factors[0] * height, factors[1] * width, channels), np.float32)
    black, white = resize(picture), resize(picture + WHITE)
    gain = (white - black).astype(np.float64)
    seen = (np.abs(gain) > np.abs(gain).max() / 2).all(axis=-1)
    if not gain.any() or not seen.any():
        return None
    parts = []
    for axis in (0, 1):
        part = _follow_ramp(resize, picture, axis, black, gain, seen)
        if part is None:
            return None
        parts.append(part)
    found = _name(parts[0], parts[1], shape, factors)
    if found is None or seen.all():
        return found
    inside, outside = black[seen], black[~seen]
    border = WHITE * (np.median(outside, axis=0) - inside.mean(axis=0)) / gain[seen].mean(axis=0)
    return OwnFit(found.fit, border=tuple(border.tolist()))


def _follow_ramp(
    resize: Resize,
    picture: np.ndarray,
    axis: int,
    black: np.ndarray,
    gain: np.ndarray,
    seen: np.ndarray,
) -> _Part | None:
    """Where a picture that rises along ``axis`` lies in the resized image; None where it does not
    rise evenly there."""
    places = (np.arange(picture.shape[axis]) + 0.5) / picture.shape[axis]
    ramp = picture + np.expand_dims(places, (1 - axis, 2)) * WHITE
    inside = np.flatnonzero(seen.any(axis=1 - axis))
    start, end = int(inside[0]), int(inside[-1]) + 1
    with np.errstate(divide="ignore", invalid="ignore"):
        found = ((resize(ramp) - black) / gain).mean(axis=-1)
    across = np.flatnonzero(seen.any(axis=axis))
    line = found.take(across[len(across) // 2], 1 - axis)
    centres = np.arange(start, end) + 0.5
    margin = max(1, len(centres) // 8)
    if len(centres) <= 2 * margin + 1:
        return None
    inner = slice(margin, len(centres) - margin)
    slope, offset = np.polyfit(centres[inner], line[start:end][inner], 1)
    error = np.abs(slope * centres[inner] + offset - line[start:end][inner]).max()
    if not error < _tolerance(seen.shape):
        return None
    return _Part(start, end, slope * start + offset, slope * end + offset)


def _name(
    down: _Part, across: _Part, shape: tuple[int, ...], factors: tuple[int, int]
) -> OwnFit | None:
    """The fit that puts the picture where it is."""
    height, width = shape[:2]
    tolerance = _tolerance(shape)
    sizes = down.end - down.start, across.end - across.start
    whole = down.is_middle(1, tolerance) and across.is_middle(1, tolerance)
    if sizes == (height, width):
        parts = [min(factors) / factor for factor in factors]
        cropped = down.is_middle(parts[0], tolerance) and across.is_middle(parts[1], tolerance)
        return OwnFit(STRETCH) if whole else OwnFit(CENTER_CROP) if cropped else None
    expected = [side * factor / max(factors) for side, factor in zip(shape, factors, strict=False)]
    if not whole or any(abs(one - other) > 2 for one, other in zip(sizes, expected, strict=True)):
        return None
    top, left = height - sizes[0], width - sizes[1]
    if max(abs(2 * down.start - top), abs(2 * across.start - left)) <= 2:
        return OwnFit(LETTERBOX)
    return OwnFit(LETTERBOX_TOP_LEFT) if down.start == across.start == 0 else None


def _method(resize: Resize, shape: tuple[int, ...]) -> str:
    """Whether all pixels count where a picture is shrunk."""
    height, width, channels = shape
    size = _SHRINK * height, _SHRINK * width, channels
    noise = np.random.default_rng(0).integers(0, 2, size).astype(np.float32) * WHITE
    empty = np.zeros_like(noise)
    black = resize(empty)
    gain = resize(empty + WHITE) - black
    seen = (resize(noise) - black) / np.where(gain == 0, 1, gain)
    return AREA if seen.std() < _LEFT_OF_NOISE * (noise / WHITE).std() else LINEAR
