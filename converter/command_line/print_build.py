"""What the command line shows of engines that were built."""

from rich.console import Console

from converter.command_line.print_table import print_tables
from converter.commands.build import BuildResult
from converter.engine_builder.build_engine import Built
from converter.tables.engine_tables import (
    computed_types,
    engine_list_table,
    engine_tables,
    layer_bars,
)
from converter.tables.wording import file_size, join_tables
from converter.terminal.console import print_line
from trt_inference.bundles.names import ENGINES_FOLDER
from trt_inference.bundles.sidecar import Sidecar
from trt_inference.engines.free_memory import binary_size

_SLOWEST_SHOWN = 5
_NAME_SHOWN = 70


def print_built(precision: str, built: Built, console: Console) -> None:
    """How long the build of one engine took, and with what."""
    cache = "with the times of an earlier build" if built.reused else "all layers timed anew"
    print_line(
        console,
        f"{built.seconds:7.1f} s  build {precision}: {file_size(len(built.plan))}, "
        f"{built.typing}ly typed, workspace {binary_size(built.workspace)}, TF32 off, {cache}",
    )


def print_build(result: BuildResult, console: Console) -> None:
    """Print what was measured of engines, what to be careful about, and where they are."""
    sidecars = [engine.sidecar for engine in result.engines]
    built = engine_list_table([(sidecar, "") for sidecar in sidecars], machine_is_known=False)
    measured = [table for sidecar in sidecars for table in engine_tables(sidecar)]
    print_tables([built, *join_tables(measured)], console)
    for sidecar in sidecars:
        _print_layers(sidecar, console)
    cautions = [caution for engine in result.engines for caution in engine.measured.cautions]
    for caution in dict.fromkeys(cautions):
        print_line(console, f"caution: {caution}", "yellow")
    for reason in result.skipped:
        print_line(console, reason, "yellow")
    for sidecar in sidecars:
        print_line(console, str(result.bundle / ENGINES_FOLDER / sidecar.file))


def _print_layers(sidecar: Sidecar, console: Console) -> None:
    layers = layer_bars(sidecar)[:_SLOWEST_SHOWN]
    if layers:
        text = ", ".join((*computed_types(sidecar), "the slowest are"))
        print_line(console, f"{sidecar.precision}: {text}")
    for layer in layers:
        name = layer.name if len(layer.name) <= _NAME_SHOWN else f"{layer.name[:_NAME_SHOWN]}…"
        print_line(console, f"  {layer.value:>12}  {layer.note:7}  {name}")
