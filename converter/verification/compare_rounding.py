"""The source model as it was saved, in a narrow float type, against the same network in float32.

The bundle is held against TensorFlow in float32, where no rounding hides a fault. What is left is
whether the network in float32 is the one that was saved: its outputs differ by rounding, or by
much more where values are beyond the range of the narrow type.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from converter.comparison.agreement import ClassAgreement, TensorParity
from converter.comparison.base import Parity, all_rows, worst_of_each
from converter.comparison.tolerance import TOLERANCES
from converter.verification.compare_outputs import choice_of, compare_outputs
from converter.verification.source_model import SourceModel
from converter.verification.tensorflow_reference import Values
from converter.verification.verification_results import Rounding
from trt_inference.bundles.names import CLASS_MAP


@dataclass(frozen=True)
class RoundedImage:
    """The parity of the outputs for one image, and bool ``[n]``, the pixels of a class map that
    have the same class; empty for other tasks."""

    tensors: Parity
    same_class: np.ndarray


def compare_rounding(source: SourceModel, given: Values, wide: Values) -> RoundedImage | None:
    """Compare the outputs that the head reads, for one image; None where the source model computes
    in float32 itself, or does not give them, since a suppression was cut out.

    Args:
        given: outputs of the SavedModel by name.
        wide: those of the network in float32, in TensorFlow.
    """
    head = source.head
    if not source.is_widened or not set(head.inputs) <= set(given):
        return None
    choice = choice_of(source.network, head)
    tensors = compare_outputs(head, given, wide, TOLERANCES[source.float_type], choice)
    tensors = replace(tensors, tensors=tuple(_with_distances(tensors.tensors, given)))
    maps = [head.decode(outputs).get(CLASS_MAP) for outputs in (given, wide)]
    same = np.zeros(0, bool) if maps[0] is None else np.ravel(maps[0] == maps[1])
    return RoundedImage(tensors, same)


def _with_distances(parities: Iterable[TensorParity], given: Values) -> Iterator[TensorParity]:
    """Without those of class numbers, which are as far apart as classes are in a list."""
    return (one for one in parities if np.issubdtype(given[one.name].dtype, np.floating))


def all_rounding(images: Sequence[RoundedImage | None], float_type: str) -> Rounding | None:
    """Combine all images; None where none was compared."""
    known = [one for one in images if one is not None]
    if not known:
        return None
    parities = [one.tensors for one in known]
    pixels = np.concatenate([one.same_class for one in known])
    least = TOLERANCES[float_type].same_class
    return Rounding(
        worst_of_each(parities),
        all_rows(parities),
        ClassAgreement(pixels.size, int(pixels.sum()), least=least) if pixels.size else None,
    )
