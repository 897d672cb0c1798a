"""Look at every tensor of a network while images run through it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import onnx
from onnx import helper

from converter.inputs.sample import Sample
from converter.precision.model_engine import ModelEngine, watch
from trt_inference.bundles.bundle import Bundle

_PROBE = "/probe"


def largest_values(
    model: onnx.ModelProto, tensors: Sequence[str], bundle: Bundle, samples: Iterable[Sample]
) -> dict[str, float]:
    """Return the largest absolute value of each of ``tensors`` (float32) on all of ``samples``; NaN
    where one is NaN."""
    probed = _with_probes(model, tensors, "Abs", "ReduceMax")
    largest = dict.fromkeys(tensors, 0.0)
    for _, values in _run(probed, tensors, bundle, samples):
        for name, value in values.items():
            largest[name] = float(np.maximum(largest[name], value))
    return largest


def first_not_finite(
    model: onnx.ModelProto, tensors: Sequence[str], bundle: Bundle, samples: Iterable[Sample]
) -> dict[str, str]:
    """Find those of ``tensors`` that get NaN or infinite values, each with the first such image.

    For one image only the first in the order of ``tensors`` counts: the others follow from it.
    """
    # Less itself, a number is 0, and neither infinity nor NaN is.
    probed = _with_probes(model, tensors, "Sub", "ReduceSum")
    found: dict[str, str] = {}
    for sample, values in _run(probed, tensors, bundle, samples):
        bad = next((name for name in tensors if not np.isfinite(values[name])), None)
        if bad is not None:
            found.setdefault(bad, sample.name)
    return found


def _run(
    model: onnx.ModelProto, tensors: Sequence[str], bundle: Bundle, samples: Iterable[Sample]
) -> Iterator[tuple[Sample, dict[str, float]]]:
    engine = ModelEngine(model, bundle, [name + _PROBE for name in tensors])
    for sample, values in watch(engine, bundle, samples):
        yield sample, {name: float(values[name + _PROBE]) for name in tensors}


def _with_probes(
    model: onnx.ModelProto, tensors: Sequence[str], first: str, reduction: str
) -> onnx.ModelProto:
    """A copy that also gives one number for each tensor: the reduction of what ``first`` gives."""
    probed = onnx.ModelProto()
    probed.CopyFrom(model)
    for name in tensors:
        inputs = [name, name] if first == "Sub" else [name]
        probed.graph.node.append(helper.make_node(first, inputs, [f"{name}{_PROBE}/all"]))
        probed.graph.node.append(
            helper.make_node(reduction, [f"{name}{_PROBE}/all"], [name + _PROBE], keepdims=0)
        )
    return probed
