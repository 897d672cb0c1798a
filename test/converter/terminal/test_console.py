"""Text on the terminal."""

import pytest
from rich.console import Console

from converter.terminal.console import print_line


@pytest.mark.parametrize("text", ["--outputs prob:-1: no such output", "detector:star:0", "[red]"])
def test_names_are_printed_as_they_are(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    print_line(Console(), text)
    assert capsys.readouterr().out == f"{text}\n"
