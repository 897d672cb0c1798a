"""The TensorFlow operator that a node was made from.

tf2onnx keeps TensorFlow's names, puts its own behind them, and numbers what it adds:
``up/resize/Resize__67``, ``Add_1_InstanceNormalization__14``, ``Mod__12``. A node whose name says
nothing belongs to what it gets its values from, to what it gives them to, or to the loop around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import onnx

from converter.compatibility.limits.scope import Scope

_ADDED = re.compile(r"__\d+$")
_OUTPUT_NUMBER = re.compile(r":\d+$")
_FARTHEST = 64


def origin(node: onnx.NodeProto, scope: Scope) -> str:
    """The name that TensorFlow gave to it, or to the nearest node that has one, preferably in a
    layer; its own name where none has."""
    names = list(_candidates(node, scope))
    in_layers = (name for name in names if "/" in name)
    return next(in_layers, names[0] if names else node.name or node.output[0])


def _candidates(node: onnx.NodeProto, scope: Scope) -> Iterator[str]:
    own = _of_tensorflow(node)
    if own:
        yield own
        if "/" in own or scope.holder is None:
            return
    yield from _upstream(node, scope)
    yield from _downstream(node, scope)
    if scope.holder is not None and scope.outer is not None:
        yield origin(scope.holder, scope.outer)


def _of_tensorflow(node: onnx.NodeProto) -> str:
    for name in (node.name, *node.output):
        known = _OUTPUT_NUMBER.sub("", name)
        base = _ADDED.sub("", known)
        if base == known or "/" in base:
            return base
        if base.endswith(f"_{node.op_type}"):
            return base[: -len(node.op_type) - 1]
    return ""


def _upstream(node: onnx.NodeProto, scope: Scope) -> Iterator[str]:
    waiting = [name for name in node.input if name]
    seen: set[str] = set()
    while waiting and len(seen) < _FARTHEST:
        maker = scope.maker(waiting.pop(0))
        if maker is None or maker.output[0] in seen:
            continue
        seen.add(maker.output[0])
        yield from _named([maker])
        waiting.extend(name for name in maker.input if name)


def _downstream(node: onnx.NodeProto, scope: Scope) -> Iterator[str]:
    made = set(node.output)
    for user in scope.graph.node:
        if made.intersection(user.input):
            yield from _named([user])
            made.update(user.output)


def _named(nodes: Iterable[onnx.NodeProto]) -> Iterator[str]:
    yield from filter(None, map(_of_tensorflow, nodes))
