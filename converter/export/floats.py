"""Floats of other types than float32: find them in a graph, and compute in float32 instead.

TensorRT has no float64, and a network that holds float16 tensors itself is built by few of its
versions. Of float32, every narrower precision can be made.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from converter.export.graph_view import GraphView
from converter.inputs.quiet_tensorflow import tensorflow

# What is to be known of a network that is not of float32 alone, by the type that it computes in.
NOTES = {
    "float16": "it computes in float16, and fp32.onnx in float32: fp16 is its own precision",
    "bfloat16": "it computes in bfloat16, and the bundle in float32, which has more digits",
    "float64": "it computes in float64, which TensorRT does not have: the bundle in float32",
}


def other_float(view: GraphView) -> str:
    """``bfloat16``, ``float16`` or ``float64``: the first of these in which anything is computed,
    in the bodies of functions too; ``float32`` where nothing is."""
    tf = tensorflow()
    types = {value.type for node in view.operators() for value in node.attr.values()}
    for dtype in (tf.bfloat16, tf.float16, tf.float64):
        if dtype.as_datatype_enum in types:
            return str(dtype.name)
    return "float32"


def to_float32(view: GraphView, weights: Mapping[str, Path]) -> None:
    """Compute in float32 what the graph computes in another float type.

    Args:
        weights: files of weights that are set aside, which become float32 too.
    """
    tf = tensorflow()
    others = {one.as_datatype_enum for one in (tf.bfloat16, tf.float16, tf.float64)}
    wide = tf.float32.as_datatype_enum
    for node in view.operators():
        if node.op == "Bitcast":  # there is no such thing in ONNX, and its bits are those
            continue
        for value in node.attr.values():
            if value.HasField("tensor") and value.tensor.dtype in others:
                values = _as_float32(tf.make_ndarray(value.tensor))
                value.tensor.CopyFrom(tf.make_tensor_proto(values))
            _change_types(value, others, wide)
    for function in view.graph_def.library.function:
        for argument in (*function.signature.input_arg, *function.signature.output_arg):
            if argument.type in others:
                argument.type = wide
    _drop_casts(view, wide)
    for file in weights.values():
        values = np.load(file)
        if values.dtype != np.float32:
            np.save(file, _as_float32(values))
    view.refresh()


def _as_float32(values: np.ndarray) -> np.ndarray:
    """The nearest float32: the largest one, rather than infinity, for what is larger, since masks
    are filled with the lowest float64."""
    limits = np.finfo(np.float32)
    wide = values.astype(np.float64)
    clipped = np.where(np.isfinite(wide), np.clip(wide, limits.min, limits.max), wide)
    result: np.ndarray = clipped.astype(np.float32)
    return result


def _change_types(value: Any, others: set[int], wide: int) -> None:
    if value.HasField("type") and value.type in others:
        value.type = wide
    kinds = [wide if kind in others else kind for kind in value.list.type]
    if kinds:
        value.list.type[:] = kinds


def _drop_casts(view: GraphView, wide: int) -> None:
    """Casts between two types that are the same now hand their input on. In the bodies of
    functions they stay, where the name of what they give depends on the operator."""
    for node in view.graph_def.node:
        if node.op == "Cast" and node.attr["SrcT"].type == node.attr["DstT"].type == wide:
            node.op = "Identity"
            node.attr.clear()
            node.attr["T"].type = wide
