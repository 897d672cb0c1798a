"""Loops of TensorFlow 1, whose nodes are in the graph itself, in a frame of their own:
https://www.tensorflow.org/api_docs/python/tf/raw_ops/Enter"""

from __future__ import annotations

from typing import Any

from converter.errors import ExportError
from converter.export.graph_view import GraphView, node_of
from converter.export.loop_bodies import stack_one
from converter.export.nodes import become_identity


def open_loop_of_frames(view: GraphView, inside: Any) -> None:
    """Where node ``inside`` is in a loop over the images of a batch, make what the loop does to
    one image a part of the graph, and give its result an axis for the batch.

    Raises:
        ExportError: the loop does not collect one result for each image.
    """
    behind = view.descendants([inside.name])
    writes = [view.nodes[name] for name in behind if view.nodes[name].op == "TensorArrayWriteV3"]
    if not any(view.nodes[name].op == "Enter" for name in view.ancestors([inside.name])):
        return
    results = [
        (write, view.nodes[name])
        for write in writes
        for name in behind
        if view.nodes[name].op == "TensorArrayGatherV3"
        and _array(view, view.nodes[name]) == _array(view, write)
    ]
    if len(results) != 1:
        raise ExportError(
            f"the loop around '{inside.name}' decodes images and gives {len(results)} results: "
            "export a signature that takes pixels"
        )
    ((write, gather),) = results
    item = write.input[2]
    for name in view.ancestors([item], stop=[inside.name]):
        _leave_frame(view.nodes[name])
    stack_one(view, gather, item, gather.attr["dtype"].type)


def _array(view: GraphView, node: Any) -> str:
    """The tensor array that ``node`` writes or reads."""
    return node_of(view.through_identity(node.input[0]))


def _leave_frame(node: Any) -> None:
    """Take a node out of its loop: what it is given from outside is the same in each round."""
    node.input[:] = [tensor for tensor in node.input if not tensor.startswith("^")]
    if node.op == "Enter":
        become_identity(node, node.input[0], node.attr["T"].type)
