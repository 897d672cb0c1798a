"""What was assumed about the outputs of a network."""

from rich.console import Console

from converter.heads.evidence import Recognised
from converter.terminal.console import print_line


def print_assumed(recognised: Recognised, console: Console) -> None:
    """A line for each thing that neither options nor names nor values show."""
    for clause in recognised.assumed:
        print_line(console, f"assumed: {clause}", "yellow")
