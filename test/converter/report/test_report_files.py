"""The files of a report: the page is drawn from its content, and both are whole or the old ones."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from converter.errors import OutputError
from converter.report.page import add_precisions, write_report
from test.converter.report import samples
from test.converter.report.parsed import Page
from test.full_disk import largest_file
from trt_inference.bundles.names import DETECTION
from trt_inference.errors import BundleError


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """The report on the detector."""
    return write_report(tmp_path / "report", samples.detection(tmp_path)).parent


def add(report: Path) -> Path:
    return add_precisions(
        report, [samples.int8()], samples.FP32_BYTES, DETECTION, samples.LABELS, 0.0
    )


def test_all_that_the_page_shows_comes_from_its_content(report: Path) -> None:
    content = json.loads((report / "report.json").read_text("utf-8"))
    before = Page(report / "index.html")
    assert content["pairs"][0]["sides"][0]["address"] in before.source
    content["title"] = "another <name>"
    content["agreement"][0]["value"] = "many"
    (report / "report.json").write_text(json.dumps(content), "utf-8")
    after = Page(add(report))
    assert after.texts["verdict"].startswith(before.texts["verdict"].replace("✓", "!"))
    assert "another &lt;name&gt;" in after.source
    assert after.facts["detections in TensorFlow"] == "many"
    assert after.facts["matched"] == before.facts["matched"]


def test_a_picture_whose_name_is_no_utf8_does_not_prevent_the_report(report: Path) -> None:
    content = json.loads((report / "report.json").read_text("utf-8"))
    content["pairs"][0]["name"] = os.fsdecode(b"caf\xe9.jpg")
    (report / "report.json").write_text(json.dumps(content), "utf-8")
    assert r"caf\udce9.jpg" in Page(add(report)).source


def test_a_report_from_before_targets_had_boards_is_drawn(report: Path) -> None:
    content = json.loads((report / "report.json").read_text("utf-8"))
    for line in content["targets"]:
        del line["board"]
    (report / "report.json").write_text(json.dumps(content), "utf-8")
    board, version, *_ = Page(add(report)).row("jetson-nano")
    assert (board, version) == ("", "8.2")


def test_a_report_without_content_is_refused_with_the_remedy(report: Path) -> None:
    (report / "report.json").unlink()
    before = (report / "index.html").read_text("utf-8")
    with pytest.raises(OutputError, match=r"report\.json.*Convert the model again"):
        add(report)
    assert (report / "index.html").read_text("utf-8") == before


@pytest.mark.parametrize(
    ("damaged", "expected_error"),
    [
        (b'{"version": 1, "title": "sha', "Convert the model again"),
        (b"\xff\xfe", "Convert the model again"),
        (b"[]", "has version None.*convert the model again"),
        (b'{"version": 0}', "has version 0, and 1 is needed: convert the model again"),
    ],
    ids=["cut short", "no text", "another thing", "another version"],
)
def test_content_that_cannot_be_used_is_refused_with_the_remedy(
    damaged: bytes, expected_error: str, report: Path
) -> None:
    (report / "report.json").write_bytes(damaged)
    with pytest.raises(OutputError, match=expected_error):
        add(report)


@pytest.mark.parametrize("name", ["report.json", "index.html"])
def test_a_full_disk_leaves_both_old_files_and_nothing_else(
    name: str, report: Path, tmp_path: Path
) -> None:
    """The content is the smaller one: the limit of the page lets it through."""
    needed = (add(shutil.copytree(report, tmp_path / "copy")).parent / name).stat().st_size
    before = {file.name: file.read_bytes() for file in report.iterdir()}
    with largest_file(needed - 1), pytest.raises(OSError, match="too large"):
        add(report)
    assert {file.name: file.read_bytes() for file in report.iterdir()} == before


@pytest.mark.parametrize("name", ["report.json", "index.html"])
def test_nothing_is_written_through_a_link_that_leads_out_of_the_bundle(
    name: str, report: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / name
    content = (report / name).read_bytes()
    outside.write_bytes(content)
    (report / name).unlink()
    (report / name).symlink_to(outside)
    with pytest.raises((OutputError, BundleError), match="leads out of the bundle"):
        add(report)
    assert outside.read_bytes() == content
