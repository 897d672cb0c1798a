"""Limits of GRU, LSTM and RNN."""

from __future__ import annotations

from collections.abc import Callable

from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView

_RECURRENT = ("GRU", "LSTM", "RNN")
_ACTIVATIONS_OF_DIRECTION = {"GRU": 2, "LSTM": 3, "RNN": 1}


def _differs(name: str, default: object) -> Callable[[NodeView], bool]:
    def breaks(node: NodeView) -> bool:
        return bool(node.attribute(name, default) != default)

    return breaks


def _directions_differ(node: NodeView) -> bool:
    if node.attribute("direction", "forward") != "bidirectional":
        return False
    count = _ACTIVATIONS_OF_DIRECTION[node.node.op_type]
    return any(
        list(values[:count]) != list(values[count:])
        for values in (
            node.texts("activations"),
            node.attribute("activation_alpha", ()),
            node.attribute("activation_beta", ()),
        )
        if len(values) == 2 * count
    )


RECURRENT_LIMITS = (
    Limit(
        ("LSTM",),
        "no input_forget",
        _differs("input_forget", 0),
        "train with separate gates",
        "builtin_op_importers.cpp, LSTM@8.0-GA; onnxOpCheckers.cpp, LSTM@10.15",
    ),
    Limit(
        _RECURRENT,
        "the same activations in both directions",
        _directions_differ,
        "use two layers, one of them over the reversed sequence",
        "builtin_op_importers.cpp:1745@8.2-GA; onnxOpCheckers.cpp@10.15",
    ),
    Limit(
        _RECURRENT,
        "layout 0: time before batch",
        _differs("layout", 0),
        "transpose before and after it",
        "builtin_op_importers.cpp@8.0-GA to 10.1-GA, which do not look at it",
    ),
)
