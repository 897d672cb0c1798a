"""A bundle of three precisions and pictures, made once."""

import shutil
from pathlib import Path

import cv2
import pytest

from converter.engine_builder import gpu_times
from test.color_bundle import picture
from test.converter.engine_builder.bundles import write_bundle


@pytest.fixture(autouse=True)
def short_timing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The double's times mean nothing: a few are enough."""
    monkeypatch.setattr(gpu_times, "_SECONDS", 0.0)
    monkeypatch.setattr(gpu_times, "_WARM_UP_SECONDS", 0.0)


@pytest.fixture(scope="session")
def shared_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For tests that only read it."""
    return write_bundle(tmp_path_factory.mktemp("bundles") / "colors")


@pytest.fixture
def bundle(shared_bundle: Path, tmp_path: Path) -> Path:
    """A test's own, to build into."""
    return Path(shutil.copytree(shared_bundle, tmp_path / "colors"))


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three with one cell of a color each."""
    folder = tmp_path_factory.mktemp("pictures")
    for index, color in enumerate(("blue", "green", "red")):
        cv2.imwrite(str(folder / f"{color}.png"), picture(color, (index, index + 1), 3))
    return folder
