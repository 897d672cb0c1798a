"""Writes the models of the facts: a few nodes, at a low opset, of float32 where possible."""

from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
INT32, INT8, UINT8 = TensorProto.INT32, TensorProto.INT8, TensorProto.UINT8
DOUBLE, FLOAT16, INT16 = TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.INT16

IR_VERSION = 7
IMAGE = (1, 4, 8, 8)

# A shape, or a shape and a type.
Tensor = Union[Sequence[Any], Tuple[Sequence[Any], int]]


def node(
    operator: str, inputs: str, outputs: str = "y", domain: str = "", **attributes: Any
) -> onnx.NodeProto:
    """A node; names are separated by spaces, and ``_`` stands for an input that is left out."""
    names = ["" if name == "_" else name for name in inputs.split()]
    made = outputs.split()
    return helper.make_node(
        operator, names, made, name=f"the_{operator}_of_{made[0]}", domain=domain, **attributes
    )


def floats(*shape: int) -> np.ndarray:
    """Weights of that shape, all different and positive."""
    count = int(np.prod(shape, dtype=np.int64))
    return (np.arange(1, count + 1, dtype=np.float32) / np.float32(count)).reshape(shape)


def ints(*values: int) -> np.ndarray:
    """A vector of int64."""
    return np.array(values, np.int64)


def int_scalar(value: int) -> np.ndarray:
    """A scalar of int64."""
    return np.array(value, np.int64)


def graph(
    nodes: Sequence[onnx.NodeProto],
    inputs: Optional[Dict[str, Tensor]] = None,
    outputs: Optional[Dict[str, Tensor]] = None,
    weights: Optional[Dict[str, np.ndarray]] = None,
    name: str = "fact",
) -> onnx.GraphProto:
    """A graph, or the body of a loop or a condition."""
    return helper.make_graph(
        list(nodes),
        name,
        [_value(*given) for given in (inputs or {}).items()],
        [_value(*given) for given in (outputs or {}).items()],
        [numpy_helper.from_array(array, key) for key, array in (weights or {}).items()],
    )


def model(
    *nodes: onnx.NodeProto,
    inputs: Optional[Dict[str, Tensor]] = None,
    outputs: Optional[Dict[str, Tensor]] = None,
    weights: Optional[Dict[str, np.ndarray]] = None,
    opset: int = 13,
    domains: Sequence[str] = (),
) -> onnx.ModelProto:
    """A model from ``x``, float32 [1, 4, 8, 8], to ``y``, float32 of rank 4, unless it is said.

    Args:
        domains: those beside that of ONNX.
    """
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(domain, 1) for domain in domains]
    made = graph(nodes, inputs or {"x": IMAGE}, outputs or {"y": [None] * 4}, weights)
    return helper.make_model(made, ir_version=IR_VERSION, opset_imports=opsets)


def single(
    operator: str,
    names: str = "x",
    weights: Optional[Dict[str, np.ndarray]] = None,
    *,
    x: Tensor = IMAGE,
    y: Tensor = (None,) * 4,
    more: Optional[Dict[str, Tensor]] = None,
    opset: int = 13,
    **attributes: Any,
) -> onnx.ModelProto:
    """A model of one node.

    Args:
        names: of its inputs.
        x, y: what goes in and comes out.
        more: further inputs of the model.
    """
    inputs = {"x": x, **(more or {})}
    return model(
        node(operator, names, **attributes),
        inputs=inputs,
        outputs={"y": y},
        weights=weights,
        opset=opset,
    )


def rank(number: int, kind: int = FLOAT) -> Tensor:
    """A tensor of unknown sizes."""
    return ([None] * number, kind)


def _value(name: str, tensor: Tensor) -> onnx.ValueInfoProto:
    shape, kind = tensor, FLOAT
    if isinstance(tensor, tuple) and len(tensor) == 2 and isinstance(tensor[0], (list, tuple)):
        shape, kind = tensor
    sizes: List[Any] = list(shape)
    return helper.make_tensor_value_info(name, kind, sizes)
