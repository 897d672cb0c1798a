"""python3 -m converter inspect."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.converter.command_line import run_here


def test_every_signature_is_listed_with_its_tensors(
    color_module: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    result = run_here(capsys, "inspect", color_module)
    assert result.exit_code == 0
    rows = [[cell.strip() for cell in line.split("│")] for line in result.output.splitlines()]
    assert ["", "Detect", "input", "Images", "float32", "[?, ?, ?, 3]", ""] in rows
    assert ["", "", "output", "Predictions", "float32", "[?, ?, 7]", ""] in rows
    assert ["", "", "output", "Brightness", "float32", "[?, 3]", ""] in rows


def test_a_folder_that_is_no_saved_model_ends_with_a_message_and_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_here(capsys, "inspect", tmp_path).refused(
        f"'{tmp_path}' is not a SavedModel", "model.export(DIR)"
    )
