"""TensorFlow operators that tf2onnx does not know, said by others that it does know."""

from __future__ import annotations

from typing import Any

from converter.export.graph_view import GraphView
from converter.quiet_tensorflow import tensorflow


def rewrite(view: GraphView) -> None:
    """Replace them in the graph."""
    new: list[Any] = []
    for node in view.graph_def.node:
        if node.op == "Erfc":
            new += _one_minus_erf(node)
    view.graph_def.node.extend(new)
    view.refresh()


def _one_minus_erf(node: Any) -> list[Any]:
    """erfc(x) = 1 - erf(x), the definition; Keras has it in its gelu."""
    tf = tensorflow()
    dtype = node.attr["T"].type
    erf = tf.compat.v1.NodeDef(name=f"{node.name}/erf", op="Erf", input=node.input)
    erf.attr["T"].type = dtype
    one = tf.compat.v1.NodeDef(name=f"{node.name}/one", op="Const")
    one.attr["dtype"].type = dtype
    one.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(1, tf.dtypes.as_dtype(dtype)))
    node.op = "Sub"
    node.input[:] = [one.name, erf.name]
    return [erf, one]
