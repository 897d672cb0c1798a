"""Bundles of the tasks other than detection, for tests that only read them."""

from pathlib import Path

import pytest

from test.task_bundles import write_classification_bundle, write_segmentation_bundle


@pytest.fixture(scope="session")
def classification_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_classification_bundle(tmp_path_factory.mktemp("bundles") / "hues")


@pytest.fixture(scope="session")
def segmentation_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_segmentation_bundle(tmp_path_factory.mktemp("bundles") / "segments")
