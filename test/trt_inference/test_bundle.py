"""A bundle is run as it was written, or refused with the reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from test.color_bundle import CANDIDATES, LABELS, SIZE, change_manifest
from trt_inference.bundle import (
    InputSpec,
    Thresholds,
    load_bundle,
    sha256_of_file,
)
from trt_inference.detector import Detector
from trt_inference.errors import BundleError, EngineError

NO_OBJECT = [b"", b"\x00\xff\xfe\x80garbage", b"[1, 2]", b"null", b'"model"', b"{}", b"{"]


def test_bundle_tells_what_the_converter_wrote(shared_color_bundle: Path) -> None:
    bundle = load_bundle(str(shared_color_bundle))
    assert bundle.input == InputSpec("image", SIZE, SIZE, "uint8", "letterbox", 114)
    assert bundle.labels == LABELS
    assert bundle.defaults == Thresholds(0.5, 0.5, 10)
    assert [(output.name, output.dtype, output.shape) for output in bundle.outputs] == [
        ("boxes", "float32", (-1, CANDIDATES, 4)),
        ("scores", "float32", (-1, CANDIDATES)),
        ("classes", "int32", (-1, CANDIDATES)),
    ]
    assert bundle.model_file("fp32") == shared_color_bundle / "fp32.onnx"


def test_home_directory_is_expanded(color_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(color_bundle.parent))
    assert load_bundle("~/colors").labels == LABELS


@pytest.fixture(scope="module")
def damaged(shared_color_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle to damage and mend again."""
    return Path(shutil.copytree(shared_color_bundle, tmp_path_factory.mktemp("damaged") / "colors"))


@given(position=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
@settings(deadline=None)
@pytest.mark.parametrize("name", ["model.json", "labels.txt", "fp32.onnx"])
def test_any_changed_byte_is_refused(damaged: Path, name: str, position: float, flip: int) -> None:
    file = damaged / name
    original = file.read_bytes()
    changed = bytearray(original)
    changed[int(position * len(changed))] ^= flip
    file.write_bytes(changed)
    try:
        if name == "model.json" and _same_json(changed, original):
            load_bundle(damaged)  # one kind of white space for another
        else:
            with pytest.raises(BundleError, match=name):
                load_bundle(damaged).model_file("fp32")
    finally:
        file.write_bytes(original)


def _same_json(one: bytes | bytearray, other: bytes) -> bool:
    try:
        return bool(json.loads(one) == json.loads(other))
    except ValueError:
        return False


def test_well_formed_change_of_the_manifest_is_refused(color_bundle: Path) -> None:
    file = color_bundle / "model.json"
    text = file.read_text("utf-8")
    file.write_text(text.replace('"pad_value": 114', '"pad_value": 115'), "utf-8")
    with pytest.raises(BundleError, match=r"model\.json was changed"):
        load_bundle(color_bundle)


@pytest.mark.parametrize("name", ["labels.txt", "fp32.onnx"])
def test_missing_file_is_named(color_bundle: Path, name: str) -> None:
    (color_bundle / name).unlink()
    with pytest.raises(BundleError, match=name):
        load_bundle(color_bundle).model_file("fp32")


def test_folder_that_is_no_bundle_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no model\.json in it.*converter convert"):
        load_bundle(tmp_path)
    with pytest.raises(BundleError, match="no such folder"):
        load_bundle(tmp_path / "missing")


def test_file_in_place_of_the_folder_is_refused(color_bundle: Path) -> None:
    with pytest.raises(BundleError, match="is a file: give the folder"):
        load_bundle(color_bundle / "fp32.onnx")


@pytest.mark.parametrize("content", NO_OBJECT)
def test_manifest_that_is_no_manifest_is_refused(color_bundle: Path, content: bytes) -> None:
    (color_bundle / "model.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"model\.json"):
        load_bundle(color_bundle)


@pytest.mark.parametrize("version", [0, 2, "1", True, None])
def test_other_schema_version_is_refused(color_bundle: Path, version: object) -> None:
    change_manifest(color_bundle, lambda manifest: manifest.update(schema_version=version))
    with pytest.raises(BundleError, match="schema_version"):
        load_bundle(color_bundle)


@pytest.mark.parametrize("name", ["../labels.txt", "/etc/hostname", "a/../labels.txt", "..", ""])
@pytest.mark.parametrize("section", ["labels", "fp32"])
def test_file_outside_the_folder_is_refused(color_bundle: Path, section: str, name: str) -> None:
    shutil.copy(color_bundle / "labels.txt", color_bundle.parent)

    def leave_the_folder(manifest: dict[str, Any]) -> None:
        entry = manifest["labels"] if section == "labels" else manifest["precisions"]["fp32"]
        entry["file"] = name

    change_manifest(color_bundle, leave_the_folder)
    with pytest.raises(BundleError, match=f"not valid at .*{section}/file"):
        load_bundle(color_bundle)


def test_other_number_of_labels_is_refused(color_bundle: Path) -> None:
    labels = color_bundle / "labels.txt"
    labels.write_text("blue\ngreen\n", "utf-8")
    change_manifest(color_bundle, lambda m: m["labels"].update(sha256=sha256_of_file(labels)))
    with pytest.raises(BundleError, match="2 labels, the manifest says 3"):
        load_bundle(color_bundle)


def test_entry_that_is_missing_or_wrong_is_named_by_its_place(color_bundle: Path) -> None:
    change_manifest(color_bundle, lambda manifest: manifest["input"].update(fit="crop"))
    with pytest.raises(BundleError, match=r"input/fit.*crop"):
        load_bundle(color_bundle)
    change_manifest(color_bundle, lambda manifest: manifest.pop("input"))
    with pytest.raises(BundleError, match="'input' is a required property"):
        load_bundle(color_bundle)


def test_unknown_precision_lists_those_that_exist(color_bundle: Path) -> None:
    def add_int8(manifest: dict[str, Any]) -> None:
        manifest["precisions"]["int8"] = manifest["precisions"]["fp32"]

    change_manifest(color_bundle, add_int8)
    bundle = load_bundle(color_bundle)
    for ask in (bundle.model_file, bundle.choose_precision):
        with pytest.raises(BundleError, match=r"no precision 'fp16'.*fp32, int8"):
            ask("fp16")


def test_auto_takes_the_widest_precision_that_the_bundle_has(color_bundle: Path) -> None:
    assert load_bundle(color_bundle).choose_precision("auto") == "fp32"

    def only_narrow_ones(manifest: dict[str, Any]) -> None:
        entry = manifest["precisions"].pop("fp32")
        manifest["precisions"].update(int8=entry, fp16=entry)

    change_manifest(color_bundle, only_narrow_ones)
    assert load_bundle(color_bundle).choose_precision("auto") == "fp16"
    assert load_bundle(color_bundle).choose_precision("int8") == "int8"


def test_truncated_network_is_refused_even_when_its_hash_is_right(color_bundle: Path) -> None:
    network = color_bundle / "fp32.onnx"
    network.write_bytes(network.read_bytes()[:-100])
    sha256 = sha256_of_file(network)
    change_manifest(color_bundle, lambda m: m["precisions"]["fp32"].update(sha256=sha256))
    with pytest.raises(EngineError, match=r"fp32\.onnx"):
        Detector.open(load_bundle(color_bundle))
