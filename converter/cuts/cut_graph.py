"""The sets of tensors at which a graph can be cut before its refused nodes, the latest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from converter.export.behind_layers import LAYERS
from converter.export.graph_view import node_of
from converter.export.inner_tensors import InnerTensors
from converter.export.provenance import HANDS_ON

# What depends on these knows the size of an image, and nothing that is in it.
_SIZES = ("Shape", "ShapeN", "Size", "Rank")
_WEIGHTED = (*LAYERS, "Conv2DBackpropInput", "Conv3D", "BiasAdd", "FusedBatchNormV3")
_RANKS = ("ArgMax", "Max", "TopK", "TopKV2", "Greater", "GreaterEqual", "OneHot")
# Which outputs of what chooses are values, not indices, class numbers or counts.
_VALUES = {
    "TopK": slice(1),
    "TopKV2": slice(1),
    "NonMaxSuppressionV5": slice(1, 2),
    "CombinedNonMaxSuppression": slice(2),
}
_VARIABLES = ("VarHandleOp", "VariableV2", "Variable", "ReadVariableOp")
_MOST_CONSTANTS = 64  # a layer has more weights; corners and distributions are computed with less
_MOST_CUTS, _MOST_TENSORS = 200, 32


class CutGraph:
    """A graph from the image to the outputs, of which some nodes are refused.

    Attributes:
        inside: the tensors of the graph.
        clean_outputs: outputs that need no refused node.
    """

    def __init__(
        self, inside: InnerTensors, image: str, outputs: Sequence[str], refused: Iterable[str]
    ) -> None:
        self.inside, self._view, self._image = inside, inside.view, node_of(image)
        self._seen = self._seen_from([self._image])
        self._tainted = self._seen_from({name for name in refused if name in self._seen})
        self._ends = [
            tensor
            for tensor in map(inside.behind_identities, outputs)
            if node_of(tensor) in self._tainted or self.is_behind_layers([tensor])
        ]
        self.clean_outputs = [one for one in self._ends if node_of(one) not in self._tainted]
        self._depths = self._find_depths()
        self._takers: dict[str, list[str]] = {}
        for name in self._seen:
            for tensor in self._inputs(name):
                self._takers.setdefault(tensor, []).append(name)

    def _seen_from(self, start: Iterable[str]) -> set[str]:
        """The nodes that take values of ``start``, not only sizes, with those of ``start``."""
        found, waiting = set(), deque(start)
        while waiting:
            name = waiting.popleft()
            if name in found or self._view.nodes[name].op in _SIZES:
                continue
            found.add(name)
            waiting.extend(
                node.name
                for node in self._view.consumers(name)
                if any(node_of(tensor) == name for tensor in self._view.data_inputs(node))
            )
        return found

    def _find_depths(self) -> dict[str, int]:
        """How many nodes are between the image and each, on the longest way."""
        depths: dict[str, int] = {}
        waiting = [(name, False) for name in self._seen]
        entered = set()
        while waiting:
            name, is_done = waiting.pop()
            above = [node_of(one) for one in self._inputs(name)]
            if is_done:
                depths[name] = 1 + max((depths.get(one, 0) for one in above), default=0)
            elif name not in entered:
                entered.add(name)
                waiting.append((name, True))
                waiting.extend((one, False) for one in above if one not in entered)
        return depths

    def _inputs(self, name: str) -> list[str]:
        """The tensors that a node takes and that depend on the image."""
        return [
            self.inside.behind_identities(tensor)
            for tensor in self._view.data_inputs(self._view.nodes[name])
            if node_of(tensor) in self._seen
        ]

    def after(self, cut: Iterable[str]) -> list[str]:
        """The nodes between a cut and the outputs, nearest first."""
        at = {node_of(tensor) for tensor in cut}
        behind = self._seen_from(at) & self._view.ancestors(self._ends, at)
        return sorted(behind - at, key=lambda name: self._depths[name])

    def ordered(self, tensors: Iterable[str]) -> tuple[str, ...]:
        """The nearest to the image first."""
        return tuple(sorted(tensors, key=lambda one: (self._depths[node_of(one)], one)))

    def latest(self) -> frozenset[str]:
        """The tensors that go into refused nodes and what depends on them, and the outputs that do
        not, without those that only depend on others of them."""
        rest = self._view.ancestors(self._ends) & self._tainted
        entering = {one for name in rest for one in self._inputs(name) if node_of(one) not in rest}
        return self._least([*entering, *self.clean_outputs])

    def is_behind_layers(self, cut: Iterable[str]) -> bool:
        """Whether each tensor of a cut comes out of a layer of the network."""
        return bool(cut) and all(
            any(self._view.nodes[name].op in LAYERS for name in self._above(tensor))
            for tensor in cut
        )

    def _above(self, tensor: str) -> set[str]:
        return self._view.ancestors([tensor]) & self._seen

    def layers_after(self, cut: Iterable[str]) -> list[str]:
        """The nodes after a cut that have weights of their own."""
        return [name for name in self.after(cut) if self._has_weights(name)]

    def _has_weights(self, name: str) -> bool:
        node = self._view.nodes[name]
        if node.op not in _WEIGHTED:
            return False
        others = [one for one in self._view.data_inputs(node) if node_of(one) not in self._seen]
        behind = (self._view.nodes[one] for one in self._view.ancestors(others))
        return any(
            one.op in _VARIABLES or (one.op == "Const" and _size(one) > _MOST_CONSTANTS)
            for one in behind
        )

    def is_ranked(self, tensor: str) -> bool:
        """Whether a tensor is treated as scores are: made to probabilities, or compared for the
        best; perhaps after some values are picked or moved."""
        made = node_of(tensor)
        while self._view.nodes[made].op in HANDS_ON and (above := self._inputs(made)):
            made = node_of(above[0])
        if self._view.nodes[made].op == "Softmax":
            return True
        waiting, found = [tensor], {tensor}
        while waiting:
            given = waiting.pop()
            for name in self._takers.get(given, ()):
                node = self._view.nodes[name]
                if node.op in _RANKS or self._are_scores_of_suppression(node, given):
                    return True
                if node.op in (*HANDS_ON, "Mul") and f"{name}:0" not in found:
                    found.add(f"{name}:0")
                    waiting.append(f"{name}:0")
        return False

    def _are_scores_of_suppression(self, node: Any, tensor: str) -> bool:
        """Whether a node is a suppression that takes ``tensor`` as its scores."""
        inputs = self._inputs(node.name)
        return "NonMaxSuppression" in node.op and len(inputs) > 1 and inputs[1] == tensor

    def takers(self, tensor: str) -> list[Any]:
        """The nodes on the way to the outputs that take a tensor."""
        return [self._view.nodes[name] for name in self._takers.get(tensor, ())]

    def all_inputs(self, name: str) -> list[str]:
        """The tensors that a node takes, whether they depend on the image or not."""
        return [*map(self.inside.behind_identities, self._view.data_inputs(self._view.nodes[name]))]

    def made_by(self, name: str) -> list[str]:
        """The tensors that a node gives, without those that hold where or what it has chosen."""
        outputs = self.inside.graph.get_operation_by_name(name).outputs
        return [one.name for one in outputs[_VALUES.get(self._view.nodes[name].op, slice(None))]]

    def rank(self, tensor: str) -> int | None:
        """How many axes a tensor has; None where that is not known."""
        rank: int | None = self.inside.graph.get_tensor_by_name(tensor).shape.rank
        return rank

    def is_seen(self, tensor: str) -> bool:
        """Whether a tensor depends on the image."""
        return node_of(tensor) in self._seen

    def is_end(self, tensor: str) -> bool:
        """Whether a tensor is an output."""
        return tensor in self._ends

    def is_behind(self, tensor: str, operators: Sequence[str]) -> bool:
        """Whether a tensor depends on the image, and on one of these operators."""
        return any(self._view.nodes[name].op in operators for name in self._above(tensor))

    def cuts(self) -> Iterator[frozenset[str]]:
        """The latest cut, and earlier ones in which tensors are replaced by those that they are
        computed from, as long as nothing with weights comes after."""
        first = self.latest()
        waiting, known, tensors = deque([first]), {first}, set(first)
        while waiting:
            cut = waiting.popleft()
            if self.layers_after(cut):
                continue
            yield cut
            for tensor in sorted(cut, key=lambda one: -self._depths[node_of(one)]):
                above = set(self._inputs(node_of(tensor)))
                if not above:
                    continue
                earlier = self._least((cut - {tensor}) | above)
                within = len(known) < _MOST_CUTS and len(tensors | earlier) <= _MOST_TENSORS
                if earlier not in known and within:
                    known.add(earlier)
                    tensors |= earlier
                    waiting.append(earlier)

    def _least(self, tensors: Iterable[str]) -> frozenset[str]:
        """``tensors`` without those that are not needed to cut the outputs off the image."""
        kept = set(tensors)
        for tensor in sorted(kept, key=lambda one: -self._depths[node_of(one)]):
            if self._cuts_off(kept - {tensor}):
                kept.discard(tensor)
        return frozenset(kept)

    def _cuts_off(self, cut: set[str]) -> bool:
        """Whether no output depends on the image beside ``cut``."""
        found, waiting = set(), list(self._ends)
        while waiting:
            tensor = waiting.pop()
            if tensor in cut or tensor in found:
                continue
            found.add(tensor)
            if node_of(tensor) == self._image:
                return False
            waiting.extend(self._inputs(node_of(tensor)))
        return True


def _size(constant: Any) -> int:
    count = 1
    for size in constant.attr["value"].tensor.tensor_shape.dim:
        count *= size.size
    return count
