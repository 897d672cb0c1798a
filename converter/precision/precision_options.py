"""Which precisions to make, how, and what they may lose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CALIBRATION_METHODS = ("minmax", "entropy", "percentile")


@dataclass(frozen=True)
class PrecisionOptions:
    """Which precisions to make beside fp32, how, and what they may lose.

    Attributes:
        precisions: names of those that ``find_precisions`` finds, in the order of their making.
        calibration_images: a folder to calibrate on; None takes a part of the images.
        most_calibration, most_images: images to calibrate and to measure on, at most.
        method: of calibration, one of ``CALIBRATION_METHODS``.
        limit: the largest loss; None takes that of each precision.
        keep_float: patterns of layers that stay in float32.
        keep_most_sensitive: keep the fewest layers in float32 with which the limit is met.
        fp32_alone: the user asks for fp32, and for no other.
        own: one of ``precisions`` for which nobody asked, since the model computes in it: that it
            cannot be made is no failure, and where there are no images, made-up ones do.
    """

    precisions: tuple[str, ...] = ()
    calibration_images: Path | None = None
    most_calibration: int = 300
    most_images: int = 500
    method: str = "minmax"
    limit: float | None = None
    keep_float: tuple[str, ...] = ()
    keep_most_sensitive: bool = False
    fp32_alone: bool = False
    own: str = ""
