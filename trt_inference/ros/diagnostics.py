"""What the node has counted and measured, as a message on /diagnostics."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Dict, Mapping

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from trt_inference.timing import Percentiles

_MOST_REASONS = 8  # kinds of rejections that are counted by themselves


@dataclass
class Counters:
    """Frames of one camera since the node was configured.

    ``received`` = ``inferred`` + ``dropped`` (a newer frame came first) + ``rejected`` (not an
    image that can be used) + ``unwatched`` (nobody subscribes to results, so nothing was
    computed) + those that wait or are in work.

    Attributes:
        reasons: how many were rejected for which reason.
    """

    received: int = 0
    inferred: int = 0
    dropped: int = 0
    rejected: int = 0
    unwatched: int = 0
    reasons: Dict[str, int] = field(default_factory=dict)

    def reject(self, reason: str) -> None:
        """Count an image that cannot be used.

        Args:
            reason: short, and without values that differ from image to image: those that are not
                among the first kinds are counted together.
        """
        self.rejected += 1
        if reason not in self.reasons and len(self.reasons) >= _MOST_REASONS:
            reason = "other reasons"
        self.reasons[reason] = self.reasons.get(reason, 0) + 1


def diagnostics_message(
    node_name: str,
    stamp: Time,
    facts: Mapping[str, str],
    counters: Counters,
    times: Mapping[str, Percentiles],
    newly_rejected: int,
) -> DiagnosticArray:
    """One status: facts (engine, precision …), counters, and percentiles of each stage in ms.

    It is a warning while images are rejected: ``newly_rejected`` since the last message.
    """
    values: Dict[str, str] = dict(facts)
    values.update(
        {name: str(count) for name, count in asdict(counters).items() if name != "reasons"}
    )
    for stage, percentiles in times.items():
        for name, milliseconds in asdict(percentiles).items():
            values[f"{stage} {name} ms"] = f"{milliseconds:.3f}"
    status = DiagnosticStatus(
        level=DiagnosticStatus.WARN if newly_rejected else DiagnosticStatus.OK,
        name=f"{node_name}: detector",
        message=f"{newly_rejected} images rejected" if newly_rejected else "running",
        hardware_id="",
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )
    message = DiagnosticArray(status=[status])
    message.header.stamp = stamp
    return message
