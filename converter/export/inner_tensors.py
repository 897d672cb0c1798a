"""Tensors inside of a signature's graph, which ``--outputs`` may name like outputs.

Their names are those of the graph in which every call of a function is replaced by its body. The
calls that an export puts around a model may be left out of a name: ``model/concat:0`` stands for
``StatefulPartitionedCall/StatefulPartitionedCall/model/concat:0``, where no other tensor does.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from converter.errors import SavedModelError
from converter.export.flatten import flatten, read_graph
from converter.export.graph_view import GraphView, canonical, node_of, port_of
from converter.export.provenance import imported
from converter.inputs.saved_model import SavedModel, Signature
from converter.inputs.tensor import Tensor

_LEADING_CALLS = re.compile(r"^((Stateful)?PartitionedCall(_\d+)?/)+")
_TENSOR = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*(:\d+)?$")
_NO_NUMBERS = ("string", "resource", "variant")
_NEAR = 4
# A list made of a tensor, as loops take it, has its values and no dtype of numbers.
_HANDS_ON_EACH = (
    "TensorListFromTensor",
    "Identity",
    "IdentityN",
    "StopGradient",
    "PreventGradient",
    "Snapshot",
)
# TensorFlow 1's loops and branches: what is between has a value in some rounds only.
_FRAMES = (("Enter", "Exit", "a loop"), ("Switch", "Merge", "a branch"))
_OF_LOOPS = ("LoopCond", "NextIteration")  # what goes into their own Switch and Merge


class InnerTensors:
    """The tensors of one signature of a SavedModel, without its weights.

    Attributes:
        view: the graph.
        graph: the same as TensorFlow's graph, which knows types and shapes.
    """

    def __init__(self, saved_model: SavedModel, signature: Signature) -> None:
        inputs = [canonical(tensor.graph_name) for tensor in signature.inputs]
        self._signature = signature
        self.view = GraphView(flatten(read_graph(saved_model), inputs, signature.ends))
        self.graph = imported(self.view)
        self._behind_image = self.view.descendants(inputs)
        self._by_short: dict[str, list[str]] = {}
        for name in self.view.nodes:
            self._by_short.setdefault(_LEADING_CALLS.sub("", name), []).append(name)

    def name(self, tensor: str) -> str:
        """The shortest name for users of a tensor by its name in the graph."""
        short = _LEADING_CALLS.sub("", node_of(tensor))
        known = self._by_short.get(short, [])
        return f"{short if len(known) == 1 else node_of(tensor)}:{port_of(tensor)}"

    def behind_identities(self, tensor: str) -> str:
        """The tensor that ``tensor`` is, behind nodes that hand it on, as calls of functions do."""
        node = self.view.source(tensor)
        while node.op in _HANDS_ON_EACH:
            tensor = self.view.data_inputs(node)[port_of(tensor)]
            node = self.view.source(tensor)
        return canonical(tensor)

    def is_the_same(self, one: str, other: str) -> bool:
        """Whether two tensors always have the same values, for being the same."""
        return self.behind_identities(one) == self.behind_identities(other)

    def describe(self, tensor: str) -> Tensor:
        """A tensor by its name in the graph."""
        found = self.graph.get_tensor_by_name(tensor)
        sizes = None if found.shape.rank is None else found.shape.as_list()
        shape = None if sizes is None else tuple(-1 if size is None else size for size in sizes)
        return Tensor(self.name(tensor), found.dtype.base_dtype.name, shape, canonical(tensor))

    def find(self, given: str) -> Tensor:
        """The tensor that a user names.

        Raises:
            SavedModelError: there is none of that name, or none that can be an output.
        """
        if not _TENSOR.match(given):
            raise self._unknown(given)
        node, port = node_of(given), port_of(given)
        known = [node] if node in self.view.nodes else self._by_short.get(node, [])
        if len(known) > 1:
            raise SavedModelError(
                f"--outputs {given}: several tensors are meant by that: {', '.join(known)}"
            )
        if not known:
            raise self._unknown(given)
        operation = self.graph.get_operation_by_name(known[0])
        if port >= len(operation.outputs):
            raise SavedModelError(
                f"--outputs {given}: {operation.type} '{node}' has {len(operation.outputs)} "
                "outputs, counted from 0"
            )
        tensor = self.describe(f"{known[0]}:{port}")
        reason = self._reason_against(tensor)
        if reason:
            raise SavedModelError(f"--outputs {given}: {reason}")
        return tensor

    def _reason_against(self, tensor: Tensor) -> str:
        """Why a tensor cannot be an output, as the end of a message; empty where it can."""
        node = node_of(tensor.graph_name)
        if tensor.dtype in _NO_NUMBERS:
            return f"it has no numbers but {tensor.dtype}: name a tensor of numbers"
        if node not in self._behind_image:
            return "it does not depend on the image: name a tensor behind it"
        for first, last, what in _FRAMES:
            if self._is_between(node, first, last):
                return f"it is inside of {what}: name what comes out of it, or a tensor before it"
        return ""

    def _is_between(self, node: str, first: str, last: str) -> bool:
        """Whether ``node`` depends on an operator ``first`` with no ``last`` between."""
        begins, ends = self._frame_nodes(first), self._frame_nodes(last)
        behind = self.view.ancestors([node], ends)
        return node not in ends and any(name in begins for name in behind)

    def _frame_nodes(self, operator: str) -> set[str]:
        """The nodes with an operator of loops or of branches. Loops have each a Switch and a Merge,
        too, which begin and end no branch."""
        return {
            name
            for name, node in self.view.nodes.items()
            if node.op.removeprefix("Ref") == operator
            and not any(
                self.view.source(tensor).op.removeprefix("Ref") in _OF_LOOPS
                for tensor in self.view.data_inputs(node)
            )
        }

    def _unknown(self, given: str) -> SavedModelError:
        outputs = ", ".join(tensor.name for tensor in self._signature.outputs)
        start = f"--outputs {given}: signature '{self._signature.name}' has no such output"
        within = self._body_of(given)
        if within:
            return SavedModelError(
                f"{start}, and as a tensor it is inside of {within}, whose rounds and branches "
                f"have values of their own: name what comes out of it, or a tensor before it. The "
                f"signature's outputs are {outputs}"
            )
        near = self._near(given)
        hint = f"; tensors with names like it: {', '.join(near)}" if near else ""
        return SavedModelError(
            f"{start}, it has {outputs}, and its graph has no such tensor either{hint}"
        )

    def _body_of(self, given: str) -> str:
        """The function that has a node of that name, which is a loop's or a branch's: the bodies
        of others are in the graph."""
        wanted = _LEADING_CALLS.sub("", node_of(given))
        for function in self.view.graph_def.library.function:
            for node in function.node_def:
                if wanted and f"/{node.name}".endswith(f"/{wanted}"):
                    return f"loop or branch {function.signature.name}"
        return ""

    def _near(self, given: str) -> Iterable[str]:
        wanted = _LEADING_CALLS.sub("", node_of(given))
        computed = [
            name
            for name, nodes in self._by_short.items()
            if any(node in self._behind_image for node in nodes)
        ]
        ending = [name for name in computed if name.endswith(f"/{wanted}")]
        close = difflib.get_close_matches(wanted, computed, _NEAR, 0.6)
        return [f"{name}:0" for name in dict.fromkeys([*ending[:_NEAR], *close])][:_NEAR]
