"""What the command line shows of the engines that a bundle has."""

from rich.console import Console

from converter.command_line.print_table import print_tables
from converter.tables.engine_tables import engine_list_table
from converter.terminal.console import print_line
from trt_inference.bundles.engine_files import build_command
from trt_inference.bundles.machine import Machine
from trt_inference.engines.bundle_engines import BundleEngines


def print_engines(found: BundleEngines, console: Console) -> None:
    """Print a line for each engine, why some do not run here, and what builds those that do."""
    if not found.engines:
        print_line(console, f"{found.bundle.path} has no engines")
    print_tables([engine_list_table(found.engines, found.machine is not None)], console)
    if found.machine is None:
        print_line(console, f"No engine runs here: {found.why_not}")
    else:
        _print_reasons(found, found.machine, console)
    for text in found.cautions:
        print_line(console, f"caution: {text}", "yellow")


def _print_reasons(found: BundleEngines, machine: Machine, console: Console) -> None:
    print_line(console, f"This machine: {machine}")
    for sidecar, reason in found.engines:
        if reason:
            print_line(console, f"{sidecar.file}: {reason}")
    for precision in found.missing:
        command = build_command(found.bundle.path, precision, found.device)
        print_line(console, f"for {precision}, run {command}")
    for precision in found.lacking:
        print_line(console, f"{precision} does not run here: {machine.sm} has no {precision}")
