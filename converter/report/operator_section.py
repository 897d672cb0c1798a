"""The operators of the bundle's model, and which robots can take them."""

from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence, Tuple

from converter.compatibility.tensorrt_operators import Missing, limit
from converter.compatibility.tensorrt_versions import TARGETS, Target
from converter.tables.wording import Bar, bars


@dataclass(frozen=True)
class TargetLine:
    """Whether a robot's TensorRT takes the model, and why."""

    name: str
    board: str
    tensorrt: str
    takes: bool
    reason: str


def operator_bars(counts: Mapping[str, int]) -> Tuple[Bar, ...]:
    """The count of each operator, with what the targets' TensorRT does not take of it."""
    return bars([(name, f"{count:,}", count, limits(name)) for name, count in counts.items()])


def limits(operator: str) -> str:
    """The limits of the targets' versions, each with its versions: ``2D or 3D (8.2, 8.5)``."""
    versions: Dict[str, List[str]] = {}
    for version in dict.fromkeys(target.tensorrt for target in TARGETS.values()):
        versions.setdefault(limit(version, operator), []).append(version)
    return "; ".join(f"{text} ({', '.join(those)})" for text, those in versions.items() if text)


def targets(missing: Sequence[Missing], opset: int, needed: bool) -> Tuple[TargetLine, ...]:
    """One line for each target that there is.

    Args:
        needed: the network needs the opset; otherwise the user has asked for it.
    """
    return tuple(_line(target, missing, opset, needed) for target in TARGETS.values())


def _line(target: Target, missing: Sequence[Missing], opset: int, needed: bool) -> TargetLine:
    lacking = [one.operator for one in missing if target.tensorrt in one.lacking]
    against = [f"lacks {', '.join(lacking)}"] if lacking else []
    if target.opset < opset:
        remedy = "" if needed else ": convert without --opset"
        against.append(f"takes opset {target.opset}, the model has {opset}{remedy}")
    reason = "; ".join(against) or f"has all operators, and takes opset {opset}"
    return TargetLine(target.name, target.board, target.tensorrt, not against, reason)
