"""What was measured: agreement, accuracy, parity and time, as tables and single figures."""

from __future__ import annotations

from collections.abc import Sequence

from converter.comparison.agreement import Agreement, ClassAgreement, TensorParity
from converter.export.export import Export
from converter.report.wording import Bar, Fact, Table, bars, difference, percent
from converter.verification.verification_results import SourceSuppression, Verification
from trt_inference.bundles.names import CLASSIFICATION

_PARITY_COLUMNS = ("largest difference", "values up to", "cosine")


def agreement(verification: Verification) -> tuple[Fact, ...]:
    """On detections or classes, and on what the source's own suppression let through."""
    found = verification.agreement
    if isinstance(found, Agreement):
        facts = _of_detections(found)
    else:
        facts = _of_classes(found, verification.task)
    return (*facts, *_of_suppression(verification.suppression))


def _of_detections(found: Agreement) -> tuple[Fact, ...]:
    return (
        Fact("detections in TensorFlow", f"{found.detections:,}"),
        Fact("matched", f"{found.matched:,}"),
        Fact("missing", f"{found.missing:,}", _tone(found.missing == 0)),
        Fact("extra", f"{found.extra:,}", _tone(found.extra == 0)),
        Fact("lowest IoU", f"{found.lowest_iou:.5f}"),
        Fact("largest score difference", difference(found.largest_score_difference)),
    )


def _of_classes(found: ClassAgreement, task: str) -> tuple[Fact, ...]:
    images = task == CLASSIFICATION
    facts = (
        Fact(
            "same class",
            percent(found.same, found.compared),
            _tone(found.is_same),
        ),
        Fact("images compared" if images else "pixels compared", f"{found.compared:,}"),
        Fact("other class", f"{found.compared - found.same:,}"),
    )
    if not images:  # segmentation has no scores
        return facts
    return (*facts, Fact("largest score difference", difference(found.largest_score_difference)))


def _of_suppression(found: SourceSuppression | None) -> tuple[Fact, ...]:
    if found is None:
        return ()
    return (
        Fact(
            "found of the source's own suppression",
            f"{found.found:,} of {found.detections:,}",
            _tone(found.found == found.detections),
        ),
    )


def _tone(good: bool) -> str:
    return "good" if good else "care"


def accuracy(verification: Verification) -> Table | None:
    """mAP before and after; None without annotations."""
    before, after = verification.before, verification.after
    if before is None or after is None:
        return None
    change = after.map_50 - before.map_50, after.map_50_95 - before.map_50_95
    rows = [
        (name, f"{one.images:,}", f"{one.map_50:.4f}", f"{one.map_50_95:.4f}")
        for name, one in (("TensorFlow", before), ("bundle", after))
    ]
    return Table(
        "Accuracy against your annotations",
        ("images", "mAP@0.5", "mAP@[.5:.95]"),
        (*rows, ("change", "", *(f"{value:+.4f}" for value in change))),
    )


def parity(verification: Verification) -> tuple[Table, ...]:
    """Of each output of the network, and of the bundle."""
    return (
        _parity("Outputs of the network", verification.tensors),
        _parity("Outputs of the bundle", verification.candidates),
    )


def _parity(title: str, outputs: Sequence[TensorParity]) -> Table:
    rows = tuple(
        (one.name, difference(one.max_abs), f"{one.magnitude:.4g}", f"{one.cosine:.7f}")
        for one in outputs
    )
    return Table(title, _PARITY_COLUMNS, rows)


def speed(verification: Verification) -> tuple[Bar, ...]:
    """Milliseconds of one image, here."""
    times = verification.milliseconds.items()
    return bars([(name, f"{value:,.1f} ms", value, "") for name, value in times])


def stages(taken: Export) -> tuple[Bar, ...]:
    """Seconds of each stage of the export."""
    seconds = taken.answer.seconds.items()
    return bars([(stage, f"{value:,.1f} s", value, "") for stage, value in seconds])


def export(taken: Export) -> tuple[Fact, ...]:
    """What the whole export took, with the start of its process."""
    return (
        Fact("whole export", f"{taken.seconds:,.1f} s"),
        Fact("peak memory", f"{taken.answer.peak_bytes / 1e9:,.2f} GB"),
    )
