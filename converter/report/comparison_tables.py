"""One precision beside fp32, as tables, and the tables of several precisions as one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from converter.comparison.accuracy import Accuracy
from converter.comparison.agreement import Agreement, ClassAgreement
from converter.precision.precision_results import PrecisionMeasurement
from converter.report.wording import Table, percent
from trt_inference.bundles.names import SEGMENTATION
from trt_inference.bundles.precisions import FP32

REFERENCE = FP32
_MAPS = ("mAP@0.5", "mAP@[.5:.95]")


def tables(precision: str, measured: PrecisionMeasurement, task: str) -> tuple[Table, ...]:
    """Accuracy, where it was measured, agreement with fp32, and time."""
    found = measured.agreement
    if isinstance(found, Agreement):
        of_task = *_of_fp32(precision, measured.of_fp32), _of_detections(precision, found)
    else:
        of_task = (_of_classes(precision, found, task),)
    annotated = _of_annotations(precision, measured.fp32, measured.accuracy)
    return (*annotated, *of_task, _of_times(precision, measured.milliseconds))


def _of_annotations(
    precision: str, fp32: Accuracy | None, accuracy: Accuracy | None
) -> tuple[Table, ...]:
    if fp32 is None or accuracy is None:
        return ()
    values = ((accuracy.map_50, fp32.map_50), (accuracy.map_50_95, fp32.map_50_95))
    changes = [text for value, of_fp32 in values for text in _changed(value, of_fp32)]
    rows = (
        (REFERENCE, f"{fp32.images:,}", f"{fp32.map_50:.4f}", "", f"{fp32.map_50_95:.4f}", ""),
        (precision, f"{accuracy.images:,}", *changes),
    )
    columns = ("images", _MAPS[0], "change", _MAPS[1], "change")
    return (Table("mAP against your annotations", columns, rows),)


def _changed(value: float, before: float) -> tuple[str, str]:
    return f"{value:.4f}", f"{value - before:+.4f}"


def _of_fp32(precision: str, found: Accuracy | None) -> tuple[Table, ...]:
    if found is None:
        return ()
    row = precision, f"{found.images:,}", f"{found.map_50:.4f}", f"{found.map_50_95:.4f}"
    return (Table("mAP with fp32's detections as the truth", ("images", *_MAPS), (row,)),)


def _of_detections(precision: str, found: Agreement) -> Table:
    cells = {
        "matched": f"{found.matched:,} of {found.detections:,}",
        "missing": f"{found.missing:,}",
        "extra": f"{found.extra:,}",
        "mean IoU": f"{found.mean_iou:.4f}",
        "lowest IoU": f"{found.lowest_iou:.4f}",
        "largest score difference": f"{found.largest_score_difference:.4f}",
    }
    rows = ((precision, *cells.values()),)
    return Table("Agreement with fp32's detections", tuple(cells), rows)


def _of_classes(precision: str, found: ClassAgreement, task: str) -> Table:
    things = "pixels" if task == SEGMENTATION else "images"
    cells = {
        f"{things} compared": f"{found.compared:,}",
        "same class": percent(found.same, found.compared),
        "other class": f"{found.compared - found.same:,}",
    }
    if task != SEGMENTATION:  # which has no scores
        cells["largest score difference"] = f"{found.largest_score_difference:.4f}"
    rows = ((precision, *cells.values()),)
    return Table("Agreement with fp32's classes", tuple(cells), rows)


def _of_times(precision: str, milliseconds: dict[str, float]) -> Table:
    """Each is timed beside fp32, since a computer is not as fast at all times."""
    value, of_fp32 = milliseconds[precision], milliseconds[REFERENCE]
    row = precision, f"{value:,.2f} ms", f"{of_fp32:,.2f} ms", f"{value / of_fp32:.2f}"
    columns = "median", "fp32 beside it", "times as long"
    return Table("One image in ONNX Runtime on this workstation's CPU", columns, (row,))


def joined(parts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tables that ask the same become one. A row of fp32 that is the same is there once; one of
    another run is repeated, above the precision that was compared with it."""
    found: dict[str, dict[str, Any]] = {}
    for table in parts:
        rows = found.setdefault(table["title"], {**table, "rows": []})["rows"]
        rows.extend(row for row in table["rows"] if row not in rows)
    return list(found.values())
