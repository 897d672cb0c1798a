"""Turn loops of frames whose lists are TensorLists into nodes ``While``, as they were before the
graph was frozen: tf2onnx knows TensorLists in no other loops."""

from __future__ import annotations

from typing import Any

from converter.export.graph_view import GraphView, canonical
from converter.export.loop_bodies import Body, Loop
from converter.export.loop_frames import LoopFrame, frames_of, loop_of, remove_frame
from converter.export.nodes import become_identity, become_placeholder, constant, integer_type
from converter.inputs.quiet_tensorflow import tensorflow

# The attribute of loops that were frames.
WAS_FRAME = "_was_frame"


def make_functional(view: GraphView) -> None:
    """Do so with all loops of a graph that has TensorLists, the innermost first."""
    if not any(node.op.startswith("TensorList") for node in view.graph_def.node):
        return
    while frames := list(frames_of(view)):
        _replace(view, next(frame for frame in frames if _is_innermost(view, frame)))


def _is_innermost(view: GraphView, frame: LoopFrame) -> bool:
    inside = loop_of(view, frame).body.view
    return not any(node.op == "LoopCond" for node in inside.graph_def.node)


def _replace(view: GraphView, frame: LoopFrame) -> None:
    loop = _counted(view, loop_of(view, frame))
    exits = [[node.name for node in variable.exits] for variable in frame.variables]
    remove_frame(view, frame)
    node = _while(view, loop)
    view.graph_def.node.append(node)
    view.refresh()
    for index, names in enumerate(exits):
        for name in names:
            dtype = view.nodes[name].attr["T"].type
            become_identity(view.nodes[name], f"{node.name}:{index + 2}", dtype)
    view.refresh()


def _counted(view: GraphView, loop: Loop) -> Loop:
    """The loop with a counter and a limit before its other values, as TensorFlow 2 writes them and
    tf2onnx reads them: the limit -1 is none."""
    scope = f"{loop.name}/counted"
    start, limit = constant(f"{scope}/start", 0), constant(f"{scope}/limit", -1)
    view.graph_def.node.extend([start, limit])
    view.refresh()
    body = loop.body.view
    counter, most = (type(start)(name=f"{scope}/{name}") for name in ("counter", "most"))
    for node in (counter, most):
        become_placeholder(node, integer_type(), ())
    one = constant(f"{scope}/one", 1)
    following = type(one)(name=f"{scope}/next", op="AddV2", input=[counter.name, one.name])
    following.attr["T"].type = integer_type()
    body.graph_def.node.extend([counter, most, one, following])
    body.refresh()
    arguments = [counter.name, most.name, *loop.body.arguments]
    results = [following.name, most.name, *loop.body.results]
    return Loop(
        loop.name,
        [start.name, limit.name, *loop.inputs],
        Body(body, arguments, loop.condition.results),
        Body(body, arguments, results),
    )


def _while(view: GraphView, loop: Loop) -> Any:
    """A node for the loop, whose functions are added to the graph."""
    types = [loop.body.view.nodes[name].attr["dtype"].type for name in loop.body.arguments]
    name = loop.name
    while name in view.nodes:
        name += "_"
    node = tensorflow().compat.v1.NodeDef(name=name, op="StatelessWhile")
    node.input.extend(loop.inputs)
    node.attr["T"].list.type.extend(types)
    for attribute, body in (("cond", loop.condition), ("body", loop.body)):
        function = _function(f"{name}/{attribute}".replace("/", "_"), body)
        node.attr[attribute].func.name = function.signature.name
        view.graph_def.library.function.append(function)
    node.attr["output_shapes"].list.shape.extend(
        tensorflow().TensorShape(None).as_proto() for _ in types
    )
    node.attr[WAS_FRAME].b = True
    node.attr["_lower_using_switch_merge"].b = False
    return node


def _function(name: str, body: Body) -> Any:
    from tensorflow.python.framework.graph_to_function_def import graph_to_function_def

    with tensorflow().Graph().as_default() as graph:
        tensorflow().import_graph_def(body.view.graph_def, name="")
    inputs = [graph.get_tensor_by_name(f"{name}:0") for name in body.arguments]
    results = [graph.get_tensor_by_name(canonical(name)) for name in body.results]
    needed = body.view.ancestors(body.results)
    operations = [one for one in graph.get_operations() if one.name in needed]
    function = graph_to_function_def(graph, operations, inputs, results)
    function.signature.name = name
    return function
