"""A precision beside fp32: size, loss, accuracy, agreement and time."""

from typing import Any, Dict, Mapping, Optional, Sequence, Tuple

from converter.comparison.accuracy import Accuracy
from converter.comparison.agreement import Agreement, ClassAgreement
from converter.comparison.annotated_accuracy import AnyAccuracy
from converter.precision.precision_results import PrecisionMeasurement, PrecisionResult
from converter.tables.wording import Table, file_size, percent
from trt_inference.bundles.names import SEGMENTATION

REFERENCE = "fp32"
PASSED, NOT_PASSED = "passed", "not in the bundle"
_MAPS = ("mAP@0.5", "mAP@[.5:.95]")


def size_cells(result: PrecisionResult, fp32_bytes: int) -> Dict[str, Any]:
    """What a row of the table of sizes is made of, as the report keeps it.

    Args:
        fp32_bytes: size of the model that the precision is compared with.
    """
    return {
        "precision": result.precision,
        "passed": result.passed,
        "fp32_size": file_size(fp32_bytes),
        "size": file_size(result.bytes),
        "smaller": f"{fp32_bytes / result.bytes:.2f}",
        "loss": loss_text(result.measured.loss),
        "limit": loss_text(result.limit),
    }


def size_table(cells: Sequence[Mapping[str, Any]]) -> Table:
    """Size, loss and limit of each precision, below fp32; ``cells`` are those of `size_cells`."""
    rows = [
        (
            *(str(one[name]) for name in ("precision", "size", "smaller", "loss", "limit")),
            PASSED if one["passed"] else NOT_PASSED,
        )
        for one in cells
    ]
    fp32 = [(REFERENCE, str(one["fp32_size"]), "", "", "", "") for one in cells[-1:]]
    columns = ("size", "times smaller", "loss", "limit", "")
    return Table("Size, and loss against the limit", columns, (*fp32, *rows))


def loss_text(value: float) -> str:
    """A loss or a limit, with enough digits to tell them apart."""
    return f"{value:.1e}" if 0 < abs(value) < 1e-4 else f"{value:.4g}"


def comparison_tables(
    precision: str, measured: PrecisionMeasurement, task: str
) -> Tuple[Table, ...]:
    """Accuracy, where it was measured, agreement with fp32, and time."""
    found = measured.agreement
    if isinstance(found, Agreement):
        of_task = (
            *_fp32_truth_tables(precision, measured.of_fp32),
            _detection_table(precision, found),
        )
    else:
        of_task = (_class_table(precision, found, task),)
    annotated = _annotation_tables(precision, measured.fp32, measured.accuracy)
    return (*annotated, *of_task, _time_table(precision, measured.milliseconds))


def _annotation_tables(
    precision: str, fp32: Optional[AnyAccuracy], accuracy: Optional[AnyAccuracy]
) -> Tuple[Table, ...]:
    if fp32 is None or accuracy is None:
        return ()
    before, after = fp32.figures, accuracy.figures
    names = [name for name in before if name in after]
    values = [text for name in names for text in (f"{before[name]:.4f}", "")]
    changes = [text for name in names for text in _changed(after[name], before[name])]
    rows = (
        (REFERENCE, f"{fp32.images:,}", *values),
        (precision, f"{accuracy.images:,}", *changes),
    )
    columns = ("images", *(text for name in names for text in (name, "change")))
    what = "mAP" if isinstance(fp32, Accuracy) else "Accuracy"
    return (Table(f"{what} against your annotations", columns, rows),)


def _changed(value: float, before: float) -> Tuple[str, str]:
    return f"{value:.4f}", f"{value - before:+.4f}"


def _fp32_truth_tables(precision: str, found: Optional[Accuracy]) -> Tuple[Table, ...]:
    if found is None:
        return ()
    row = precision, f"{found.images:,}", f"{found.map_50:.4f}", f"{found.map_50_95:.4f}"
    return (Table("mAP with fp32's detections as the truth", ("images", *_MAPS), (row,)),)


def _detection_table(precision: str, found: Agreement) -> Table:
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


def _class_table(precision: str, found: ClassAgreement, task: str) -> Table:
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


def _time_table(precision: str, milliseconds: Dict[str, float]) -> Table:
    """Both times were measured alternately, since a computer is not as fast at all times."""
    value, of_fp32 = milliseconds[precision], milliseconds[REFERENCE]
    row = precision, f"{value:,.2f} ms", f"{of_fp32:,.2f} ms", f"{value / of_fp32:.2f}"
    columns = "median", "fp32 beside it", "times as long"
    return Table("One image in ONNX Runtime on this workstation's CPU", columns, (row,))
