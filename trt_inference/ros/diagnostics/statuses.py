"""Reports of the node → the statuses of /diagnostics."""

from dataclasses import fields
from typing import Dict, Mapping, Optional, Sequence

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from trt_inference.printable import printable
from trt_inference.ros.diagnostics.latency import milliseconds
from trt_inference.ros.diagnostics.limits import (
    LEVEL_ERROR,
    LEVEL_OK,
    LEVEL_WARN,
    Limits,
    problems,
)
from trt_inference.ros.diagnostics.reports import CameraReport, Counters, EngineReport, Period

_COUNTS = [entry.name for entry in fields(Counters) if entry.name != "reasons"]


def camera_status(
    report: CameraReport, period: Optional[Period], limits: Limits
) -> DiagnosticStatus:
    """The status ``camera <topic>``, without the node's name.

    Args:
        period: since the report before; None where there is none.
    """
    name = f"camera {report.topic}"
    values = _camera_values(report, period, limits)
    if not report.active:
        return _status(name, LEVEL_OK, "inactive", values)
    found = problems(report, period, limits)
    if found:
        text = "; ".join(problem.text for problem in found)
        return _status(name, max(problem.level for problem in found), text, values)
    return _status(
        name, LEVEL_OK, "running" if report.counters.received else "no image yet", values
    )


def engine_status(
    report: EngineReport, cameras: Sequence[CameraReport], full: int = 0
) -> DiagnosticStatus:
    """The status ``detector``, without the node's name: facts, the counts of all cameras, and
    percentiles of each stage in ms.

    Args:
        full: images since the report before in which all candidates reached the score threshold.
    """
    values = dict(report.facts)
    for name in _COUNTS:
        values[name] = str(sum(getattr(camera.counters, name) for camera in cameras))
    values.update(milliseconds(report.times))
    for name, size in report.memory.items():
        values[f"GPU memory {name} MiB"] = f"{size / 2**20:.0f}"
    if report.last_swap:
        values["hot swap"] = report.last_swap
    if report.full_frames:
        values["images with all candidates above the threshold"] = str(report.full_frames)
    found = [text for text in (report.problem, _full(full)) if text]
    if found:
        return _status("detector", LEVEL_WARN, "; ".join(found), values)
    return _status("detector", LEVEL_OK, "running" if report.active else "inactive", values)


def _full(count: int) -> str:
    """Why detections may be missing, and what to do; empty where nothing was cut off."""
    if not count:
        return ""
    return (
        f"in {count} images all candidates reached the score threshold, so that detections may be "
        "missing: raise score_threshold, or convert the model with more --candidates"
    )


def unconfigured_status(reason: str) -> DiagnosticStatus:
    """The status ``detector`` of a node that could not be configured: a robot reads no logs."""
    return _status("detector", LEVEL_ERROR, f"not configured: {reason}", {})


def build_status(precision: str, progress: str, has_failed: bool = False) -> DiagnosticStatus:
    """The status ``engine build``, with the last line that the build has printed."""
    values = {"precision": precision, "progress": progress}
    if has_failed:
        return _status("engine build", LEVEL_ERROR, "the build failed", values)
    return _status("engine build", LEVEL_WARN, "an engine is being built", values)


def _camera_values(
    report: CameraReport, period: Optional[Period], limits: Limits
) -> Dict[str, str]:
    values = {"topic": report.topic, "QoS": report.qos}
    if period is not None:
        values["images/s"] = f"{period.counted.received / period.seconds:.1f}"
        values["results/s"] = f"{period.counted.inferred / period.seconds:.1f}"
    if limits.expected_rate:
        values["expected images/s"] = f"{limits.expected_rate:.1f}"
    values.update({name: str(getattr(report.counters, name)) for name in _COUNTS})
    for reason, count in report.counters.reasons.items():
        values[f"rejected: {reason}"] = str(count)
    values["lost by the middleware"] = str(report.lost)
    if report.age.p95 is not None:
        values["age p95 ms"] = f"{report.age.p95 * 1e3:.3f}"
    if report.age.ahead:
        values["stamps in the future"] = str(report.age.ahead)
    if report.reception_cpu:
        values["reception CPU ms"] = f"{report.reception_cpu * 1e3:.3f}"
    return values


def _status(name: str, level: bytes, message: str, values: Mapping[str, str]) -> DiagnosticStatus:
    return DiagnosticStatus(
        level=level,
        name=printable(name),
        message=printable(message),
        hardware_id="none",  # a diagnostic_updater complains about an empty one
        values=[KeyValue(key=printable(key), value=printable(values[key])) for key in values],
    )
