"""The TensorFlow operator that a node was made from.

tf2onnx keeps TensorFlow's names, puts its own behind them, and numbers what it adds:
``up/resize/Resize__67``, ``Add_1_InstanceNormalization__14``, ``Mod__12``. A node whose name says
nothing is between what it gets its values from and what it gives them to, or belongs to the loop
around it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import onnx

from converter.compatibility.limits.scope import Scope

# What the converter puts before the names of an exported network.
NETWORK_PREFIX = "network/"

_ADDED = re.compile(r"__\d+$")
_OUTPUT_NUMBER = re.compile(r":\d+$")
_FARTHEST = 64


def origin(node: onnx.NodeProto, scope: Scope) -> tuple[str, ...]:
    """The name that TensorFlow gave to a node; or those of the nearest nodes before and after it
    that have one, of which one may be empty; or its own where there is none."""
    own = _of_tensorflow(node)
    if own and ("/" in own or scope.holder is None):
        return (own,)
    around = [next(found, "") for found in (_upstream(node, scope), _downstream(node, scope))]
    if scope.holder is not None and scope.outer is not None and not any("/" in a for a in around):
        return origin(scope.holder, scope.outer)
    if own or not any(around):
        return (own or node.name or node.output[0],)
    return tuple(dict.fromkeys(around))


def _of_tensorflow(node: onnx.NodeProto) -> str:
    for name in (node.name, *node.output):
        exported = name[len(NETWORK_PREFIX) :] if name.startswith(NETWORK_PREFIX) else name
        known = _OUTPUT_NUMBER.sub("", exported)
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
