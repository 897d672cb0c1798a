"""What the terminal shows of the reading of outputs, beside the agreement."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

from rich.console import Console

from converter.command_line.print_conversion import print_conversion
from converter.command_line.print_inspection import print_inspection
from converter.commands.inspect import Inspection
from test.converter.report import samples

CLAUSE = "offsets are times 1, 1, 1, 1, no box scales: --box-scales changes it"


def test_convert_prints_what_was_assumed_and_claims_no_more_than_it_measured(
    tmp_path: Path,
) -> None:
    conversion = samples.detection(tmp_path)
    unproven = replace(conversion.verification, before=None, after=None)
    recognised = replace(conversion.recognised, assumed=(CLAUSE,))
    text = StringIO()
    print_conversion(
        replace(conversion, recognised=recognised, verification=unproven),
        Console(file=text, width=1000),
    )
    assert f"assumed: {CLAUSE}" in text.getvalue()
    assert "1 point of how pictures are prepared and outputs read is assumed" in text.getvalue()
    assert "computes what TensorFlow computes on" in text.getvalue()
    assert "agrees" not in text.getvalue()


def test_inspect_prints_it_too(tmp_path: Path) -> None:
    conversion = samples.detection(tmp_path)
    recognised = replace(conversion.recognised, assumed=(CLAUSE,))
    text = StringIO()
    found = Inspection(conversion.source.saved_model, recognised=recognised)
    print_inspection(found, Console(file=text, width=1000))
    assert f"assumed: {CLAUSE}" in text.getvalue()
