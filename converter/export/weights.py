"""Variables become constants, and large weights are set aside while the graph is converted.

TensorFlow's and tf2onnx's optimizers copy constants again and again: with the weights in the
graph, the export of 100 MB of them takes 7.5 GB. Set aside, a weight is an input of the graph
and a file; tf2onnx writes down what is to be done with it, and ``attach`` does that once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from converter.errors import ExportError
from converter.export.graph_view import CONTROL_FLOW, GraphView
from converter.export.nodes import (
    become_constant,
    become_identity,
    become_placeholder,
    constant,
    integer_type,
)
from converter.inputs.quiet_tensorflow import tensorflow

# Smaller ones stay where tf2onnx's own rewriting sees their values.
SET_ASIDE_BYTES = 1 << 16
_VARIABLES = ("VariableV2", "Variable")
_AT_ONCE = 1 << 27  # bytes of variables that are read together
_FLOATS = ("float32", "float64", "float16")  # bfloat16 becomes float32, which files do not


class Weights:
    """The files of the weights that were set aside, ``<number>.npy`` in a folder.

    Attributes:
        files: for each tensor that stands for a weight, the file with its values.
        total_bytes: of all variables and of the constants that ``count_constants`` saw.
    """

    def __init__(self, folder: Path, set_aside: bool) -> None:
        folder.mkdir()
        self._folder, self._set_aside = folder, set_aside
        self.files: dict[str, Path] = {}
        self.total_bytes = 0

    def place(self, node: Any, values: np.ndarray) -> None:
        """Make ``node`` give ``values``: as a constant, or as an input with a file."""
        dtype = tensorflow().dtypes.as_dtype(values.dtype)
        self.total_bytes += values.nbytes
        if self._is_large(dtype.name, values.nbytes):
            self.set_aside(node, values)
        else:
            become_constant(node, values)

    def set_constants_aside(self, view: GraphView) -> None:
        """Do so with the large constants that are in the graph already."""
        for node in view.graph_def.node:
            if node.op != "Const" or node.ByteSize() < SET_ASIDE_BYTES:
                continue
            dtype = tensorflow().dtypes.as_dtype(node.attr["dtype"].type)
            values = tensorflow().make_ndarray(node.attr["value"].tensor)
            if self._is_large(dtype.name, values.nbytes):
                self.set_aside(node, values)

    def count_constants(self, view: GraphView) -> None:
        """Count the constants that are weights, of loops and branches too: several floats, or
        numbers of 8 bits. Others are sizes, axes, and numbers that a layer computes with. It is for
        a graph whose variables have not become constants, as these are counted as variables."""
        for node in view.with_bodies(view.nodes):
            if node.op == "Const":
                dtype = tensorflow().dtypes.as_dtype(node.attr["dtype"].type)
                sizes = [size.size for size in node.attr["value"].tensor.tensor_shape.dim]
                is_number = dtype.is_floating or (dtype.size == 1 and dtype.name != "bool")
                if is_number and math.prod(sizes) > 1:
                    self.total_bytes += math.prod(sizes) * dtype.size

    @property
    def may_set_aside(self) -> bool:
        """Whether weights may be set aside at all."""
        return self._set_aside

    def _is_large(self, dtype: str, size: int) -> bool:
        return self._set_aside and dtype in _FLOATS and size >= SET_ASIDE_BYTES

    def set_aside(self, node: Any, values: np.ndarray) -> None:
        """Make ``node`` an input with a file of ``values``, however small they are."""
        file = self._folder / f"{len(self.files)}.npy"
        np.save(file, values)
        self.files[f"{node.name}:0"] = file
        dtype = tensorflow().dtypes.as_dtype(values.dtype)
        become_placeholder(node, dtype.as_datatype_enum, values.shape)


def freeze(view: GraphView, session: Any, weights: Weights) -> None:
    """Replace every variable that is read in the graph by its value in ``session``.

    Raises:
        ExportError: a variable has no value.
    """
    _spell_out_gathers(view)
    reads: dict[str, list[Any]] = {}  # by variable, which is kept once however often it is read
    for node in view.graph_def.node:
        variable = node
        if node.op == "ReadVariableOp":
            variable = view.source(view.through_identity(node.input[0]))
        if variable.op in (*_VARIABLES, "VarHandleOp") and node.op != "VarHandleOp":
            reads.setdefault(variable.name, []).append(node)
    for name, values in _values(session, [view.nodes[name] for name in reads]):
        first, *others = reads[name]
        weights.place(first, values)
        for node in others:
            become_identity(node, first.name, node.attr["dtype"].type)
    view.refresh()


def has_variables_in_functions(view: GraphView) -> bool:
    """Whether a loop or branch takes a variable, rather than its value."""
    return any(
        view.source(view.through_identity(tensor)).op == "VarHandleOp"
        for node in view.graph_def.node
        if node.op in CONTROL_FLOW
        for tensor in view.data_inputs(node)
    )


def _values(session: Any, variables: Sequence[Any]) -> Iterator[tuple[str, np.ndarray]]:
    """Names and values, some at a time: each run of a session costs time, each value memory."""
    tensors = {node.name: _reading(session, node) for node in variables}
    waiting = list(tensors)
    while waiting:
        count, size = 0, 0
        while count < len(waiting) and (size := size + _bytes(tensors[waiting[count]])) < _AT_ONCE:
            count += 1
        names, waiting = waiting[: max(1, count)], waiting[max(1, count) :]
        try:
            values = session.run([tensors[name] for name in names])
        except tensorflow().errors.OpError as error:
            raise ExportError(
                f"a variable has no value: {error.message}. Export the model again"
            ) from error
        yield from zip(names, map(np.asarray, values), strict=True)


def _reading(session: Any, variable: Any) -> Any:
    """A tensor with the variable's value."""
    tensor = session.graph.get_tensor_by_name(f"{variable.name}:0")
    if variable.op != "VarHandleOp":
        return tensor
    tf = tensorflow()
    dtype = tf.dtypes.as_dtype(variable.attr["dtype"].type)
    with session.graph.as_default(), tf.device(None):
        read = tf.raw_ops.ReadVariableOp(resource=tensor, dtype=dtype)
    read.set_shape(tf.TensorShape(variable.attr["shape"].shape))
    return read


def _bytes(tensor: Any) -> int:
    return int(tensor.shape.num_elements() or 1) * int(tensor.dtype.size)


def _spell_out_gathers(view: GraphView) -> None:
    """A gather from a variable becomes a read and a gather from what was read."""
    new: list[Any] = []
    for node in view.graph_def.node:
        if node.op != "ResourceGather":
            continue
        read, axis = type(node)(), constant(f"{node.name}/axis", 0)
        read.name, read.op = f"{node.name}/read", "ReadVariableOp"
        read.input.append(node.input[0])
        read.attr["dtype"].CopyFrom(node.attr["dtype"])
        batch_dims, indices = node.attr["batch_dims"].i, node.attr["Tindices"].type
        dtype, inputs = node.attr["dtype"].type, list(node.input)
        node.op = "GatherV2"
        node.input[:] = [read.name, inputs[1], axis.name, *inputs[2:]]
        node.attr.clear()
        node.attr["Tparams"].type, node.attr["Tindices"].type = dtype, indices
        node.attr["Taxis"].type, node.attr["batch_dims"].i = integer_type(), batch_dims
        new += [read, axis]
    view.graph_def.node.extend(new)
    view.refresh()
