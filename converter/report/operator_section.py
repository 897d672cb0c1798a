"""The operators of the bundle's model, and which robots can take them."""

from dataclasses import dataclass
from typing import Dict, List, Mapping, Sequence, Tuple

from converter.compatibility.tensorrt_operators import TARGETS, Missing, Target, limit
from converter.tables.wording import Bar, bars


@dataclass(frozen=True)
class TargetLine:
    """Whether a robot's TensorRT takes the model, and why."""

    name: str
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


def targets(missing: Sequence[Missing], opset: int) -> Tuple[TargetLine, ...]:
    """One line for each target that there is."""
    return tuple(_line(target, missing, opset) for target in TARGETS.values())


def _line(target: Target, missing: Sequence[Missing], opset: int) -> TargetLine:
    lacking = [one.operator for one in missing if target.tensorrt in one.lacking]
    against = [f"lacks {', '.join(lacking)}"] if lacking else []
    if target.opset < opset:
        against.append(
            f"takes opset {target.opset}, the model has {opset}: "
            f"convert with --target {target.name}"
        )
    reason = "; ".join(against) or f"has all operators, and takes opset {opset}"
    return TargetLine(target.name, target.tensorrt, not against, reason)
