"""Lists of tensors that loops collect: what is written outside of a loop is read from where it
was written.

TensorFlow 2 has TensorLists, whose operators take the list and give it anew. TensorFlow 1 has
TensorArrays, whose ``flow`` is taken and given in the same way. See
https://www.tensorflow.org/api_docs/python/tf/raw_ops/TensorListSetItem and TensorArrayWriteV3.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.known_values import KnownValues
from converter.export.nodes import (
    attribute,
    become_constant,
    become_identity,
    constant,
    integer_type,
)

# Operator → which of its inputs are the list, and the index or indices if there are some.
_READS = {
    "TensorListGetItem": (0, 1),
    "TensorListStack": (0, None),
    "TensorListConcat": (0, None),
    "TensorListConcatV2": (0, None),
    "TensorListLength": (0, None),
    "TensorArrayReadV3": (2, 1),
    "TensorArrayGatherV3": (2, 1),
    "TensorArrayConcatV3": (1, None),
    "TensorArraySizeV3": (1, None),
}
_ITEM = ("TensorListGetItem", "TensorArrayReadV3")
_LENGTH = ("TensorListLength", "TensorArraySizeV3")
_STACK = ("TensorListStack", "TensorArrayGatherV3")
# Operator that writes → which of its inputs is the list before, and which is the item.
_BEFORE = {
    "TensorArrayScatterV3": 3,
    "TensorArrayWriteV3": 3,
    "TensorListPushBack": 0,
    "TensorListSetItem": 0,
}
_ITEM_OF = {"TensorArrayWriteV3": 2, "TensorListPushBack": 1, "TensorListSetItem": 2}
# Operator that makes a list → which of its inputs is the number of items.
_SIZE = {"TensorArrayV3": 0, "TensorListReserve": 1}


def read_lists(view: GraphView, known: KnownValues) -> bool:
    """Replace the reads of lists whose items are known; whether there were any.

    Args:
        known: values of the graph as it is.
    """
    lists = _Lists(view, known)
    found = [node for node in view.graph_def.node if node.op in _READS and lists.read(node)]
    view.graph_def.node.extend(lists.new)
    view.refresh()
    return bool(found)


class _Lists:
    """The lists of a graph. ``new`` are nodes that have to be added to it."""

    def __init__(self, view: GraphView, known: KnownValues) -> None:
        self._view, self._known = view, known
        self.new: list[Any] = []

    def read(self, node: Any) -> bool:
        """Make ``node`` give what it reads; False where that is not known."""
        position, index = _READS[node.op]
        source = node.input[position]
        if any(canonical(t) != f"{node.name}:0" for t in self._taken(node)):
            return False  # the lengths of what a concatenation joins
        if node.op in _LENGTH:
            length = self._length(source)
            if length is not None:
                become_constant(node, length)
            return length is not None
        dtype = self._known.dtype(node.name)
        origin = self._origin(source)
        if node.op == "TensorListStack" and origin.op == "TensorListFromTensor":
            become_identity(node, origin.input[0], dtype)
            return True
        which = self._indices(source, None if index is None else node.input[index])
        items = [self._item(source, one, dtype) for one in which or ()]
        if not items or None in items:
            return False
        self._give(node, [str(item) for item in items], dtype)
        return True

    def _give(self, node: Any, items: list[str], dtype: int) -> None:
        """Make ``node``, which reads a list, give these items of it."""
        count, kind = len(items), node.op
        become_identity(node, items[0], dtype)
        if kind in _ITEM or (count == 1 and kind not in _STACK):
            return
        if count == 1:
            node.op = "ExpandDims"
            node.input.append(self._constant(f"{node.name}/axis", 0))
            node.attr["Tdim"].type = integer_type()
            return
        node.input[:] = items
        node.attr["N"].i = count
        node.op = "Pack"
        if kind not in _STACK:
            node.op = "ConcatV2"
            node.input.append(self._constant(f"{node.name}/axis", 0))
            node.attr["Tidx"].type = integer_type()

    def _indices(self, source: str, tensor: str | None) -> list[int] | None:
        """Which items are read: those of a tensor, or all."""
        if tensor is None:
            length = self._length(source)
            return None if length is None else list(range(length))
        value = self._known.value(tensor)
        return None if value is None else [int(one) for one in value.reshape(-1)]

    def _length(self, source: str) -> int | None:
        """How many items a list has."""
        node = self._origin(source)
        if node.op in _BEFORE and not attribute(node, "resize_if_index_out_of_bounds").b:
            length = self._length(node.input[_BEFORE[node.op]])
            return length + 1 if node.op == "TensorListPushBack" and length is not None else length
        if node.op == "TensorListFromTensor":
            shape = self._known.shape(node.input[0])
            return None if shape.rank is None else shape[0]
        if node.op in _SIZE and not attribute(node, "dynamic_size").b:
            return self._known.integer(node.input[_SIZE[node.op]])
        return 0 if node.op == "EmptyTensorList" else None

    def _item(self, source: str, index: int, dtype: int) -> str | None:
        """The tensor that is item ``index`` of a list; None where that is not known."""
        node = self._origin(source)
        if node.op == "TensorListFromTensor":
            return self._row(node, node.input[0], index, dtype)
        if node.op not in _BEFORE:
            return None
        before = node.input[_BEFORE[node.op]]
        written = self._written(node, before)
        if written is None:
            return None
        if index not in written:
            return self._item(before, index, dtype)
        if node.op == "TensorArrayScatterV3":
            last = len(written) - 1 - written[::-1].index(index)
            return self._row(node, node.input[2], last, dtype)
        return str(node.input[_ITEM_OF[node.op]])

    def _written(self, node: Any, before: str) -> list[int] | None:
        """Which items ``node`` writes into the list ``before``."""
        if node.op == "TensorListPushBack":
            last = self._length(before)
            return None if last is None else [last]
        return self._indices(before, node.input[1])

    def _row(self, node: Any, tensor: str, index: int, dtype: int) -> str | None:
        """One row of a tensor. That of the only one is a squeeze, which works on bytes too."""
        shape = self._known.shape(tensor)
        if shape.rank is None or shape[0] is None or not 0 <= index < shape[0]:
            return None
        name = f"{node.name}/item_{index}"
        if name in self._view.nodes or any(one.name == name for one in self.new):
            return name
        row = type(node)(name=name)
        become_identity(row, tensor, dtype)
        if shape[0] == 1:
            row.op = "Squeeze"
            row.attr["squeeze_dims"].list.i.append(0)
        else:
            row.op = "GatherV2"
            row.input.append(self._constant(f"{name}/index", index))
            row.input.append(self._constant(f"{name}/axis", 0))
            del row.attr["T"]
            row.attr["Tparams"].type = dtype
            row.attr["Tindices"].type = row.attr["Taxis"].type = integer_type()
        self.new.append(row)
        return name

    def _origin(self, source: str) -> Any:
        """The node that gives a list; not through ``Enter``, which is the border of a loop."""
        node = self._view.source(source)
        while node.op in ("Identity", "StopGradient", "PreventGradient"):
            node = self._view.source(node.input[0])
        return node

    def _taken(self, node: Any) -> Iterator[str]:
        """The outputs of ``node`` that others take."""
        for consumer in self._view.consumers(node.name):
            for tensor in self._view.data_inputs(consumer):
                if node_of(tensor) == node.name:
                    yield tensor

    def _constant(self, name: str, value: int) -> str:
        self.new.append(constant(name, value))
        return name
