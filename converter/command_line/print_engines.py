"""What the command line shows of engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Sequence, Tuple

from rich.console import Console
from rich.table import Table

from converter.engine_builder.build_engine import Built
from converter.engine_builder.check_memory import binary_size
from converter.engine_builder.engine_layers import UNKNOWN
from converter.engine_builder.measure_engine import EngineMeasurement
from converter.report.wording import file_size
from converter.terminal.console import say
from trt_inference.bundles.sidecar import Sidecar

_SLOWEST_SHOWN = 5
_NAME_SHOWN = 70


def say_built(console: Console, precision: str, built: Built) -> None:
    """How long it took, and with what."""
    cache = "with the times of an earlier build" if built.reused else "all layers timed anew"
    say(
        console,
        f"{built.seconds:7.1f} s  build {precision}: {file_size(len(built.plan))}, "
        f"{built.typing}ly typed, workspace {binary_size(built.workspace)}, TF32 off, {cache}",
    )


def print_engines_built(
    made: Sequence[Tuple[Sidecar, EngineMeasurement]], bundle: Path, console: Console
) -> None:
    """One table, what to be careful about, and where the engines are."""
    console.print(_times(made))
    for cells in (agreement_cells, output_cells):
        table = _comparison(made, cells)
        if table.row_count:
            console.print(table)
    for sidecar, measured in made:
        _say_layers(sidecar, measured, console)
    cautions = [caution for _, measured in made for caution in measured.cautions]
    for caution in dict.fromkeys(cautions):
        say(console, f"caution: {caution}", "yellow")
    for sidecar, _ in made:
        say(console, f"{bundle / 'engines' / sidecar.file}")


def _times(made: Sequence[Tuple[Sidecar, EngineMeasurement]]) -> Table:
    table = Table("engine", "size", "batch", "GPU ms p50", "p95", "p99")
    for sidecar, measured in made:
        times = measured.gpu.milliseconds
        shown = (f"{value:.3f}" for value in (times.p50, times.p95, times.p99))
        batch = str(sidecar.batch)
        table.add_row(sidecar.precision, file_size(sidecar.bytes), batch, *shown)
    return table


def _comparison(
    made: Sequence[Tuple[Sidecar, EngineMeasurement]],
    cells: Callable[[Mapping[str, Any]], Dict[str, str]],
) -> Table:
    """Of those that were compared; no rows where none was."""
    rows = {
        sidecar.precision: cells(sidecar.measured["comparison"])
        for sidecar, measured in made
        if measured.comparison is not None
    }
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    table = Table("of the ONNX model", *columns)
    for precision, row in rows.items():
        table.add_row(precision, *(row.get(name, "") for name in columns))
    return table


def agreement_cells(comparison: Mapping[str, Any]) -> Dict[str, str]:
    """Of published results, as a sidecar keeps them: a value for each column."""
    found: Mapping[str, Any] = comparison["agreement"]
    cells = {"images": str(comparison["images"])}
    if "matched" in found:
        cells["detections"] = f"{found['matched']} of {found['detections']}"
        cells["missing"], cells["extra"] = str(found["missing"]), str(found["extra"])
        cells["IoU ≥"] = f"{found['lowest_iou']:.4f}"
    else:
        cells["same class"] = f"{found['same']} of {found['compared']}"
    cells["scores ±"] = f"{found['largest_score_difference']:.1e}"
    return cells


def output_cells(comparison: Mapping[str, Any]) -> Dict[str, str]:
    """Of each output, the largest difference; of whole numbers, 1 where one differs."""
    return {f"output {one['name']} ±": f"{one['max_abs']:.1e}" for one in comparison["tensors"]}


def _say_layers(sidecar: Sidecar, measured: EngineMeasurement, console: Console) -> None:
    used = {n: one for n, one in sidecar.measured["precisions"].items() if n != UNKNOWN}
    told = ", ".join((*_used(used), "the slowest are"))
    say(console, f"{sidecar.precision}: {told}")
    slowest = sorted(measured.gpu.layers, key=lambda layer: -layer.milliseconds)
    for layer in slowest[:_SLOWEST_SHOWN]:
        name = layer.name if len(layer.name) <= _NAME_SHOWN else f"{layer.name[:_NAME_SHOWN]}…"
        precision = "" if layer.precision == UNKNOWN else layer.precision
        say(console, f"  {layer.milliseconds:8.4f} ms  {precision:7}  {name}")


def _used(precisions: Mapping[str, Mapping[str, float]]) -> List[str]:
    return [
        f"{int(entry['layers'])} layers in {name} ({entry['milliseconds']:.3f} ms)"
        for name, entry in precisions.items()
    ]
