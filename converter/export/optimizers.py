"""tf2onnx's optimizers, without those that change what the network computes.

They match patterns of nodes, and some match more than they should. The graph is therefore run
before and after them, on the same images; if the results differ, an optimizer is left out.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Any

import onnx

from converter.onnx_tools.edit import all_nodes

# Whether a model computes the same as the graph before its optimizers.
IsSame = Callable[[onnx.ModelProto], bool]
# How tf2onnx reports an optimizer that failed; the others go on with the graph before it.
_FAILED = "Failed to apply %s"


class Optimizers:
    """Optimizes one graph.

    Attributes:
        notes: what was left out and why, for the user.
    """

    def __init__(self, graph: Any) -> None:
        """
        Args:
            graph: tf2onnx's, which stays as it is.
        """
        self._graph = graph
        self.notes: list[str] = []
        _guard_reshapes()

    def before(self) -> onnx.ModelProto:
        """The graph that is not optimized, valid."""
        model = self._apply(())
        for node in all_nodes(model.graph):
            if node.op_type == "Identity":  # a TensorListFromTensor with the shape of its items
                del node.input[1:]
        return model

    def run(self, is_same: IsSame | None) -> onnx.ModelProto:
        """Optimize, with all optimizers that leave the results as they are.

        Args:
            is_same: None where that is not tried out.
        """
        names = list(_table())
        failures = _Failures()
        logger = logging.getLogger("tf2onnx.optimizer")
        logger.addHandler(failures)
        try:
            model = self._apply(names)
        finally:
            logger.removeHandler(failures)
        for name in failures.names:
            self.notes.append(f"tf2onnx's optimizer {name} is left out: it fails on this network")
        if is_same is None or is_same(model):
            return model
        return self._search([name for name in names if name not in failures.names], is_same)

    def _search(self, names: Sequence[str], is_same: IsSame) -> onnx.ModelProto:
        """Take one optimizer after the other, again and again as tf2onnx does, and leave out those
        that make a difference."""
        graph, bad, before = self._graph, [], None
        while (numbers := graph.dump_node_statistics()) != before:
            before = numbers
            for name in names:
                changed = graph if name in bad else _optimized(graph, [name])
                if changed is graph or is_same(changed.make_model("network")):
                    graph = changed
                else:
                    bad.append(name)
        if bad:
            self._leave_out(bad)
        return graph.make_model("network")

    def _leave_out(self, names: Sequence[str]) -> None:
        which = "optimizer" if len(names) == 1 else "optimizers"
        self.notes.append(
            f"without tf2onnx's {which} {', '.join(names)}, with which the network would compute "
            "something else"
        )

    def _apply(self, names: Collection[str]) -> onnx.ModelProto:
        return _optimized(self._graph, names).make_model("network")


def _optimized(graph: Any, names: Collection[str]) -> Any:
    """A copy of a graph, optimized."""
    from tf2onnx import optimizer

    if not names:
        return copy.deepcopy(graph)
    chosen = {name: value for name, value in _table().items() if name in names}
    return optimizer.optimize_graph(graph, optimizers=chosen)  # each works on a copy


def _table() -> dict[str, Any]:
    """The optimizers by their names, in their order."""
    from tf2onnx import optimizer

    return dict(optimizer._get_optimizers())


def _guard_reshapes() -> None:
    """Let tf2onnx make one of two Reshapes only where the second copies no size of what enters it:
    a 0 would copy one of what enters the first."""
    from tf2onnx.optimizer import back_to_back_optimizer

    back_to_back_optimizer._func_map[("Reshape",)] = _merge_reshapes


def _merge_reshapes(graph: Any, node: Any, consumers: Sequence[Any]) -> Any:
    from tf2onnx.optimizer.back_to_back_optimizer import BackToBackOptimizer

    sizes = [one.inputs[1] for one in consumers]
    if any(one.is_const() and 0 in one.get_tensor_value() for one in sizes):
        return []
    return BackToBackOptimizer._optimize_reshape_reshape(graph, node, consumers)


class _Failures(logging.Handler):
    """Hears which optimizers failed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.names: dict[str, None] = {}

    def emit(self, record: logging.LogRecord) -> None:
        if record.msg == _FAILED and isinstance(record.args, tuple):
            self.names[str(record.args[0])] = None
