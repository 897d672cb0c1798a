"""What the command line shows of a bundle's check."""

from typing import List

from rich.console import Console

from converter.command_line.print_table import print_tables
from converter.commands.check import BundleCheck, merged
from converter.tables.wording import Table
from converter.terminal.console import print_line
from trt_inference.bundles.tensorrt_versions import TARGETS

_NOT_KNOWN = (
    "This is from the parsers and headers that are published with each TensorRT, without it: it "
    "may still find no implementation of a layer for some GPU, or too little memory. Only a build "
    "shows that."
)


def print_check(found: BundleCheck, console: Console) -> None:
    """A table of what can be built, each obstacle once, and what is not known."""
    names = [one.name for one in found.asked]
    rows = [
        (precision, *("yes" if found.builds(precision, name) else "no" for name in names))
        for precision in found.obstacles
    ]
    print_tables([Table("what TensorRT builds", tuple(names), tuple(rows))], console)
    for obstacle, precisions in merged(found.obstacles).items():
        # Those of versions name them in their text.
        of_targets = not any(name[0].isdigit() for name in obstacle.names)
        where = f" on {', '.join(obstacle.names)}" if of_targets else ""
        print_line(console, f"{', '.join(precisions)}{where}: {obstacle.text}", "yellow")
    for name in _refusing_nodes(found)[:1]:
        option = "--target" if name in TARGETS else "--tensorrt"
        print_line(
            console,
            "Where the model may be cut before these nodes: trt-inference inspect SAVED_MODEL "
            f"{option} {name}",
        )
    print_line(console, _verdict(found))
    print_line(console, _NOT_KNOWN)


def _refusing_nodes(found: BundleCheck) -> List[str]:
    """Of what was asked for, the names of those that refuse nodes."""
    refusing = {
        name
        for those in found.obstacles.values()
        for one in those
        if one.of_nodes
        for name in one.names
    }
    return [one.name for one in found.asked if one.name in refusing]


def _verdict(found: BundleCheck) -> str:
    if found.is_clear:
        return "Nothing is known against a build."
    clear: List[str] = [
        one.name
        for one in found.asked
        if all(found.builds(precision, one.name) for precision in found.obstacles)
    ]
    if not clear:
        return "None of these builds all precisions of the bundle."
    return f"Nothing is known against a build with {', '.join(clear)}."
