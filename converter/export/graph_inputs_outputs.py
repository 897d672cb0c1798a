"""Give a graph outputs that keep their names, an image of known shape, and fixed inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from converter.errors import ExportError
from converter.export.graph_view import GraphView, node_of
from converter.export.nodes import become_constant, become_identity, become_placeholder
from converter.inputs.quiet_tensorflow import tensorflow


def add_outputs(graph_def: Any, graph: Any, outputs: Mapping[str, str]) -> dict[str, str]:
    """Give each output a node of its own, whose name optimizers keep.

    Args:
        graph: of TensorFlow, which knows the types of the tensors in ``graph_def``.
        outputs: tensors in ``graph_def`` by names for the user.

    Returns:
        The new tensors by the same names.
    """
    added = {}
    for number, (name, tensor) in enumerate(outputs.items()):
        dtype = graph.get_tensor_by_name(tensor).dtype
        added[name] = add_output(graph_def, f"network_output_{number}", tensor, dtype)
    return added


def add_output(graph_def: Any, name: str, tensor: str, dtype: Any) -> str:
    """A node ``name`` that hands ``tensor`` on, as float32 if it is of other floats; gives its
    tensor."""
    node = graph_def.node.add(name=name, op="Identity")
    node.input.append(tensor)
    if dtype.is_floating and dtype.name != "float32":
        node.op = "Cast"
        node.attr["SrcT"].type = dtype.as_datatype_enum
        node.attr["DstT"].type = tensorflow().float32.as_datatype_enum
    else:
        node.attr["T"].type = dtype.as_datatype_enum
    return f"{name}:0"


def set_image(view: GraphView, tensor: str, shape: tuple[int, ...] | None) -> None:
    """Fix the shape of the image input, -1 for any size."""
    node = view.source(tensor)
    dtype = node.attr["dtype"].type
    make_placeholder(node, dtype, shape)
    view.refresh()


def take_one_text(view: GraphView, tensor: str) -> None:
    """Fix the input of encoded images to one of them, where it takes any number."""
    node = view.source(tensor)
    sizes = node.attr["shape"].shape
    single = not sizes.unknown_rank and not sizes.dim
    make_placeholder(node, node.attr["dtype"].type, () if single else (1,))
    view.refresh()


def make_placeholder(node: Any, dtype: int, shape: tuple[int, ...] | None) -> None:
    """Turn ``node`` into an input of the graph, -1 for any size."""
    sizes = None if shape is None else [None if size < 0 else size for size in shape]
    become_placeholder(node, dtype, sizes)


def set_values(view: GraphView, inputs: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """Make constants of the inputs that are not images. One that has a default in the graph
    takes it unless ``values`` has another; so do inputs that the signature does not name, such
    as a switch of the training.

    Raises:
        ExportError: a value does not fit the input.
    """
    for name, tensor in inputs.items():
        node = view.nodes.get(node_of(tensor))
        if node is not None and name in values:
            _make_constant(node, name, values[name])
    for node in view.graph_def.node:
        if node.op == "PlaceholderWithDefault":
            become_identity(node, node.input[0], node.attr["dtype"].type)
    view.refresh()


def _make_constant(node: Any, name: str, value: Any) -> None:
    dtype = tensorflow().dtypes.as_dtype(node.attr["dtype"].type)
    sizes = node.attr["shape"].shape
    try:
        values = np.asarray(value, dtype.as_numpy_dtype)
        if not sizes.unknown_rank and values.ndim != len(sizes.dim):
            values = np.broadcast_to(values, [max(size.size, 1) for size in sizes.dim])
    except ValueError as error:
        raise ExportError(
            f"--set {name}={value} does not fit that input, which is {dtype.name} "
            f"{[size.size for size in sizes.dim]}: {error}"
        ) from error
    become_constant(node, values, dtype)


def open_inputs(view: GraphView, inputs: Mapping[str, str], image: str) -> list[str]:
    """Names of the inputs beside the image that the graph still waits for."""
    return [
        name
        for name, tensor in inputs.items()
        if name != image
        and (node := view.nodes.get(node_of(tensor))) is not None
        and node.op in ("Placeholder", "PlaceholderV2")
    ]
