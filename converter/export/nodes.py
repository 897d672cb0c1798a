"""Nodes that many changes of a graph need: constants, and nodes that pass a tensor on."""

from __future__ import annotations

from typing import Any

import numpy as np

from converter.inputs.quiet_tensorflow import tensorflow


def constant(name: str, values: Any, dtype: Any = None) -> Any:
    """A node ``name`` that gives ``values``.

    Args:
        dtype: of TensorFlow, or None for that of the values; whole numbers of Python are int32.
    """
    node = tensorflow().compat.v1.NodeDef(name=name)
    become_constant(node, values, dtype)
    return node


def become_constant(node: Any, values: Any, dtype: Any = None) -> None:
    """Make ``node`` give ``values``; see ``constant``."""
    tensor = tensorflow().make_tensor_proto(values, dtype)
    _clear(node, "Const")
    node.attr["dtype"].type = tensor.dtype
    node.attr["value"].tensor.CopyFrom(tensor)


def become_identity(node: Any, tensor: str, dtype: int) -> None:
    """Make ``node`` hand ``tensor`` on, which is of ``dtype``, TensorFlow's number of it."""
    _clear(node, "Identity")
    node.input.append(tensor)
    node.attr["T"].type = dtype


def become_placeholder(node: Any, dtype: int, shape: Any) -> None:
    """Turn ``node`` into an input of the graph. None in ``shape``, or instead of it, stands for
    any size."""
    _clear(node, "Placeholder")
    node.attr["dtype"].type = dtype
    node.attr["shape"].shape.CopyFrom(tensorflow().TensorShape(shape).as_proto())


def attribute(node: Any, name: str) -> Any:
    """The attribute, an empty one where the node has none; ``node.attr[name]`` would add it."""
    return node.attr[name] if name in node.attr else tensorflow().compat.v1.AttrValue()


def integer_type() -> int:
    """TensorFlow's number of the type that whole numbers of Python get."""
    return int(tensorflow().dtypes.as_dtype(np.int32).as_datatype_enum)


def _clear(node: Any, operator: str) -> None:
    name = node.name
    node.Clear()
    node.name, node.op = name, operator
