"""Which nodes of a model the versions of TensorRT refuse, and why: known before a build.

What is found here is refused by the parser, or by the layers that it makes. It is not all: TensorRT
may still find no implementation of a layer for some GPU, which only the build shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import onnx

from converter.compatibility.limits.all_limits import limits_of
from converter.compatibility.limits.inferred_shapes import with_one_batch
from converter.compatibility.limits.limit import Limit
from converter.compatibility.limits.node_view import NodeView
from converter.compatibility.limits.origin import origin
from converter.compatibility.limits.scope import Scope, scopes
from trt_inference.bundles.tensorrt_operators import newer_or, remedy_for_missing, takes
from trt_inference.bundles.tensorrt_versions import VERSIONS, reaches

_ONNX_DOMAINS = ("", "ai.onnx")
# Its parser, and later ones, gather from tensors of open size.
_WITH_OPEN_BATCH = "8.2"


@dataclass(frozen=True)
class Refusal:
    """Nodes of a model that some TensorRT does not take, all for one reason.

    Attributes:
        operator: its name, after its domain and a dot when that is not ONNX's own.
        count: how many nodes there are, in all graphs of the model.
        nodes: their names in order, or those of their first output where a node has no name.
        lacking: the versions that refuse them.
        remedy: what the user can do; it continues a sentence.
        limit: what these versions do not take of the operator, or all that they take, in a few
            words; empty where they do not have it at all.
        source: where the limit is from.
        origins: the TensorFlow operators that the nodes were made from, each once: its name, or
            the names of those before and after it where its own is not known.
    """

    operator: str
    count: int
    nodes: tuple[str, ...]
    lacking: tuple[str, ...]
    remedy: str
    limit: str = ""
    source: str = ""
    origins: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class _Reason:
    operator: str
    limit: str
    lacking: tuple[str, ...]
    remedy: str
    source: str


def find_refusals(
    model: onnx.ModelProto, versions: Sequence[str] = VERSIONS
) -> tuple[Refusal, ...]:
    """What not all ``versions`` take of a model, in its loops and branches too. By operator.

    Weights may be left out of the model. Operators of other domains than ONNX's own count as
    lacking everywhere.
    """
    found: dict[_Reason, dict[str, tuple[str, ...]]] = {}
    for scope in scopes(model):
        for node in scope.graph.node:
            for reason in _reasons(node, scope, versions):
                name = node.name or node.output[0]
                found.setdefault(reason, {})[name] = origin(node, scope)
    return tuple(
        Refusal(
            reason.operator,
            len(names),
            tuple(names),
            reason.lacking,
            reason.remedy,
            reason.limit,
            reason.source,
            tuple(dict.fromkeys(names.values())),
        )
        for reason, names in sorted(found.items(), key=lambda item: item[0].operator)
    )


def find_bundle_refusals(
    model: onnx.ModelProto, versions: Sequence[str] = VERSIONS
) -> tuple[Refusal, ...]:
    """What not all ``versions`` take of a model as the engine builder hands it to them: before 8.2
    it gives the batch a size (``engine_builder/fix_batch.py``)."""
    early = tuple(version for version in versions if not reaches(version, _WITH_OPEN_BATCH))
    late = tuple(version for version in versions if version not in early)
    found: dict[Refusal, tuple[str, ...]] = {}
    for one in (*find_refusals(with_one_batch(model), early), *find_refusals(model, late)):
        alike = replace(one, lacking=())
        found[alike] = (*found.get(alike, ()), *one.lacking)
    ordered = sorted(found.items(), key=lambda item: item[0].operator)
    return tuple(replace(one, lacking=lacking) for one, lacking in ordered)


def _reasons(node: onnx.NodeProto, scope: Scope, versions: Sequence[str]) -> list[_Reason]:
    operator = _operator(node)
    reasons = []
    without = tuple(version for version in versions if not takes(version, operator))
    if without:
        reasons.append(_Reason(operator, "", without, remedy_for_missing(operator), ""))
    having = [version for version in versions if version not in without]
    views = {version: NodeView(node, scope, version) for version in having}
    for limit in limits_of(operator) if views else ():
        broken = tuple(
            version
            for version in having
            if limit.holds_in(version) and limit.breaks(views[version])
        )
        if broken:
            reasons.append(_Reason(operator, limit.text, broken, _remedy(limit), limit.source))
    return reasons


def _operator(node: onnx.NodeProto) -> str:
    return node.op_type if node.domain in _ONNX_DOMAINS else f"{node.domain}.{node.op_type}"


def _remedy(limit: Limit) -> str:
    return newer_or(limit.until, limit.remedy) if limit.until else limit.remedy
