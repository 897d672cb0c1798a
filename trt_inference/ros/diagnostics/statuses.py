"""Reports of the node → the statuses of /diagnostics."""

from dataclasses import astuple, fields
from typing import Dict, List, Mapping, Optional, Sequence

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from trt_inference.engines.base import EngineStatus
from trt_inference.inference.finite import explain_not_finite
from trt_inference.inference.result_counts import ResultCounts
from trt_inference.printable import printable
from trt_inference.ros.diagnostics.latency import milliseconds
from trt_inference.ros.diagnostics.limits import (
    LEVEL_ERROR,
    LEVEL_OK,
    LEVEL_WARN,
    Limits,
    Problem,
    problems,
)
from trt_inference.ros.diagnostics.reports import CameraReport, Counters, EngineReport, Period

# What ResultCounts counts, in its order.
_DOUBTS = (
    "images with all candidates above the threshold",
    "images with results that are not finite",
    "images with classes without a label",
)
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
    report: EngineReport,
    cameras: Sequence[CameraReport],
    new: Optional[ResultCounts] = None,
) -> DiagnosticStatus:
    """The status ``detector``, without the node's name: facts, the counts of all cameras, and
    percentiles of each stage in ms.

    Args:
        new: what was counted since the report before; None: nothing.
    """
    values = dict(report.facts)
    for name in _COUNTS:
        values[name] = str(sum(getattr(camera.counters, name) for camera in cameras))
    values.update(milliseconds(report.times))
    for name, size in report.memory.items():
        values[f"GPU memory {name} MiB"] = f"{size / 2**20:.0f}"
    if report.last_swap:
        values["hot swap"] = report.last_swap
    for name, count in zip(_DOUBTS, astuple(report.counts)):
        if count:
            values[name] = str(count)
    found = _doubts(report, new or ResultCounts())
    if report.problem:
        found.append(Problem(LEVEL_WARN, report.problem))
    if found:
        text = "; ".join(problem.text for problem in found)
        return _status("detector", max(problem.level for problem in found), text, values)
    return _status("detector", LEVEL_OK, "running" if report.active else "inactive", values)


def dependency_status(status: EngineStatus, active: bool) -> DiagnosticStatus:
    """The status of what an engine depends on, as ``server``, without the node's name."""
    if status.problem:
        level = LEVEL_ERROR if status.is_failing else LEVEL_WARN
        return _status(status.name, level, status.problem, status.values)
    return _status(status.name, LEVEL_OK, "running" if active else "inactive", status.values)


def _doubts(report: EngineReport, new: ResultCounts) -> List[Problem]:
    """Why results may not be what they seem, and what to do."""
    found = []
    if new.not_finite or (report.active and not report.is_finite):  # until a better one comes
        why = explain_not_finite(report.facts.get("precision", "the network"))
        level = LEVEL_ERROR if report.withholds else LEVEL_WARN
        images = f"{new.not_finite} images" if new.not_finite else "the last image"
        found.append(Problem(level, f"of {images} {why}"))
    if new.without_label:
        text = (
            f"in {new.without_label} images there are classes without a label, which are given by "
            "number: convert the model again with all of its --labels"
        )
        found.append(Problem(LEVEL_WARN, text))
    if new.full:
        text = (
            f"in {new.full} images all candidates reached the score threshold, so that detections "
            "may be missing: raise score_threshold, or convert the model with more --candidates"
        )
        found.append(Problem(LEVEL_WARN, text))
    return found


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
