"""The precisions that the converter can make, and where they register themselves.

Each folder of ``converter.precision`` that has a module ``precision`` with a ``PRECISION`` is one:
nothing else in the converter lists them. What runs a precision is in the table of
``trt_inference.bundles.precisions``.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from dataclasses import dataclass

import converter.precision
from converter.inputs.dataset import Track
from converter.inputs.sample import Sample
from converter.precision.float32_model import Float32Model
from converter.precision.precision_builder import PrecisionBuilder
from converter.precision.precision_options import PrecisionOptions
from trt_inference.bundles.bundle import Bundle
from trt_inference.bundles.precisions import PRECISIONS
from trt_inference.discovery import registered_modules


@dataclass(frozen=True)
class PrecisionRequest:
    """What a precision is made from.

    Attributes:
        source: the model in float32.
        bundle: in which it is.
        calibration: images to find ranges on; none where the user gave none and training has
            found all ranges.
        held_out: images that the precision will be measured on.
        track: wraps images in a progress bar.
    """

    source: Float32Model
    bundle: Bundle
    calibration: tuple[Sample, ...]
    held_out: tuple[Sample, ...]
    options: PrecisionOptions
    track: Track


@dataclass(frozen=True)
class PrecisionKind:
    """What the converter needs to know about a precision.

    Attributes:
        name: as in the table of ``trt_inference.bundles.precisions``.
        largest_loss: the limit where the user gives none, see ``PrecisionMeasurement.loss``.
        calibrates: whether the quality of its ranges depends on the images to calibrate on.
        always_float32: what stays in float32 in every network, in words for the report.
        prepare: finds out which layers can be narrowed, and with which ranges. Raises
            PrecisionError where none can.
        has_all_ranges: whether quantization-aware training has found all that a model needs, so
            that no images are calibrated on.
    """

    name: str
    largest_loss: float
    calibrates: bool
    always_float32: str
    prepare: Callable[[PrecisionRequest], PrecisionBuilder]
    has_all_ranges: Callable[[Float32Model], bool] = lambda _: False


@functools.cache
def find_precisions() -> dict[str, PrecisionKind]:
    """Return every precision in ``converter.precision`` by name, in the order of the table.

    Raises:
        ValueError: the table has no entry for one of them.
    """
    modules = registered_modules(converter.precision, "precision")
    found: list[PrecisionKind] = [importlib.import_module(one).PRECISION for one in modules]
    return {kind.name: kind for kind in sorted(found, key=lambda one: PRECISIONS.index(one.name))}


def largest_loss(precision: str, options: PrecisionOptions) -> float:
    """Return the loss up to which a precision goes into the bundle."""
    return find_precisions()[precision].largest_loss if options.limit is None else options.limit
