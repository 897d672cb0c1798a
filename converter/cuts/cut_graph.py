"""The sets of tensors at which a graph can be cut before its refused nodes, the latest first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from converter.export.behind_layers import LAYERS
from converter.export.graph_view import GraphView, canonical, node_of

# What depends on these knows the size of an image, and nothing that is in it.
_SIZES = ("Shape", "ShapeN", "Size", "Rank")
_WEIGHTED = (*LAYERS, "Conv2DBackpropInput", "Conv3D", "BiasAdd", "FusedBatchNormV3")
_VARIABLES = ("VarHandleOp", "VariableV2", "Variable", "ReadVariableOp")
_MOST_CONSTANTS = 64  # a layer has more weights; corners and distributions are computed with less
_MOST_CUTS, _MOST_TENSORS = 200, 32

Cut = frozenset  # of tensors, by their names in the graph


class CutGraph:
    """A graph from the image to the outputs, of which some nodes are refused.

    Attributes:
        clean_outputs: outputs that need no refused node.
    """

    def __init__(
        self, view: GraphView, image: str, outputs: Sequence[str], refused: Iterable[str]
    ) -> None:
        self._view, self._image = view, node_of(image)
        self._seen = self._seen_from([self._image])
        self._refused = {name for name in refused if name in self._seen}
        self._tainted = self._seen_from(self._refused)
        wanted = [canonical(tensor) for tensor in outputs]
        self._ends = [tensor for tensor in wanted if node_of(tensor) in self._tainted]
        self.clean_outputs = [
            tensor
            for tensor in wanted
            if node_of(tensor) in self._seen and node_of(tensor) not in self._tainted
        ]
        self._depths = self._find_depths()

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
            canonical(tensor)
            for tensor in self._view.data_inputs(self._view.nodes[name])
            if node_of(tensor) in self._seen
        ]

    @property
    def rest(self) -> set[str]:
        """The nodes from the refused ones to the outputs."""
        return self._view.ancestors(self._ends) & self._tainted

    def after(self, cut: Iterable[str]) -> list[str]:
        """The nodes between a cut and the outputs that need refused nodes, nearest first."""
        at = {node_of(tensor) for tensor in cut}
        behind = self._seen_from(at) & self._view.ancestors(self._ends, at)
        return sorted(behind - at, key=lambda name: self._depths[name])

    def ordered(self, tensors: Iterable[str]) -> tuple[str, ...]:
        """The nearest to the image first."""
        return tuple(sorted(tensors, key=lambda one: (self._depths[node_of(one)], one)))

    def latest(self) -> Cut[str]:
        """The tensors that go into the rest, without those that only depend on others of them."""
        rest = self.rest
        entering = {one for name in rest for one in self._inputs(name) if node_of(one) not in rest}
        return self._least(entering)

    def is_behind_layers(self, cut: Iterable[str]) -> bool:
        """Whether each tensor of a cut comes out of a layer of the network."""
        return bool(cut) and all(
            any(self._view.nodes[name].op in LAYERS for name in self._above(tensor))
            for tensor in cut
        )

    def _above(self, tensor: str) -> set[str]:
        return self._view.ancestors([tensor]) & self._seen

    def layers_after(self, cut: Iterable[str]) -> list[str]:
        """The nodes between a cut and the outputs that have weights of their own."""
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

    def cuts(self) -> Iterator[Cut[str]]:
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

    def _least(self, tensors: Iterable[str]) -> Cut[str]:
        """``tensors`` without those that are not needed to cut the outputs off the image."""
        kept = set(tensors)
        for tensor in sorted(kept, key=lambda one: -self._depths[node_of(one)]):
            if self._cuts_off(kept - {tensor}):
                kept.discard(tensor)
        return frozenset(kept)

    def _cuts_off(self, cut: set[str]) -> bool:
        """Whether no output that needs a refused node depends on the image beside ``cut``."""
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


def _size(constant: object) -> int:
    count = 1
    for size in constant.attr["value"].tensor.tensor_shape.dim:  # type: ignore[attr-defined]
        count *= size.size
    return count
