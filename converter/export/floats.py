"""Narrow floats: find them in a graph, and replace those that ONNX Runtime lacks by float32."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.export.graph_view import GraphView
from converter.inputs.quiet_tensorflow import tensorflow


def narrowest_float(view: GraphView) -> str:
    """``bfloat16``, ``float16`` or ``float32``: the first of these in which anything is computed,
    in the bodies of functions too."""
    tf = tensorflow()
    types = {value.type for node in view.operators() for value in node.attr.values()}
    for dtype in (tf.bfloat16, tf.float16):
        if dtype.as_datatype_enum in types:
            return str(dtype.name)
    return "float32"


def widen(view: GraphView) -> None:
    """Compute in float32 what the graph computes in bfloat16, which has fewer digits."""
    tf = tensorflow()
    narrow, wide = tf.bfloat16.as_datatype_enum, tf.float32.as_datatype_enum
    for node in view.operators():
        for value in node.attr.values():
            if value.HasField("tensor") and value.tensor.dtype == narrow:
                values = np.asarray(tf.make_ndarray(value.tensor), np.float32)
                value.tensor.CopyFrom(tf.make_tensor_proto(values))
            _widen_types(value, narrow, wide)
    for function in view.graph_def.library.function:
        for argument in (*function.signature.input_arg, *function.signature.output_arg):
            if argument.type == narrow:
                argument.type = wide
    view.refresh()


def _widen_types(value: Any, narrow: int, wide: int) -> None:
    if value.HasField("type") and value.type == narrow:
        value.type = wide
    kinds = [wide if kind == narrow else kind for kind in value.list.type]
    if kinds:
        value.list.type[:] = kinds
