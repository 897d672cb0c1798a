"""What the terminal shows of the reading of outputs, beside the agreement."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from converter.command_line.print_assumed import print_findings
from converter.command_line.print_conversion import print_conversion
from converter.command_line.print_inspection import print_inspection
from converter.commands.inspect import Inspection
from converter.inputs.finding import Finding
from converter.inputs.pixels import Pixels
from converter.report.verdict import reading
from test.converter.report import samples
from trt_inference.bundles.bundle import Fitting

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
    print_inspection(found, ("8.2",), Console(file=text, width=1000))
    assert f"assumed: {CLAUSE}" in text.getvalue()


def test_what_is_doubtful_stands_below_what_is_known_and_columns_are_explained() -> None:
    text = StringIO()
    columns, rows = ("pixels", "spread", "mean"), (("0 to 1", "237 x", "0.11"),)
    print_findings(
        (
            Finding("size", "64x48 as you state", caution=True),
            Finding("fit", "stretch", assumed=True),
            Finding("pixels", "0 to 255", columns=columns, rows=rows),
            Finding("labels", "3 names"),
        ),
        Console(file=text, width=200),
    )
    lines = text.getvalue().splitlines()
    assert lines[:4] == [
        "pixels: 0 to 255",
        "labels: 3 names",
        "assumed: fit: stretch",
        "caution: size: 64x48 as you state",
    ]
    assert any(line.startswith("spread: ") and "training" in line for line in lines)
    assert any(line.startswith("mean: ") for line in lines)
    assert not any(line.startswith("accuracy: ") for line in lines)


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        (Pixels("bgr", 1.0, (103.939, 116.779, 123.68)), "BGR, value − (103.939, 116.779, 123.68)"),
        (Pixels("rgb", 1 / 127.5, (1.0, 1.0, 1.0)), "RGB, value × 1/127.5 − 1"),
        (Pixels("rgb", 1.0), "RGB, as they are, 0 to 255"),
        (Pixels("grey", 1 / 255, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)), "(value × 1/255 − 0.5) / 0.5"),
    ],
)
def test_the_arithmetic_of_the_pixels_is_printed_without_what_changes_nothing(
    pixels: Pixels, expected: str, tmp_path: Path
) -> None:
    text = StringIO()
    conversion = samples.detection(tmp_path)
    preprocessing = replace(conversion.preprocessing, pixels=pixels, fitting=Fitting("stretch"))
    print_conversion(
        replace(conversion, preprocessing=preprocessing), Console(file=text, width=1000)
    )
    assert "the network gets pictures fitted by stretch, linear; its pixels are" in text.getvalue()
    assert f"{expected}\n" in text.getvalue()


def test_made_up_pictures_cannot_show_whether_outputs_are_read_right(tmp_path: Path) -> None:
    conversion = samples.classification(tmp_path)
    assert conversion.verification.synthetic
    assumed = replace(conversion, findings=(Finding("fit", "stretch", assumed=True),))
    assert "convert with --images, and see whether the classes in the report's" in reading(assumed)
