"""trt-inference report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from test.converter.command_line import Result, run_here
from trt_inference.bundles.bundle import load_bundle


def test_a_bundle_shows_its_figures_and_gives_its_page_away(
    conversion: tuple[Path, Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, _ = conversion
    result = run_here(capsys, "report", bundle, "--output", tmp_path / "page.html")
    assert result.exit_code == 0, result.output
    assert "1.0000" in result.output  # the mAP of a detector that finds everything
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page == (bundle / "report" / "index.html").read_text("utf-8")
    assert "data:image/jpeg;base64" in page


def test_the_page_is_written_through_a_link(
    conversion: tuple[Path, Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / "newest.html"
    link.symlink_to("page.html")
    assert run_here(capsys, "report", conversion[0], "--output", link).exit_code == 0
    assert link.is_symlink()
    assert "<html" in (tmp_path / "page.html").read_text("utf-8")


def test_a_place_that_cannot_be_written_is_refused_with_a_remedy_before_anything_is_printed(
    conversion: tuple[Path, Result], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_here(capsys, "report", conversion[0], "--output", tmp_path)
    result.refused(f"'{tmp_path}' is a folder", "report.html")
    assert "fp32" not in result.output
    (tmp_path / "file").touch()
    below = tmp_path / "file" / "page.html"
    run_here(capsys, "report", conversion[0], "--output", below).refused(
        f"cannot write '{below}'", "Choose a folder"
    )


def test_figures_come_from_the_manifest_whatever_the_report_shows(
    conversion: tuple[Path, Result],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # no cell is wrapped
    bundle = Path(shutil.copytree(conversion[0], tmp_path / "converted"))
    before = run_here(capsys, "report", bundle).output
    file = bundle / "report" / "report.json"
    content = json.loads(file.read_text("utf-8"))
    content["accuracy"]["rows"] = [["bundle", "1", "0.1234", "0.1234"]]
    content["agreement"] = [{"name": "matched", "value": "1234", "tone": ""}]
    file.write_text(json.dumps(content), "utf-8")
    assert run_here(capsys, "report", bundle).output == before
    parity = load_bundle(bundle).precisions["fp32"]["parity"]["detections"]
    assert f"TensorFlow: {parity['matched']} of {parity['detections']}" in before
    file.unlink()
    assert run_here(capsys, "report", bundle).output == before


def test_a_bundle_without_a_page_is_refused_with_the_remedy(
    color_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(capsys, "report", color_bundle).refused("report/index.html", "convert the model again")


def test_a_folder_that_is_no_bundle_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(capsys, "report", tmp_path).refused("is not a bundle")


def test_a_page_that_is_a_link_out_of_the_bundle_is_not_given_away(
    color_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret, given = tmp_path / "secret", tmp_path / "page.html"
    secret.write_text("of nobody's business", "utf-8")
    (color_bundle / "report").mkdir()
    (color_bundle / "report" / "index.html").symlink_to(secret)
    result = run_here(capsys, "report", color_bundle, "--output", given)
    result.refused("report/index.html leads out of the bundle")
    assert not given.exists()
