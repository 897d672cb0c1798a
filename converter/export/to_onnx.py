"""Run tf2onnx on a flat graph, and list what it could not convert."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import onnx

from converter.errors import ExportError
from converter.export.flatten import optimise
from converter.export.graph_view import CONTROL_FLOW, GraphView
from converter.export.loop_remedy import loop_remedy
from converter.export.loops_at_fault import name_loops
from converter.export.optimizers import Optimizers
from converter.export.provenance import constant_value
from converter.export.request_answer import Unsupported
from converter.export.resize_matrices import convert_by_matrices
from converter.export.resizes import convert_resize
from converter.export.same_results import SameResults
from converter.export.transposed_convolutions import convert_transposed
from converter.inputs.quiet_tensorflow import tensorflow
from converter.onnx_tools.edit import all_nodes

# How tf2onnx reports these two; its functions go on and give a graph that is not valid.
_NO_HANDLER = "Tensorflow op [%s: %s] is not supported"
_HANDLER_FAILED = "Failed to convert node %r"
_NO_COUNTERPART = "it has no counterpart in ONNX"
# Operators of TensorFlow that are converted here rather than by tf2onnx.
_HANDLERS = {
    "Conv2DBackpropInput": convert_transposed,
    "Conv3DBackpropInputV2": convert_transposed,
    "ResizeArea": convert_by_matrices,
    "ResizeBicubic": convert_by_matrices,
    "ResizeBilinear": convert_resize,
    "ResizeNearestNeighbor": convert_resize,
    "ScaleAndTranslate": convert_by_matrices,
}


class Converted(NamedTuple):
    """A model, the nodes in it that are still TensorFlow's, with which it is not valid, and what
    was left out of tf2onnx's work, in sentences for the user."""

    model: onnx.ModelProto
    unsupported: tuple[Unsupported, ...]
    notes: tuple[str, ...]


def convert_to_onnx(
    graph_def: Any, image: str, weights: Mapping[str, Path], outputs: Sequence[str], opset: int
) -> Converted:
    """Convert a graph without variables and function calls.

    Args:
        image: name of the tensor that is fed.
        weights: names of the others that are fed, and the files with their values.
        outputs: names of the tensors that are wanted, as ``node:port``.

    Raises:
        ExportError: tf2onnx gave up.
    """
    tf = tensorflow()
    inputs = [image, *weights]
    _open_branches(graph_def)
    kept = [*inputs, *outputs]
    folded = optimise(graph_def, kept, ["constfold", "function", "loop", "dependency"])
    listener = _Listener({node.name: node.op for node in GraphView(folded).operators()})
    logger = logging.getLogger("tf2onnx.tfonnx")
    logger.addHandler(listener)
    try:
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(folded, name="")
            optimizers = Optimizers(_run_tf2onnx(graph, inputs, outputs, opset))
            is_same = None if listener.found else _comparison(optimizers, image, weights)
            model = optimizers.run(is_same)
            _give_shapes(model, graph)
    except Exception as error:  # its errors have no common base below Exception
        raise ExportError(_why(folded, error)) from error
    finally:
        logger.removeHandler(listener)
    found = [*listener.found, *_left_over(model)]
    unsupported = tuple(dict.fromkeys(name_loops(found, folded)))
    return Converted(model, unsupported, tuple(optimizers.notes))


def _comparison(
    optimizers: Optimizers, image: str, weights: Mapping[str, Path]
) -> Callable[[onnx.ModelProto], bool] | None:
    """Compares a model with the one before its optimizers; None where that does not run."""
    before = optimizers.before()
    if _left_over(before):
        return None
    results = SameResults(before, image, weights)
    if not results.reason:
        return results.as_of
    optimizers.notes.append(
        f"what tf2onnx's optimizers do to the network is not tried out: {results.reason}"
    )
    return None


def _left_over(model: onnx.ModelProto) -> list[Unsupported]:
    """The operators on lists of tensors that tf2onnx leaves in the graph without a word: it takes
    them away only together with a loop around them."""
    return [
        Unsupported(node.name, node.op_type, _NO_COUNTERPART)
        for node in all_nodes(model.graph)
        if node.op_type.startswith(("TensorList", "TensorArray"))
    ]


