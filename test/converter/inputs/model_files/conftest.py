"""A SavedModel's folder, in a folder of its own, for files to be put into."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "exported" / "saved_model"
    (folder / "assets").mkdir(parents=True)
    (folder / "saved_model.pb").touch()
    return folder
