"""The precision in which a model computes itself, as those of Keras' policy ``mixed_float16`` do.

The bundle's fp32 is such a network in float32, and its own precision is made without being asked
for: it is what the model was trained or stored in.
"""

from dataclasses import replace
from pathlib import Path
from typing import Optional

from converter.precision.precision_options import PrecisionOptions
from converter.precision.precision_results import Precisions

_OF_TYPE = {"float16": "fp16"}


def own_precision(float_type: str) -> Optional[str]:
    """Return the name of the precision of a model that computes in ``float_type``; None where
    fp32 is all that it has."""
    return _OF_TYPE.get(float_type)


def with_own_precision(options: PrecisionOptions, float_type: str) -> PrecisionOptions:
    """Return the options with the model's own precision among those to be made, unless the user
    asks for fp32 alone."""
    own = own_precision(float_type)
    if own is None or own in options.precisions or options.fp32_alone:
        return options
    return replace(options, precisions=(own, *options.precisions), own=own)


def without_own_precision(own: str, bundle: Path, reason: Exception) -> Precisions:
    """Return what is reported where the model's own precision could not be made."""
    note = (
        f"{own}, in which the model computes itself, is not in the bundle: {reason}. trt-inference "
        f"quantize {bundle} --precision {own} --images PICTURES adds it"
    )
    return Precisions((), (note,), own=own)
