"""What the nodes after a cut do to the last axis of its tensors, where the classes are, or the
numbers of a box."""

from __future__ import annotations

from collections.abc import Iterable

from converter.cuts.cut_graph import CutGraph
from converter.export.provenance import HANDS_ON
from converter.inputs.quiet_tensorflow import tensorflow

_PICKS = ("StridedSlice", "Slice", "Split", "SplitV", "Unpack", "GatherV2")


def are_taken_apart(graph: CutGraph, cut: Iterable[str]) -> bool:
    """Whether some node after a cut picks some of its numbers along the last axis, or along one
    that is not known: then these mean different things."""
    return any(_picks(graph, name) and not _keeps_last(graph, name) for name in graph.after(cut))


def picks_last(graph: CutGraph, name: str) -> bool:
    """Whether a node gives some of the numbers along the last axis, or in another order."""
    if not _picks(graph, name):
        return False
    operation = graph.inside.graph.get_operation_by_name(name)
    given = operation.inputs[HANDS_ON[operation.type]]
    rank, made = given.shape.rank, operation.outputs[0].shape.rank
    if rank is None or made != rank:
        return False  # one class, as before a suppression for each
    return not _keeps_last(graph, name) or reorders_last(graph, name)


def reorders_last(graph: CutGraph, name: str) -> bool:
    """Whether a node gives as many numbers along the last axis, in another order."""
    operation = graph.inside.graph.get_operation_by_name(name)
    values = [tensorflow().get_static_value(one) for one in operation.inputs]
    rank = operation.inputs[0].shape.rank
    if operation.type == "GatherV2" and values[2] is not None and rank is not None:
        return int(values[2]) % rank == rank - 1
    if operation.type == "StridedSlice" and values[3] is not None:
        return bool(values[3][-1] < 0)
    return False


def _picks(graph: CutGraph, name: str) -> bool:
    return graph.inside.view.nodes[name].op in _PICKS


def _keeps_last(graph: CutGraph, name: str) -> bool:
    operation = graph.inside.graph.get_operation_by_name(name)
    given = [one for one in operation.inputs if graph.is_seen(one.name)]
    sizes = {
        None if tensor.shape.rank in (None, 0) else tensor.shape.as_list()[-1]
        for tensor in (*given[:1], *operation.outputs)
    }
    return len(sizes) == 1 and None not in sizes
