"""What the command line shows of a conversion."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from converter.comparison.agreement import Agreement
from converter.conversion import Conversion
from converter.report.verdict import cautions
from converter.report.wording import file_size
from converter.terminal.console import say
from converter.verification.verification_results import Verification
from trt_inference.bundles.names import REPORT_PAGE, SEGMENTATION


def print_conversion(conversion: Conversion, console: Console) -> None:
    """What was assumed and measured, and the verdict last."""
    for note in conversion.export.answer.notes:
        say(console, f"note: {note}")
    head = conversion.recognised.head
    say(console, f"head: {head.description}, {head.classes} classes")
    say(console, f"      {conversion.recognised.reason}")
    pixels = conversion.pixels
    say(
        console,
        f"pixels: {pixels.channels}, (value * {pixels.scale:.6g} - {_numbers(pixels.mean)}) / "
        f"{_numbers(pixels.std)}: see that this is what it was trained on",
    )
    verification = conversion.verification
    console.print(_parity(verification))
    console.print(_agreement(verification))
    if verification.before and verification.after:
        console.print(_accuracy(verification))
    if verification.suppression is not None:
        found, detections = verification.suppression.found, verification.suppression.detections
        say(
            console,
            f"{found} of {detections} detections of the SavedModel's own suppression are among "
            "the boxes that replace it.",
        )
    for warning in _warnings(conversion):
        say(console, warning, "yellow")
    _print_verdict(conversion, console)


def _numbers(values: tuple[float, ...]) -> str:
    shown = [f"{value:.6g}" for value in values]
    return shown[0] if len(set(shown)) == 1 else f"({', '.join(shown)})"


def _parity(verification: Verification) -> Table:
    table = Table("output", "max abs difference", "values up to", "cosine")
    for where, outputs in (("network", verification.tensors), ("bundle", verification.candidates)):
        for output in outputs:
            values = (f"{output.max_abs:.2e}", f"{output.magnitude:.3g}", f"{output.cosine:.7f}")
            table.add_row(escape(f"{where}: {output.name}"), *values)
    return table


def _agreement(verification: Verification) -> Table:
    found = verification.agreement
    if isinstance(found, Agreement):
        table = Table("detections", "matched", "missing", "extra", "lowest IoU", "score difference")
        table.add_row(
            str(found.detections),
            str(found.matched),
            str(found.missing),
            str(found.extra),
            f"{found.lowest_iou:.5f}",
            f"{found.largest_score_difference:.2e}",
        )
        return table
    what = "pixels" if verification.task == SEGMENTATION else "images"
    table = Table(what, "same class", "of all", "score difference")
    table.add_row(
        str(found.compared),
        str(found.same),
        f"{found.fraction:.4%}",
        f"{found.largest_score_difference:.2e}",
    )
    return table


def _accuracy(verification: Verification) -> Table:
    table = Table("accuracy", "images", "mAP@0.5", "mAP@[.5:.95]")
    for name, accuracy in (("TensorFlow", verification.before), ("bundle", verification.after)):
        if accuracy is not None:
            values = (f"{accuracy.map_50:.4f}", f"{accuracy.map_50_95:.4f}")
            table.add_row(name, str(accuracy.images), *values)
    return table


def _warnings(conversion: Conversion) -> list[str]:
    return [
        *cautions(conversion.verification),
        *(
            f"TensorRT {', '.join(entry.lacking)} does not have {entry.operator} ({entry.count} "
            f"nodes): {entry.remedy}."
            for entry in conversion.missing
        ),
    ]


def _print_verdict(conversion: Conversion, console: Console) -> None:
    answer = conversion.export.answer
    say(
        console,
        f"{conversion.bundle}: {file_size(conversion.bytes)}, agrees with TensorFlow on "
        f"{conversion.verification.images} images; the export took "
        f"{conversion.export.seconds:.1f} s and {answer.peak_bytes / 1e9:.1f} GB. Its report is "
        f"{conversion.bundle / REPORT_PAGE}",
    )
