"""What the command line shows of precisions that were made."""

from pathlib import Path
from typing import List

from rich.console import Console

from converter.command_line.print_table import print_tables
from converter.errors import PrecisionError
from converter.precision.precision_results import MOST_CHANGED, PrecisionResult, Precisions
from converter.tables.precision_tables import comparison_tables, excess, size_cells, size_table
from converter.tables.trained_table import trained_ranges_text
from converter.tables.wording import join_tables
from converter.terminal.console import print_line
from trt_inference.bundles.choose_precision import CPU
from trt_inference.bundles.names import REPORT_PAGE

_SHOWN = 5


def print_precisions(
    made: Precisions, bundle: Path, fp32_bytes: int, task: str, console: Console
) -> None:
    """Print what stays in float32, and what each precision costs and gives.

    Args:
        fp32_bytes: size of the model that they are compared with.
    """
    for note in made.notes:
        print_line(console, f"note: {note}", "yellow")
    for result in made.results:
        for layer in result.kept:
            text = f"{result.precision}: {layer.name} stays in float32: {layer.reason}"
            print_line(console, text)
        if result.trained is not None:
            print_line(console, f"{result.precision}: {trained_ranges_text(result.trained)}")
    for result in made.results:
        if result.precision == made.own and not result.passed:
            print_line(console, f"note: {_failure(result, bundle)}", "yellow")
    if made.own and not made.results:
        return
    if made.results:
        print_tables([size_table([size_cells(one, fp32_bytes) for one in made.results])], console)
    compared = [comparison_tables(one.precision, one.measured, task) for one in made.results]
    print_tables(join_tables(table for tables in compared for table in tables), console)
    print_line(
        console,
        f"Milliseconds are of ONNX Runtime on this CPU{CPU.remark}.",
    )
    print_line(console, f"The report is {bundle / REPORT_PAGE}")


def check_precisions(made: Precisions, bundle: Path) -> None:
    """Refuse a run in which something failed, after what it made was printed.

    Raises:
        PrecisionError: a precision cannot be made, or is not good enough.
    """
    missed = [
        _failure(result, bundle)
        for result in made.results
        if not result.passed and result.precision != made.own
    ]
    if missed or made.failures:
        raise PrecisionError("\n".join((*made.failures, *missed)))


def _failure(result: PrecisionResult, bundle: Path) -> str:
    worst = [f"{one.layer} ({100 * one.error:.3g} %)" for one in result.sensitivities[:_SHOWN]]
    too_much, limit = excess(result)
    return (
        f"{result.precision} {too_much}, more than {limit}, and is not put into {bundle}. The most "
        f"sensitive layers are {', '.join(worst)}: keep them in float32 with --keep-float and "
        f"their names, {', or '.join(_remedies(result))}"
    )


def _remedies(result: PrecisionResult) -> List[str]:
    calibration = ["choose another --calibration"] if result.calibration else []
    limit = [] if result.measured.changed > MOST_CHANGED else ["allow more with --max-map-loss"]
    return ["or with --keep-float auto", *calibration, *limit]
