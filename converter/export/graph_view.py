"""A TensorFlow GraphDef as a graph: who feeds whom."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

LOOPS = ("While", "StatelessWhile")
BRANCHES = ("If", "StatelessIf", "Case", "StatelessCase")
CONTROL_FLOW = (*LOOPS, *BRANCHES)


def node_of(tensor: str) -> str:
    """The node that gives ``tensor``: without port and without the mark of a control input."""
    return tensor.lstrip("^").partition(":")[0]


def port_of(tensor: str) -> int:
    """Which output of its node ``tensor`` is."""
    return int(tensor.partition(":")[2] or 0)


def canonical(tensor: str) -> str:
    """``node:port``, as sessions and tf2onnx spell it."""
    return f"{node_of(tensor)}:{port_of(tensor)}"


def called(node: Any) -> list[str]:
    """Names of the functions that ``node`` calls: branches, conditions and bodies of loops."""
    names = [value.func.name for value in node.attr.values() if value.HasField("func")]
    for value in node.attr.values():
        names += [function.name for function in value.list.func]
    return names


class GraphView:
    """Looks into a GraphDef that may change; ``refresh`` after nodes were added or removed.

    Attributes:
        graph_def: the GraphDef.
        nodes: its nodes by name.
    """

    def __init__(self, graph_def: Any) -> None:
        self.graph_def = graph_def
        self.refresh()

    def refresh(self) -> None:
        """Index the nodes again."""
        self.nodes = {node.name: node for node in self.graph_def.node}
        self._consumers: dict[str, list[Any]] = {}
        for node in self.graph_def.node:
            for tensor in node.input:
                self._consumers.setdefault(node_of(tensor), []).append(node)

    def source(self, tensor: str) -> Any:
        """The node that gives ``tensor``."""
        return self.nodes[node_of(tensor)]

    def consumers(self, name: str) -> list[Any]:
        """The nodes that take any output of node ``name``."""
        return self._consumers.get(name, [])

    def data_inputs(self, node: Any) -> list[str]:
        """The inputs of ``node`` that are tensors, in order."""
        return [tensor for tensor in node.input if not tensor.startswith("^")]

    def through_identity(self, tensor: str) -> str:
        """Where ``tensor`` comes from, behind nodes that hand it on unchanged."""
        node = self.source(tensor)
        while node.op in ("Identity", "StopGradient", "PreventGradient", "Snapshot", "Enter"):
            tensor = node.input[0]
            node = self.source(tensor)
        return tensor

    def ancestors(self, tensors: Iterable[str], stop: Iterable[str] = ()) -> set[str]:
        """Names of all nodes that ``tensors`` depend on, their own included; nodes named in
        ``stop`` are not looked behind."""
        return self._reach(
            tensors, stop, lambda name: [node_of(tensor) for tensor in self.nodes[name].input]
        )

    def descendants(self, tensors: Iterable[str]) -> set[str]:
        """Names of all nodes that depend on ``tensors``, their own included."""
        return self._reach(tensors, (), lambda name: [node.name for node in self.consumers(name)])

    def _reach(
        self,
        tensors: Iterable[str],
        stop: Iterable[str],
        following: Callable[[str], Iterable[str]],
    ) -> set[str]:
        found: set[str] = set()
        waiting = [node_of(tensor) for tensor in tensors]
        behind = set(stop)
        while waiting:
            name = waiting.pop()
            if name in found or name not in self.nodes:
                continue
            found.add(name)
            if name not in behind:
                waiting.extend(following(name))
        return found

    def keep(self, names: set[str]) -> None:
        """Remove all nodes that are not in ``names``, and control inputs from them."""
        kept = [node for node in self.graph_def.node if node.name in names]
        for node in kept:
            inputs = [t for t in node.input if not t.startswith("^") or node_of(t) in names]
            if len(inputs) != len(node.input):
                node.input[:] = inputs
        copies = [_copy(node) for node in kept]
        del self.graph_def.node[:]
        self.graph_def.node.extend(copies)
        self.refresh()

    def with_bodies(self, names: Iterable[str]) -> Iterator[Any]:
        """The nodes called ``names``, and all in the functions that they call."""
        functions = {one.signature.name: one for one in self.graph_def.library.function}
        waiting, seen = [self.nodes[name] for name in names], set()
        while waiting:
            node = waiting.pop()
            yield node
            for name in called(node):
                if name in functions and name not in seen:
                    seen.add(name)
                    waiting.extend(functions[name].node_def)

    def operators(self) -> Iterator[Any]:
        """All nodes, those in the bodies of functions too."""
        yield from self.graph_def.node
        for function in self.graph_def.library.function:
            yield from function.node_def


def _copy(node: Any) -> Any:
    copy = type(node)()
    copy.CopyFrom(node)
    return copy
