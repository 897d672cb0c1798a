"""The part of a graph behind the layers of its network, and what it needs to be run alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from converter.export.graph_view import GraphView, canonical
from converter.export.own_outputs import OutputValues
from converter.inputs.quiet_tensorflow import tensorflow

# Operators of layers: what depends on one tells more about the image than its size.
LAYERS = ("Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2", "Einsum", "CropAndResize")


def behind_layers(view: GraphView, tensors: Iterable[str], stop: Iterable[str]) -> bool:
    """Whether ``tensors`` depend on a layer of the network in another way than through the nodes
    in ``stop``, or through the size of something."""
    sizes = [name for name, node in view.nodes.items() if node.op in ("Shape", "ShapeN", "Size")]
    needed = view.ancestors(tensors, {*stop, *sizes}) - set(stop)
    return any(view.nodes[name].op in LAYERS for name in needed)


def has_layers_behind(view: GraphView, name: str) -> bool:
    """Whether a layer depends on the node: what it chooses goes to a second stage."""
    return any(view.nodes[follower].op in LAYERS for follower in view.descendants([name]))


def open_session(graph: Any) -> Any:
    """A session that runs the graph as it is: optimizing it takes longer than a few runs."""
    tf = tensorflow()
    config = tf.compat.v1.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return tf.compat.v1.Session(graph=graph, config=config)


def zeros_of_inputs(graph: Any, names: Iterable[str]) -> OutputValues:
    """Zeros for those of the nodes that are inputs of the graph, of one image."""
    inputs = [graph.get_tensor_by_name(f"{name}:0") for name in names if _is_input(graph, name)]
    return {
        tensor.name: np.zeros(
            [size or 1 for size in tensor.shape.as_list()], tensor.dtype.as_numpy_dtype
        )
        for tensor in inputs
        if tensor.shape.rank is not None
    }


def _is_input(graph: Any, name: str) -> bool:
    return bool(graph.get_operation_by_name(name).type == "Placeholder")


def fixed_sizes(
    view: GraphView, graph: Any, outputs: Mapping[str, str], stop: set[str]
) -> OutputValues:
    """Values of the nodes that only ask layers for their size, so that these need not run."""
    fixed = {}
    for name in view.ancestors(outputs.values(), stop):
        node = view.nodes[name]
        if node.op != "Shape" or not behind_layers(view, node.input, stop):
            continue
        shape = graph.get_tensor_by_name(canonical(node.input[0])).shape
        in_loop = any(view.nodes[one].op == "Enter" for one in view.ancestors([name], stop))
        if shape.rank and None not in shape.as_list()[1:] and not in_loop:
            kind = graph.get_tensor_by_name(f"{name}:0").dtype.as_numpy_dtype
            fixed[f"{name}:0"] = np.array([size or 1 for size in shape.as_list()], kind)
    return fixed
