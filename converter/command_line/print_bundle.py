"""What the command line shows of a bundle that was converted before."""

from rich.console import Console

from converter.command_line.print_table import print_tables
from converter.commands.report import page_of
from converter.tables.bundle_table import bundle_table
from converter.terminal.console import print_line
from trt_inference.bundles.bundle import Bundle


def print_bundle(bundle: Bundle, console: Console) -> None:
    """Its precisions with what was measured, and where its page is."""
    print_line(
        console,
        f"{bundle.name}: {bundle.source['head']}, {bundle.input.width}x{bundle.input.height}, "
        f"{len(bundle.labels)} classes",
    )
    if "own_precision" in bundle.source:
        own = bundle.source["own_precision"]
        print_line(console, f"{own} is the precision in which the model computes itself")
    print_tables([bundle_table(bundle)], console)
    print_line(console, str(page_of(bundle)))
