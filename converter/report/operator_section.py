"""The operators of the bundle's model, and which robots can take them."""

from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence, Tuple

from converter.compatibility.limits.all_limits import limit_texts
from converter.compatibility.refusals import Refusal
from converter.tables.refusal_wording import layers
from converter.tables.wording import Bar, bars
from trt_inference.bundles.tensorrt_versions import TARGETS, Target

_NODES_SHOWN = 3


@dataclass(frozen=True)
class TargetLine:
    """Whether a robot's TensorRT takes the model, and why."""

    name: str
    board: str
    tensorrt: str
    takes: bool
    reason: str


@dataclass(frozen=True)
class RefusalRow:
    """Nodes that some versions refuse; `Refusal` has the attributes, but for ``layers``.

    Attributes:
        layers: of the TensorFlow model, the first ones.
    """

    operator: str
    limit: str
    count: int
    nodes: Tuple[str, ...]
    layers: Tuple[str, ...]
    lacking: Tuple[str, ...]
    remedy: str
    source: str


def refusal_rows(refusals: Sequence[Refusal]) -> Tuple[RefusalRow, ...]:
    """What the page shows of them: the first nodes and layers of each."""
    return tuple(
        RefusalRow(
            operator=one.operator,
            limit=one.limit,
            count=one.count,
            nodes=one.nodes[:_NODES_SHOWN],
            layers=layers(one)[:_NODES_SHOWN],
            lacking=one.lacking,
            remedy=one.remedy,
            source=one.source,
        )
        for one in refusals
    )


def operator_bars(counts: Mapping[str, int], refusals: Sequence[Refusal]) -> Tuple[Bar, ...]:
    """The count of each operator, with what the targets' TensorRT refuses of it."""
    return bars(
        [(name, f"{count:,}", count, _refused(name, refusals)) for name, count in counts.items()]
    )


def _refused(operator: str, refusals: Sequence[Refusal]) -> str:
    """What is broken, each with the targets' versions that refuse it."""
    those = [one for one in refusals if one.operator == operator]
    texts = [
        (f"takes {one.limit}" if one.limit else "not there", _of_targets(one.lacking))
        for one in those
    ]
    return "; ".join(f"{text} ({', '.join(versions)})" for text, versions in texts if versions)


def _of_targets(versions: Sequence[str]) -> List[str]:
    return [version for version in _target_versions() if version in versions]


def _target_versions() -> List[str]:
    return list(dict.fromkeys(target.tensorrt for target in TARGETS.values()))


def limits(operator: str) -> str:
    """All limits of an operator in the targets' versions: ``a constant k (8.2, 8.5)``."""
    versions: Dict[str, List[str]] = {}
    for version in _target_versions():
        for text in limit_texts(operator, version):
            versions.setdefault(text, []).append(version)
    return "; ".join(f"{text} ({', '.join(those)})" for text, those in versions.items())


def targets(refusals: Sequence[Refusal], opset: int, needed: bool) -> Tuple[TargetLine, ...]:
    """One line for each target that there is.

    Args:
        needed: the network needs the opset; otherwise the user has asked for it.
    """
    return tuple(_line(target, refusals, opset, needed) for target in TARGETS.values())


def _line(target: Target, refusals: Sequence[Refusal], opset: int, needed: bool) -> TargetLine:
    against = reasons_against(refusals, target.tensorrt)
    if target.opset < opset:
        remedy = "" if needed else ": convert without --opset"
        against.append(f"takes opset {target.opset}, the model has {opset}{remedy}")
    reason = "; ".join(against) or f"takes all nodes, and opset {opset}"
    return TargetLine(target.name, target.board, target.tensorrt, not against, reason)


def reasons_against(refusals: Sequence[Refusal], tensorrt: str) -> List[str]:
    """Why that version does not take the nodes of a model: what it lacks, and what it refuses."""
    those = [one for one in refusals if tensorrt in one.lacking]
    lacking = [one.operator for one in those if not one.limit]
    refusing = dict.fromkeys(
        f"{one.operator} of layer {layers(one)[0]} (takes {one.limit})"
        for one in those
        if one.limit
    )
    return [
        *([f"lacks {', '.join(lacking)}"] if lacking else []),
        *([f"refuses {_first(list(refusing))}"] if refusing else []),
    ]


def _first(texts: Sequence[str]) -> str:
    more = len(texts) - _NODES_SHOWN
    return ", ".join(texts[:_NODES_SHOWN]) + (f" and {more} more" if more > 0 else "")
