"""The command line, for SavedModels that a test has made."""

from __future__ import annotations

from pathlib import Path

import pytest

from test.converter.sources.conversion import Conversion


@pytest.fixture
def conversion(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Conversion:
    """Converts into a folder of the test's own."""
    return Conversion(tmp_path / "bundle", capsys)
