"""The narrower precisions: what each costs and gives, and where it loses."""

from dataclasses import dataclass
from math import isfinite
from typing import Any, Dict, Optional, Sequence, Tuple

from converter.comparison.agreement import Agreement
from converter.precision.precision_kinds import find_precisions
from converter.precision.precision_results import (
    MOST_CHANGED,
    Calibration,
    KeptLayer,
    PrecisionMeasurement,
    PrecisionResult,
)
from converter.report.drawn_pictures import PicturePair
from converter.report.pictures import pairs
from converter.tables.precision_tables import (
    REFERENCE,
    comparison_tables,
    excess,
    loss_text,
    size_cells,
    size_table,
)
from converter.tables.trained_table import trained_ranges_text
from converter.tables.wording import Bar, Fact, Table, bars, counted, join_tables
from trt_inference.bundles.names import SEGMENTATION
from trt_inference.bundles.precisions import PRECISIONS

MOST_PICTURES = 3
LAYERS_SHOWN = 10
_DIGITS_OF_HASH = 12


@dataclass(frozen=True)
class PrecisionEntry:
    """What the page shows of one precision.

    Attributes:
        smaller: how many times smaller than fp32.
        caution: what stands against it, empty where nothing does.
        tables: with the rows of fp32 that it is compared with.
    """

    precision: str
    passed: bool
    fp32_size: str
    size: str
    smaller: str
    loss: str
    limit: str
    caution: str
    tables: Tuple[Table, ...]
    facts: Tuple[Fact, ...]
    kept: Tuple[KeptLayer, ...]
    sensitivities: Tuple[Bar, ...]
    pairs: Tuple[PicturePair, ...]


def precision_entry(
    result: PrecisionResult,
    fp32_bytes: int,
    task: str,
    labels: Sequence[str],
    score_threshold: float,
) -> PrecisionEntry:
    """What the page shows of one result; detections below ``score_threshold`` are not drawn."""
    measured, precision = result.measured, result.precision
    pictures, titles = measured.pictures[:MOST_PICTURES], (REFERENCE, precision)
    return PrecisionEntry(
        **size_cells(result, fp32_bytes),
        caution="" if result.passed else _caution(result),
        tables=comparison_tables(precision, measured, task),
        facts=_facts(result, task),
        kept=result.kept,
        sensitivities=_sensitivities(result),
        pairs=pairs(pictures, titles, labels, score_threshold),
    )


def precision_section(lines: Sequence[Dict[str, Any]]) -> Dict[str, Any]:
    """The section of ``lines``, which are entries as plain values.

    It has the last line of each precision, in the order of the precisions, and their tables as one.
    """
    latest = {one["precision"]: one for one in lines}
    ordered = [latest[name] for name in PRECISIONS if name in latest]
    tables = [_table(table) for one in ordered for table in one["tables"]]
    return {
        "lines": ordered,
        "sizes": size_table(ordered),
        "tables": join_tables(tables),
    }


def _table(plain: Dict[str, Any]) -> Table:
    rows = tuple(tuple(row) for row in plain["rows"])
    return Table(plain["title"], tuple(plain["columns"]), rows)


def _caution(result: PrecisionResult) -> str:
    calibration = ["another --calibration"] if result.calibration else []
    limit = [] if result.measured.changed > MOST_CHANGED else ["a larger --max-map-loss"]
    remedies = ["--keep-float auto", *calibration, *limit]
    listed = "Its most sensitive layers are under Precisions. " if result.sensitivities else ""
    too_much, most = excess(result)
    return (
        f"{result.precision} is not in the bundle: it {too_much}, and {most} is the limit. "
        f"{listed}Quantize again with {', or '.join(remedies)}."
    )


def _facts(result: PrecisionResult, task: str) -> Tuple[Fact, ...]:
    measured = result.measured
    return (
        Fact("Measured on", counted(measured.images, "image")),
        Fact("Loss", f"{loss_text(measured.loss)}: {_meaning(measured, task)}"),
        *([Fact("Training", trained_ranges_text(result.trained))] if result.trained else []),
        *_calibration(result.calibration),
        Fact("In float32", _in_float32(result.precision, len(result.kept))),
    )


def _in_float32(precision: str, layers: int) -> str:
    always = find_precisions()[precision].always_float32
    return f"{always}, and {counted(layers, 'more layer')}" if layers else always


def _meaning(measured: PrecisionMeasurement, task: str) -> str:
    """What the loss is a part of, which depends on what could be measured."""
    detects = isinstance(measured.agreement, Agreement)
    if measured.is_annotated:
        drop = "the larger drop of mAP@0.5 and mAP@[.5:.95]" if detects else "the drop of top-1"
        return f"{drop} against your annotations"
    if detects:
        return "what mAP@0.5 lacks of 1 with fp32's detections as the truth"
    things = "pixels" if task == SEGMENTATION else "images"
    return f"the part of the {things} that get another class than by fp32"


def _calibration(found: Optional[Calibration]) -> Tuple[Fact, ...]:
    if found is None:
        return ()
    images = counted(found.images, "image")
    digits = found.sha256[:_DIGITS_OF_HASH]
    return (Fact("Calibration", f"{found.method}, {images} whose pixels have the hash {digits}…"),)


def _sensitivities(result: PrecisionResult) -> Tuple[Bar, ...]:
    kept = {layer.name for layer in result.kept}
    return bars(
        [
            (one.layer, _share(one.error), one.error, "in float32" if one.layer in kept else "")
            for one in result.sensitivities[:LAYERS_SHOWN]
        ]
    )


def _share(error: float) -> str:
    return f"{100 * error:.3g} %" if isfinite(error) else "not finite"
