"""Bring a SavedModel's signature into one graph without function calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from converter.export.graph_view import CONTROL_FLOW, GraphView, node_of
from converter.inputs.quiet_tensorflow import tensorflow
from converter.inputs.saved_model import SavedModel

# Both keep the calls of a function from being replaced by its body. Keras sets the first on
# grouped convolutions, recurrent layers the second.
_BARRIERS = ("_XlaMustCompile", "api_implements", "_noinline")
_ASSIGNMENTS = ("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp")


def load_signature(session: Any, path: Path, tags: Sequence[str]) -> Any:
    """Load a SavedModel of TensorFlow 1 or 2 into ``session`` and give its GraphDef, in which
    nothing is assigned to variables."""
    tensorflow().compat.v1.saved_model.load(session, list(tags), str(path), clear_devices=True)
    graph_def = session.graph.as_graph_def()
    _drop_assignments(graph_def)
    return graph_def


def read_graph(saved_model: SavedModel) -> Any:
    """The GraphDef of a SavedModel as it is in the file, without loading its weights."""
    from tensorflow.python.saved_model.loader_impl import parse_saved_model

    graphs = parse_saved_model(str(saved_model.path)).meta_graphs
    wanted = set(saved_model.tags)
    return next(one for one in graphs if set(one.meta_info_def.tags) == wanted).graph_def


def _drop_assignments(graph_def: Any) -> None:
    """Let variables keep their values: they become constants, to which nothing can be assigned.
    Keras draws the masks of a dropout in recurrent layers, and counts that, in inference too."""
    for node in GraphView(graph_def).operators():
        if node.op in _ASSIGNMENTS:
            node.op = "NoOp"
            node.input[:] = [tensor for tensor in node.input if tensor.startswith("^")]
            node.attr.clear()


def flatten(graph_def: Any, inputs: Sequence[str], outputs: Sequence[str]) -> Any:
    """The part of ``graph_def`` that leads to ``outputs``, with every called function replaced
    by its body. Loops and branches stay functions.

    Args:
        inputs: names of tensors that are fed.
        outputs: names of tensors that are wanted; their nodes keep their names.
    """
    graph = tensorflow().compat.v1.graph_util.extract_sub_graph(
        graph_def, [node_of(tensor) for tensor in outputs]
    )
    _remove_barriers(graph)
    flat = optimise(graph, [*inputs, *outputs], ["function"])
    for node in flat.node:
        node.attr.pop("_class", None)  # on which device: some name nodes that are gone
    untie(flat)
    return flat


def optimise(graph_def: Any, kept: Sequence[str], optimizers: Sequence[str]) -> Any:
    """Run TensorFlow's own graph optimizers; tensors named in ``kept`` stay."""
    tf = tensorflow()
    from tensorflow.python.grappler import tf_optimizer

    config = tf.compat.v1.ConfigProto()
    rewrite = config.graph_options.rewrite_options
    rewrite.min_graph_nodes = -1  # small graphs too
    rewrite.optimizers[:] = optimizers
    rewrite.function_optimization = rewrite.AGGRESSIVE
    # Quantisation of weights that was trained stays visible.
    rewrite.experimental_disable_folding_quantization_emulation = True
    with tf.Graph().as_default():
        meta_graph = tf.compat.v1.train.export_meta_graph(graph_def=graph_def)
    meta_graph.collection_def["train_op"].node_list.value.extend(kept)
    return tf_optimizer.OptimizeGraph(config, meta_graph)


def untie(graph_def: Any) -> None:
    """Let no node wait for one that computes nothing. Where a function was, such a node ties each
    of its outputs to all that is done in it."""
    idle = {node.name for node in graph_def.node if node.op in ("NoOp", "Assert")}
    for node in graph_def.node:
        kept = [t for t in node.input if not (t.startswith("^") and node_of(t) in idle)]
        if len(kept) != len(node.input):
            node.input[:] = kept


def _remove_barriers(graph_def: Any) -> None:
    for function in graph_def.library.function:
        for name in _BARRIERS:
            function.attr.pop(name, None)
    for node in GraphView(graph_def).operators():
        for name in _BARRIERS:
            node.attr.pop(name, None)
        node.attr.pop("_output_shapes", None)  # they may be of another input size
        if node.op in CONTROL_FLOW:
            node.attr["_lower_using_switch_merge"].b = False
