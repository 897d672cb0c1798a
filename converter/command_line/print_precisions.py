"""What the command line shows of precisions that were made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeGuard

from rich.console import Console
from rich.table import Table

from converter.comparison.agreement import Agreement, ClassAgreement
from converter.errors import PrecisionError
from converter.precision.precision_results import (
    MOST_CHANGED,
    PrecisionMeasurement,
    PrecisionResult,
    Precisions,
)
from converter.report.wording import file_size
from converter.terminal.console import say
from trt_inference.bundles.choose_precision import CPU
from trt_inference.bundles.names import REPORT_PAGE
from trt_inference.bundles.precisions import FP32

_SHOWN = 5
_DETECTIONS = ("matched", "missing", "extra", "IoU ≥", "scores ±")


def print_precisions(made: Precisions, bundle: Path, console: Console) -> None:
    """One table, and what stays in float32."""
    for note in made.notes:
        say(console, f"note: {note}", "yellow")
    for result in made.results:
        for layer in result.kept:
            say(console, f"{result.precision}: {layer.name} stays in float32: {layer.reason}")
    if made.results:
        console.print(_accuracy(made.results))
        console.print(_agreement(made.results))
    say(
        console,
        f"Milliseconds are of ONNX Runtime on this CPU{CPU.remark}.",
    )
    say(console, f"The report is {bundle / REPORT_PAGE}")


def check_precisions(made: Precisions, bundle: Path) -> None:
    """
    Raises:
        PrecisionError: a precision cannot be made, or is not good enough.
    """
    missed = [_failure(result, bundle) for result in made.results if not result.passed]
    if missed or made.failures:
        raise PrecisionError("\n".join((*made.failures, *missed)))


def _accuracy(results: Sequence[PrecisionResult]) -> Table:
    """What the limit is for."""
    table = Table("precision", "size", *_truths(results[0].measured), "loss", "limit")
    for result in results:
        limit = f"{result.limit:g}{'' if result.passed else ', missed'}"
        measured = result.measured
        loss = f"{measured.loss:.4f}"
        table.add_row(result.precision, file_size(result.bytes), *_values(measured), loss, limit)
    return table


def _truths(measured: PrecisionMeasurement) -> tuple[str, ...]:
    if measured.accuracy is not None:
        return "mAP@0.5", "mAP@[.5:.95]"
    return ("mAP@0.5 of fp32's",) if measured.of_fp32 is not None else ("same class as fp32",)


def _values(measured: PrecisionMeasurement) -> tuple[str, ...]:
    before, after, found = measured.fp32, measured.accuracy, measured.agreement
    if before is not None and after is not None:
        return (
            f"{after.map_50:.4f} ({after.map_50 - before.map_50:+.4f})",
            f"{after.map_50_95:.4f} ({after.map_50_95 - before.map_50_95:+.4f})",
        )
    if measured.of_fp32 is not None:
        return (f"{measured.of_fp32.map_50:.4f}",)
    return (f"{found.same} of {found.compared}",) if _of_classes(found) else ("",)


def _agreement(results: Sequence[PrecisionResult]) -> Table:
    """With fp32, and the times here."""
    found = results[0].measured.agreement
    columns = ("scores ±",) if _of_classes(found) else _DETECTIONS
    table = Table("precision", *columns, "ms", "fp32 ms")
    for result in results:
        times = result.measured.milliseconds
        shown = (f"{times[name]:.2f}" for name in (result.precision, FP32))
        table.add_row(result.precision, *_agreed(result.measured.agreement), *shown)
    return table


def _agreed(found: Agreement | ClassAgreement) -> tuple[str, ...]:
    moved = f"{found.largest_score_difference:.4f}"
    if isinstance(found, ClassAgreement):
        return (moved,)
    counts = (f"{found.matched}/{found.detections}", str(found.missing), str(found.extra))
    return (*counts, f"{found.lowest_iou:.3f}", moved)


def _of_classes(found: Agreement | ClassAgreement) -> TypeGuard[ClassAgreement]:
    return isinstance(found, ClassAgreement)


def _failure(result: PrecisionResult, bundle: Path) -> str:
    worst = [f"{one.layer} ({100 * one.error:.3g} %)" for one in result.sensitivities[:_SHOWN]]
    return (
        f"{result.precision} {_too_much(result)}, and is not put into {bundle}. The most sensitive "
        f"layers are {', '.join(worst)}: keep them in float32 with --keep-float and their names, "
        f"{', or '.join(_remedies(result))}"
    )


def _remedies(result: PrecisionResult) -> list[str]:
    calibration = ["choose another --calibration"] if result.calibration else []
    limit = [] if result.measured.changed > MOST_CHANGED else ["allow more with --max-map-loss"]
    return ["or with --keep-float auto", *calibration, *limit]


def _too_much(result: PrecisionResult) -> str:
    if result.measured.changed > MOST_CHANGED:
        return (
            f"changes {result.measured.changed:.1%} of the detections that fp32 publishes, more "
            f"than {MOST_CHANGED:.0%}"
        )
    return f"loses {result.measured.loss:.4f}, more than {result.limit:g}"
