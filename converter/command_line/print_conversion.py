"""What the command line shows of a conversion."""

from rich.console import Console

from converter.command_line.print_assumed import print_assumed, print_findings
from converter.command_line.print_boards import print_boards, print_refusals
from converter.command_line.print_table import facts_table, print_tables
from converter.comparison.agreement import Agreement
from converter.conversion import Conversion
from converter.heads.decoding.error_messages import class_count
from converter.report.source_facts import opset
from converter.report.verdict import cautions, reading, without_fake_quants
from converter.tables.candidate_wording import candidate_facts
from converter.tables.preprocessing_facts import fitting_text, pixels_text
from converter.tables.trained_table import trained_table
from converter.tables.verification_tables import (
    accuracy_table,
    agreement_facts,
    agreement_title,
    parity_tables,
)
from converter.tables.wording import counted, file_size
from converter.terminal.console import print_line
from converter.verification.verification_results import TrainedComparison
from trt_inference.bundles.names import REPORT_PAGE


def print_conversion(conversion: Conversion, console: Console) -> None:
    """What was assumed and measured, and the verdict last."""
    for note in conversion.export.answer.notes:
        print_line(console, f"note: {note}")
    head = conversion.recognised.head
    print_line(console, f"head: {head.description}, {class_count(head.classes)}")
    print_line(console, f"      {conversion.recognised.reason}")
    print_assumed(conversion.recognised, console)
    print_findings(conversion.findings, console)
    pixels, fitting = conversion.preprocessing.pixels, conversion.preprocessing.fitting
    print_line(
        console,
        f"the network gets pictures fitted by {fitting_text(fitting)}; its pixels are "
        f"{pixels.order}, {pixels_text(pixels)}",
    )
    for text in candidate_facts(conversion.verification):
        print_line(console, f"candidates: {text}")
    print_boards(opset(conversion), conversion.export.answer, conversion.refusals, console)
    verification = conversion.verification
    accuracy = accuracy_table(verification)
    print_tables(parity_tables(verification), console)
    console.print(facts_table(agreement_title(verification), agreement_facts(verification)))
    print_tables([accuracy] if accuracy is not None else [], console)
    for text in conversion.cautions:
        print_line(console, f"caution: {text}", "yellow")
    for caution in cautions(verification):
        print_line(console, caution, "yellow")
    print_refusals(conversion.refusals, console)
    _print_verdict(conversion, console)


def print_trained(found: TrainedComparison, console: Console) -> None:
    """How far the bundle is from the model that quantization-aware training has trained."""
    print_tables([trained_table(found)], console)


def _print_verdict(conversion: Conversion, console: Console) -> None:
    answer, found = conversion.export.answer, conversion.verification.agreement
    cut_off = found.cut_off if isinstance(found, Agreement) else 0
    but = f", except for {counted(cut_off, 'detection')} cut off with the candidates"
    print_line(console, reading(conversion))
    print_line(
        console,
        f"{conversion.bundle}: {file_size(conversion.bytes)}, computes what TensorFlow computes"
        f"{without_fake_quants(conversion.verification)} on {conversion.verification.images} "
        f"images{but if cut_off else ''}; the export took "
        f"{conversion.export.seconds:.1f} s and {answer.peak_bytes / 1e9:.1f} GB. Its report is "
        f"{conversion.bundle / REPORT_PAGE}",
    )
