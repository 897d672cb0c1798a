"""Replace TensorFlow operators that tf2onnx does not know by others that it does know."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.export.graph_view import GraphView, canonical
from converter.export.known_sizes import write_known_sizes
from converter.export.nodes import constant
from converter.export.provenance import imported, shapes_of
from converter.export.sign_bits import replace_sign_bits
from converter.inputs.quiet_tensorflow import tensorflow


def rewrite(view: GraphView) -> None:
    """Replace them in the graph."""
    new: list[Any] = []
    patches = [node for node in view.graph_def.node if node.op == "ExtractImagePatches"]
    broadcasts = [node for node in view.graph_def.node if node.op == "BroadcastArgs"]
    resizes = any(node.op == "ScaleAndTranslate" for node in view.graph_def.node)
    shapes = shapes_of(imported(view)) if patches or broadcasts or resizes else {}
    for node in view.graph_def.node:
        if node.op in _WITH_ONE:
            new += _with_one(node)
        elif node.op == "Less":
            new += replace_sign_bits(view, node)
    for node in patches:
        shape = shapes.get(canonical(node.input[0]))
        if shape is not None and len(shape) == 4 and shape[3] > 0:
            new += _convolution_of_patches(node, shape[3])
    for node in broadcasts:
        _larger_sizes(node, *(shapes.get(canonical(tensor)) for tensor in node.input[:2]))
    view.graph_def.node.extend(new)
    view.refresh()
    if resizes:  # their factor is computed from the size of the image
        write_known_sizes(view, shapes)


def _larger_sizes(node: Any, *shapes: tuple[int, ...] | None) -> None:
    """The shape to which two shapes of as many axes are broadcast, each of their sizes being 1
    where the other's is not: ``tf.experimental.numpy.take_along_axis`` asks for it."""
    if shapes[0] and shapes[0] == shapes[1] and shapes[0][0] > 0:
        node.op = "Maximum"


# Operator → (the operator that it stands for, what is done with 1 and its result or argument).
_WITH_ONE = {"Erfc": ("Erf", "Sub"), "Expm1": ("Exp", "Sub"), "Log1p": ("Log", "AddV2")}


def _with_one(node: Any) -> list[Any]:
    """By their definitions: erfc(x) = 1 - erf(x), which Keras has in its gelu, expm1(x) =
    exp(x) - 1 and log1p(x) = log(1 + x)."""
    operator, arithmetic = _WITH_ONE[node.op]
    kind, argument, name = node.op, node.input[0], node.name
    one = constant(f"{name}/one", np.ones((), _type(node)))
    inner = _node(f"{name}/inner", operator, [argument], node)
    if kind == "Log1p":
        inner.op = arithmetic
        inner.input[:] = [argument, one.name]
        node.op = operator
        node.input[:] = [inner.name]
    else:
        node.op = arithmetic
        node.input[:] = [one.name, inner.name] if kind == "Erfc" else [inner.name, one.name]
    return [one, inner]


def _convolution_of_patches(node: Any, channels: int) -> list[Any]:
    """Patches are a convolution with a kernel that picks each value of a patch for one channel of
    the result, row by row (https://www.tensorflow.org/api_docs/python/tf/image/extract_patches).
    """
    _, height, width, _ = node.attr["ksizes"].list.i
    values = height * width * channels
    kernel = np.eye(values, dtype=_type(node)).reshape(height, width, channels, values)
    picker = constant(f"{node.name}/kernel", kernel)
    strides, rates = (list(node.attr[name].list.i) for name in ("strides", "rates"))
    padding, dtype = node.attr["padding"].s, node.attr["T"].type
    node.op = "Conv2D"
    node.input[:] = [node.input[0], picker.name]
    node.attr.clear()
    node.attr["T"].type, node.attr["padding"].s = dtype, padding
    node.attr["strides"].list.i.extend(strides)
    node.attr["dilations"].list.i.extend(rates)
    return [picker]


def _type(node: Any) -> Any:
    return tensorflow().dtypes.as_dtype(node.attr["T"].type).as_numpy_dtype


def _node(name: str, operator: str, inputs: list[str], like: Any) -> Any:
    node = tensorflow().compat.v1.NodeDef(name=name, op=operator, input=inputs)
    node.attr["T"].type = like.attr["T"].type
    return node
