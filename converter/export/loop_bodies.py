"""A loop as data: what it is given, its condition and its body, each a graph of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from converter.export.graph_view import GraphView
from converter.inputs.quiet_tensorflow import tensorflow


@dataclass(frozen=True)
class Body:
    """A function as a graph.

    Attributes:
        view: the graph; the arguments are placeholders in it.
        arguments: names of these placeholders, in order.
        results: the tensors that the function returns, in order.
    """

    view: GraphView
    arguments: list[str]
    results: list[str]


@dataclass(frozen=True)
class Loop:
    """A loop: ``values = inputs; while condition(values): values = body(values)``.

    Attributes:
        name: of its node, or what the names of its nodes begin with.
        inputs: tensors of the graph around it.
    """

    name: str
    inputs: list[str]
    condition: Body
    body: Body


def functional_loop(view: GraphView, node: Any) -> Loop:
    """The loop of a node ``While``."""
    inputs = view.data_inputs(node)
    return Loop(node.name, inputs, _function(view, node, "cond"), _function(view, node, "body"))


def _function(view: GraphView, loop: Any, attribute: str) -> Body:
    from tensorflow.python.framework.function_def_to_graph import function_def_to_graph_def

    name = loop.attr[attribute].func.name
    definition = next(one for one in view.graph_def.library.function if one.signature.name == name)
    with _with_functions(view).as_default():  # it may call others
        graph_def, flat_names = function_def_to_graph_def(definition)
    graph_def.library.CopyFrom(view.graph_def.library)
    arguments = [argument.name for argument in definition.signature.input_arg]
    results = [flat_names[definition.ret[one.name]] for one in definition.signature.output_arg]
    return Body(GraphView(graph_def), arguments, results)


def _with_functions(view: GraphView) -> Any:
    """A graph with the functions of another one, and nothing else."""
    tf = tensorflow()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(tf.compat.v1.GraphDef(library=view.graph_def.library), name="")
    return graph


class LoopBody:
    """The body of a functional loop, seen from the graph around it.

    Attributes:
        view: the graph; its arguments are placeholders.
        arguments: their names, in the order of the loop's inputs.
        results: the tensors that it returns, in that order too.
    """

    def __init__(self, view: GraphView, loop: Any) -> None:
        body = _function(view, loop, "body")
        self.view, self.arguments, self.results = body.view, body.arguments, body.results

    def outside(self, loop: Any, argument: str) -> str:
        """The tensor that the loop receives as ``argument``."""
        inputs = [tensor for tensor in loop.input if not tensor.startswith("^")]
        return str(inputs[self.arguments.index(argument)])
