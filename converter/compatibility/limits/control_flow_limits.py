"""Limits of loops and branches: what they carry, collect and return."""

from __future__ import annotations

import onnx

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView
from trt_inference.bundles.tensorrt_versions import reaches

_LONGEST = 2**31 - 1
_BRANCHES = ("then_branch", "else_branch")
_MAXIMUM = (
    "give the loop a number of rounds (maximum_iterations), or write its rounds one after the "
    "other (a for loop of Python)"
)


def _body(node: NodeView, name: str) -> onnx.GraphProto:
    found: onnx.GraphProto = node.attribute(name, onnx.GraphProto())
    return found


def _declared(values: object, index: int) -> tuple[int | None, ...] | None:
    value = values[index].type.tensor_type  # type: ignore[index]  # a field of protobuf's
    if not value.HasField("shape"):
        return None
    return tuple(one.dim_value if one.HasField("dim_value") else None for one in value.shape.dim)


def _same_names(node: NodeView) -> bool:
    names = [[one.name for one in _body(node, name).output] for name in _BRANCHES]
    return not _is_decided(node) and any(first == second for first, second in zip(*names))


def _is_decided(node: NodeView) -> bool:
    """Only the branch of a constant condition is read."""
    return node.is_weights(0)


def _pairs_of_branches(
    node: NodeView,
) -> list[tuple[tuple[int | None, ...], tuple[int | None, ...]]]:
    then, other = (_body(node, name).output for name in _BRANCHES)
    if _is_decided(node):
        return []
    shapes = (
        (_declared(then, at), _declared(other, at)) for at in range(min(len(then), len(other)))
    )
    return [(one, two) for one, two in shapes if one is not None and two is not None]


def _ranks_differ(node: NodeView) -> bool:
    return any(len(one) != len(two) for one, two in _pairs_of_branches(node))


def _do_not_broadcast(node: NodeView) -> bool:
    return any(
        None not in (a, b) and a != b and 1 not in (a, b)
        for one, two in _pairs_of_branches(node)
        for a, b in zip(one[::-1], two[::-1])
    )


def _sizes_differ(node: NodeView) -> bool:
    return any(
        None not in (a, b) and a != b
        for one, two in _pairs_of_branches(node)
        for a, b in zip(one, two)
    )


def _reads(graph: onnx.GraphProto, name: str) -> bool:
    """Whether a tensor is used in a graph, or goes out of it, in graphs inside of it too."""
    if any(one.name == name for one in graph.output):
        return True
    return any(
        name in node.input
        or any(_reads(body, name) for one in node.attribute for body in (one.g, *one.graphs))
        for node in graph.node
    )


def _reads_input(node: NodeView, index: int) -> bool:
    body = _body(node, "body")
    return index < len(body.input) and _reads(body, body.input[index].name)


def _counts_without_turns(node: NodeView) -> bool:
    """The number of the turn has no name where no number of turns is given. From 8.5 on as many
    turns as there can be, which exporters write where a condition ends the loop, are none."""
    is_open = not node.has(0) or (reaches(node.tensorrt, "8.5") and _is_endless(node))
    return is_open and _reads_input(node, 0)


def _reads_no_condition(node: NodeView) -> bool:
    return not node.has(1) and _reads_input(node, 1)


def _is_endless(node: NodeView) -> bool:
    turns = node.values(0)
    return turns is not None and turns.size == 1 and int(turns.reshape(())) >= _LONGEST


def _carries_other_shape(node: NodeView) -> bool:
    body = _body(node, "body")
    for index in range(2, len(body.input)):
        given, back = node.shape(index), _declared(body.output, index - 1)
        if given is None or back is None:
            continue
        if len(given) != len(back) or any(
            None not in (a, b) and a != b for a, b in zip(given, back)
        ):
            return True
    return False


def _collects_unknown(node: NodeView) -> bool:
    """Outputs that grow with each turn, of a loop that only a condition ends: these get 1024
    turns."""
    states = len(node.node.input) - 2
    if not any(node.gives(index) for index in range(states, len(node.node.output))):
        return False
    return not node.has(0) or _is_endless(node)


def _has_no_state(node: NodeView) -> bool:
    return len(node.node.input) == node.attribute("num_scan_inputs", 0)


CONTROL_FLOW_LIMITS = (
    Limit(
        ("If",),
        "outputs of both branches with different names",
        _same_names,
        "export the model again: names of branches are made by the export",
        "builtin_op_importers.cpp:2139@8.0-GA, 2086@8.2-GA",
        until="8.4",
    ),
    Limit(
        ("If",),
        "outputs of both branches with shapes that broadcast",
        _do_not_broadcast,
        "return tensors of one shape from both branches, or use tf.where",
        "builtin_op_importers.cpp:2145@8.0-GA",
        until="8.2",
    ),
    Limit(
        ("If",),
        "outputs of both branches with one rank",
        _ranks_differ,
        "return tensors of one rank from both branches",
        "docs/operators.md@10.1-GA",
    ),
    Limit(
        ("If",),
        "outputs of both branches with one shape",
        _sizes_differ,
        "return tensors of one shape from both branches, or use tf.where",
        "TensorRT 8.5.3 and 8.6.0, IIfConditional::addOutput",
        since="8.5",
        until="10.0",
    ),
    Limit(
        ("Loop",),
        "a number of turns, where its body counts them",
        _counts_without_turns,
        _MAXIMUM,
        "builtin_op_importers.cpp, Loop@8.0-GA, 8.5-GA; onnxOpImporters.cpp, Loop@10.1-GA",
    ),
    Limit(
        ("Loop",),
        "a condition, where its body reads it",
        _reads_no_condition,
        "give the loop the condition true",
        "builtin_op_importers.cpp, Loop@8.0-GA; onnxOpImporters.cpp, Loop@10.1-GA",
    ),
    Limit(
        ("Loop",),
        "values that keep their shape from turn to turn",
        _carries_other_shape,
        "keep what a loop carries in one tensor of fixed size",
        "docs/operators.md@10.1-GA; NvInfer.h, IRecurrenceLayer of NVIDIA/TensorRT",
    ),
    Limit(
        ("Loop",),
        "collected outputs only with a number of turns",
        _collects_unknown,
        _MAXIMUM,
        "builtin_op_importers.cpp:2270 and 2349-2358@8.0-GA; onnxOpImporters.cpp:2945@10.1-GA",
    ),
    Limit(
        ("Scan",),
        "no Scan without a state",
        _has_no_state,
        "carry a value that is not used",
        "builtin_op_importers.cpp:3912@8.0-GA; onnxOpImporters.cpp, Scan@10.15",
    ),
)
