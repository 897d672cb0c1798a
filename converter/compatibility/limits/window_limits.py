"""Limits of the windows of pooling."""

from __future__ import annotations

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView


def _is_dilated(node: NodeView) -> bool:
    return any(size != 1 for size in node.attribute("dilations", ()))


def _pads_far_apart(node: NodeView) -> bool:
    pads = node.attribute("pads", ())
    half = len(pads) // 2
    pairs = list(zip(pads[:half], pads[half:]))[:2]
    return any(end not in (begin, begin + 1) for begin, end in pairs)


def _window_rank(node: NodeView) -> bool:
    axes, rank = len(node.attribute("kernel_shape", ())), node.rank(0)
    return axes not in (2, 3) and not (axes == 1 and rank in (None, 3))


def _has_nameless_indices(node: NodeView) -> bool:
    return len(node.node.output) > 1 and not node.gives(1)


def _norm(node: NodeView) -> bool:
    return node.attribute("p", 2) not in (1, 2)


WINDOW_LIMITS = (
    Limit(
        ("MaxPool",),
        "no second output with the indices",
        lambda node: node.gives(1),
        "pool without indices (tf.nn.max_pool2d), and find the places with tf.math.argmax",
        "builtin_op_importers.cpp, MaxPool@8.0-GA to 9.0-GA; onnxOpCheckers.cpp, MaxPool@10.15",
    ),
    Limit(
        ("MaxPool",),
        "one output, without an empty name for a second one",
        _has_nameless_indices,
        "remove the empty name from the outputs of the node",
        "builtin_op_importers.cpp, MaxPool@8.0-GA; onnxOpCheckers.cpp:468@10.1-GA; taken: "
        "emptyOutputChecker@10.6",
        until="10.6",
    ),
    Limit(
        ("AveragePool", "LpPool", "MaxPool"),
        "no dilation",
        _is_dilated,
        "pool without dilation",
        "onnx2trt_utils.cpp:1684@8.0-GA; builtin_op_static_checkers.cpp@10.1-GA",
    ),
    Limit(
        ("AveragePool",),
        "paddings at both ends that differ by no more than 1, the larger one at the end",
        _pads_far_apart,
        "pad with zeros before the pooling (tf.pad)",
        "onnx2trt_utils.cpp:1716-1731@8.0-GA, 1657-1676@8.4-GA",
        until="8.5",
    ),
    Limit(
        ("AveragePool", "MaxPool"),
        "1D, 2D or 3D",
        _window_rank,
        "pool over three axes at most",
        "onnx2trt_utils.cpp:1666@8.0-GA; importerUtils.cpp, poolingHelper@10.1-GA",
    ),
    Limit(
        ("LpNormalization", "LpPool"),
        "L1 and L2 only",
        _norm,
        "write it with tf.abs, tf.pow and a sum",
        "builtin_op_importers.cpp, LpPool@8.0-GA; onnxOpCheckers.cpp, LpPool@10.15",
    ),
)
