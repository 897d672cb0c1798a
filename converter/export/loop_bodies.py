"""The bodies of loops: trace a value inside back to its origin, and inline one iteration."""

from __future__ import annotations

from typing import Any

from converter.errors import ExportError
from converter.export.graph_view import GraphView, node_of, port_of
from converter.export.nodes import become_identity, constant, integer_type
from converter.inputs.quiet_tensorflow import tensorflow


class LoopBody:
    """The body of a functional loop as a graph of its own.

    Attributes:
        view: the graph; its arguments are placeholders.
        arguments: their names, in the order of the loop's inputs.
        results: the tensors that it returns, in that order too.
    """

    def __init__(self, view: GraphView, loop: Any) -> None:
        from tensorflow.python.framework.function_def_to_graph import function_def_to_graph_def

        name = loop.attr["body"].func.name
        (definition,) = [
            function
            for function in view.graph_def.library.function
            if function.signature.name == name
        ]
        with _with_functions(view).as_default():  # it may call others
            graph_def, flat_names = function_def_to_graph_def(definition)
        self.view = GraphView(graph_def)
        self.arguments = [argument.name for argument in definition.signature.input_arg]
        self.results = [
            flat_names[definition.ret[result.name]] for result in definition.signature.output_arg
        ]

    def outside(self, loop: Any, argument: str) -> str:
        """The tensor that the loop receives as ``argument``."""
        inputs = [tensor for tensor in loop.input if not tensor.startswith("^")]
        return str(inputs[self.arguments.index(argument)])


def _with_functions(view: GraphView) -> Any:
    """A graph with the functions of another one, and nothing else."""
    tf = tensorflow()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(tf.compat.v1.GraphDef(library=view.graph_def.library), name="")
    return graph


def inline_body(view: GraphView, loop: Any, result: str) -> str:
    """Inline one iteration of a loop of ``tf.map_fn`` into the graph.

    Args:
        result: the output of ``loop`` that collects the items.

    Returns:
        The tensor with the item of that iteration. The nodes that read it from the list of inputs
        stay in the graph as they are, to be cut off.

    Raises:
        ExportError: the result is no list of items.
    """
    body = LoopBody(view, loop)
    setter = body.view.source(body.view.through_identity(body.results[port_of(result)]))
    if setter.op != "TensorListSetItem":
        raise ExportError(
            f"the loop '{loop.name}' decodes images, but does not collect them by {setter.op}: "
            "export a signature that takes pixels"
        )
    needed = body.view.ancestors([setter.input[2]])
    prefix = f"{loop.name}/round"
    for name in needed:
        node = body.view.nodes[name]
        copy = view.graph_def.node.add()
        copy.CopyFrom(node)
        copy.name = f"{prefix}/{name}"
        if name in body.arguments:
            become_identity(copy, body.outside(loop, name), node.attr["dtype"].type)
        else:
            copy.input[:] = [_prefixed(tensor, prefix) for tensor in node.input]
    view.refresh()
    return _prefixed(setter.input[2], prefix)


def stack_one(view: GraphView, stack: Any, item: str, dtype: int) -> None:
    """Turn ``stack``, the node that stacks the items of all iterations, into one that gives the
    single ``item`` a leading axis."""
    name = stack.name
    axis = constant(f"{name}/axis", 0)
    view.graph_def.node.append(axis)
    stack.Clear()
    stack.name, stack.op = name, "ExpandDims"
    stack.input[:] = [item, axis.name]
    stack.attr["T"].type, stack.attr["Tdim"].type = dtype, integer_type()
    view.refresh()


def _prefixed(tensor: str, prefix: str) -> str:
    mark = "^" if tensor.startswith("^") else ""
    port = f":{port_of(tensor)}" if ":" in tensor else ""
    return f"{mark}{prefix}/{node_of(tensor)}{port}"
