"""TensorFlow's own call, where its environment is there."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import tensorflow_runs as runs
from benchmarks.tensorflow_runs import NoTensorFlow, tensorflow_runs
from converter.bundle.write_bundle import write_manifest
from converter.inputs.saved_model import hash_saved_model
from trt_inference.bundles.manifest import MANIFEST


@pytest.fixture
def saved_model(tmp_path: Path) -> Path:
    """What looks like one, until it is loaded."""
    folder = tmp_path / "saved_model"
    folder.mkdir()
    (folder / "saved_model.pb").write_bytes(b"no graph")
    return folder


@pytest.fixture
def bundle(color_bundle: Path, saved_model: Path) -> Path:
    manifest = json.loads((color_bundle / MANIFEST).read_text("utf-8"))
    manifest["source"]["saved_model_sha256"] = hash_saved_model(saved_model)
    write_manifest(color_bundle, manifest)
    return color_bundle


def refusal(bundle: Path, saved_model: Path) -> str:
    with pytest.raises(NoTensorFlow) as refused:
        tensorflow_runs(bundle, saved_model, 30.0, 0.1, 1)
    return str(refused.value)


def has_python(there: bool, monkeypatch: Any) -> None:
    monkeypatch.setattr(runs, "PYTHON", Path("/bin/false" if there else "/nowhere/python"))


def test_without_the_environment_it_is_told_what_makes_it(
    bundle: Path, saved_model: Path, monkeypatch: Any
) -> None:
    has_python(False, monkeypatch)
    assert "there is no /nowhere/python: make test makes" in refusal(bundle, saved_model)


def test_another_models_time_is_not_taken_for_the_bundles(
    bundle: Path, saved_model: Path, monkeypatch: Any
) -> None:
    has_python(True, monkeypatch)
    (saved_model / "saved_model.pb").write_bytes(b"another graph")
    assert "was made from another SavedModel" in refusal(bundle, saved_model)
    assert "is no SavedModel" in refusal(bundle, saved_model.parent)


def test_a_process_that_fails_is_told(bundle: Path, saved_model: Path, monkeypatch: Any) -> None:
    has_python(True, monkeypatch)
    assert "returned non-zero exit status 1" in refusal(bundle, saved_model)


@pytest.mark.long
@pytest.mark.skipif(not runs.PYTHON.exists(), reason="needs the converter's environment")
def test_what_tensorflow_says_is_handed_on(bundle: Path, saved_model: Path) -> None:
    assert "Error" in refusal(bundle, saved_model)