def _run_tf2onnx(graph: Any, inputs: Sequence[str], outputs: Sequence[str], opset: int) -> Any:
    """The graph in ONNX' operators, as tf2onnx has it."""
    from tf2onnx import tfonnx

    return tfonnx.process_tf_graph(
        graph,
        continue_on_error=True,
        opset=opset,
        input_names=list(inputs),
        output_names=list(outputs),
        custom_op_handlers={name: (function, []) for name, function in _HANDLERS.items()},
    )


def _give_shapes(model: onnx.ModelProto, graph: Any) -> None:
    """Give outputs the shapes that TensorFlow knows, where tf2onnx has lost them: that of an
    Einsum, at opset 13."""
    for value in model.graph.output:
        sizes = graph.get_tensor_by_name(value.name).shape
        kind = value.type.tensor_type
        if not kind.HasField("shape") and sizes.rank is not None:
            typed = onnx.helper.make_tensor_type_proto(kind.elem_type, sizes.as_list())
            value.type.CopyFrom(typed)


def first_opset(operator: str) -> int:
    """The opset from which on tf2onnx converts an operator of TensorFlow; 0 where it does not."""
    from tf2onnx import tfonnx  # noqa: F401  (registers the handlers)
    from tf2onnx.handler import tf_op

    tables = tf_op.get_opsets().get("", [])
    return next((opset for opset, table in enumerate(tables) if operator in table), 0)


def _why(graph_def: Any, error: Exception) -> str:
    """The error of tf2onnx, and the loops and branches of the graph, at which it fails most."""
    text = f"tf2onnx cannot convert the graph: {error}"
    names = [node.name for node in graph_def.node if node.op in CONTROL_FLOW]
    names += [node.name for node in graph_def.node if node.op == "LoopCond"]
    if names:
        return f"{text}\n{loop_remedy(names)}"
    return f"{text}. Please report it with the model"


def _open_branches(graph_def: Any) -> None:
    """Let the optimizers put the branches of conditions into the graph, where shapes are known:
    in a functional condition, tf2onnx takes the shapes of the arguments for those of their
    neighbours. Where the condition is a constant, only the branch that is taken."""
    view = GraphView(graph_def)
    for node in graph_def.node:
        if node.op not in ("If", "StatelessIf"):
            continue
        taken = constant_value(view, node.input[0])
        if taken is None:
            node.attr["_lower_using_switch_merge"].b = True
        else:
            _call(node, "then_branch" if taken else "else_branch")
    view.refresh()


def _call(node: Any, branch: str) -> None:
    """Make a call of one branch of a condition."""
    function, inputs = node.attr[branch].func, list(node.input)[1:]
    types = {name: node.attr[name] for name in ("Tin", "Tout")}
    attributes = {name: type(value)() for name, value in types.items()}
    for name, value in types.items():
        attributes[name].CopyFrom(value)
    chosen = type(function)()
    chosen.CopyFrom(function)
    node.op = "PartitionedCall"
    node.input[:] = inputs
    node.attr.clear()
    node.attr["f"].func.CopyFrom(chosen)
    for name, value in attributes.items():
        node.attr[name].CopyFrom(value)


class _Listener(logging.Handler):
    """Hears which nodes tf2onnx could not convert."""

    def __init__(self, operators: dict[str, str]) -> None:
        super().__init__(logging.ERROR)
        self._operators = operators
        self.found: list[Unsupported] = []

    def emit(self, record: logging.LogRecord) -> None:
        arguments = record.args if isinstance(record.args, tuple) else ()
        if record.msg == _NO_HANDLER:
            node, operator = map(str, arguments)
            since = first_opset(operator)
            reason = f"ONNX has it from opset {since} on" if since else _NO_COUNTERPART
            self.found.append(Unsupported(node, operator, reason, since))
        elif record.msg.startswith(_HANDLER_FAILED):
            node = str(arguments[0])
            reason = str(record.exc_info[1]) if record.exc_info else "unknown reason"
            operator = self._operators.get(node, "unknown operator")
            self.found.append(Unsupported(node, operator, reason.splitlines()[0]))
