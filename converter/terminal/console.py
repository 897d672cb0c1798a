"""Text on the terminal as it is: no markup, no colors of its own, lines as long as they are."""

from rich.console import Console

from trt_inference.printable import printable_lines


def print_line(console: Console, text: str, style: str = "") -> None:
    """Print a line; names and labels keep their brackets and colons, and control nothing."""
    lines = printable_lines(text)
    console.print(lines, markup=False, emoji=False, highlight=False, soft_wrap=True, style=style)
