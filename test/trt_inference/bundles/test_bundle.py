"""A bundle is run as it was written, or refused with the reason."""

import json
import shutil
from pathlib import Path
from typing import Any, Dict, Union

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from test.color_bundle import CANDIDATES, LABELS, SIZE, change_manifest, offer_precisions
from test.task_bundles import (
    MAP_HEIGHT,
    MAP_WIDTH,
    SEGMENTS,
    write_classification_bundle,
    write_segmentation_bundle,
)
from trt_inference.bundles.bundle import Fitting, InputSpec, Thresholds, load_bundle, sha256_of_file
from trt_inference.errors import BundleError
from trt_inference.inference.detector import Detector
from trt_inference.inference.results import Segmentation

NO_OBJECT = [b"", b"\x00\xff\xfe\x80garbage", b"[1, 2]", b"null", b'"model"', b"{}", b"{"]


def test_bundle_tells_what_the_converter_wrote(shared_color_bundle: Path) -> None:
    bundle = load_bundle(str(shared_color_bundle))
    assert bundle.input == InputSpec("image", SIZE, SIZE, "uint8", Fitting("letterbox", 114))
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


def _same_json(one: Union[bytes, bytearray], other: bytes) -> bool:
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


def test_folder_that_is_no_bundle_is_refused_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"no model\.json in it.*trt-inference convert"):
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
@pytest.mark.parametrize("section", ["labels", "fp32", "data"])
def test_file_outside_the_folder_is_refused(color_bundle: Path, section: str, name: str) -> None:
    shutil.copy(color_bundle / "labels.txt", color_bundle.parent)

    def leave_the_folder(manifest: Dict[str, Any]) -> None:
        fp32 = manifest["precisions"]["fp32"]
        fp32["data"] = dict(fp32)
        entries = {"labels": manifest["labels"], "fp32": fp32, "data": fp32["data"]}
        entries[section]["file"] = name

    change_manifest(color_bundle, leave_the_folder)
    with pytest.raises(BundleError, match=f"not valid at .*{section}/file"):
        load_bundle(color_bundle)


def test_other_number_of_labels_is_refused(color_bundle: Path) -> None:
    labels = color_bundle / "labels.txt"
    labels.write_text("blue\ngreen\n", "utf-8")
    change_manifest(color_bundle, lambda m: m["labels"].update(sha256=sha256_of_file(labels)))
    with pytest.raises(BundleError, match="2 labels, the manifest has 3"):
        load_bundle(color_bundle)


def test_how_pictures_are_fitted_is_read(color_bundle: Path) -> None:
    entry = {"fit": "center-crop", "resize": "area", "crop_fraction": 0.875}
    change_manifest(color_bundle, lambda manifest: manifest["input"].update(entry))
    fitting = Fitting("center-crop", 114, "area", 0.875)
    assert load_bundle(color_bundle).input == InputSpec("image", SIZE, SIZE, "uint8", fitting)


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"fit": "pad-random"}, "input/fit.*'pad-random'.*'letterbox-top-left'"),
        ({"resize": "lanczos"}, "input/resize.*'lanczos'.*'area'"),
        ({"mirror": True}, "input.*'mirror'"),
        ({"fit": "center-crop", "crop_fraction": 0}, "input/crop_fraction.*0"),
        ({"fit": "center-crop", "crop_fraction": 1.5}, "input/crop_fraction.*1.5"),
        ({"fit": "letterbox", "crop_fraction": 0.5}, "input/fit.*'center-crop'"),
    ],
)
def test_a_fit_of_a_newer_converter_is_refused_with_what_to_do(
    color_bundle: Path, entry: Dict[str, Any], named: str
) -> None:
    change_manifest(color_bundle, lambda manifest: manifest["input"].update(entry))
    with pytest.raises(BundleError, match=f"not valid at {named}.*update trt_inference"):
        load_bundle(color_bundle)


def test_entry_that_is_missing_or_wrong_is_named_by_its_place(color_bundle: Path) -> None:
    change_manifest(color_bundle, lambda manifest: manifest["input"].update(fit="crop"))
    with pytest.raises(BundleError, match=r"input/fit.*crop"):
        load_bundle(color_bundle)
    change_manifest(color_bundle, lambda manifest: manifest.pop("input"))
    with pytest.raises(BundleError, match="'input' is a required property"):
        load_bundle(color_bundle)


def test_precision_of_a_newer_version_is_refused_with_those_that_are_known(
    color_bundle: Path,
) -> None:
    offer_precisions(color_bundle, "fp32", "int4")
    with pytest.raises(BundleError, match=r"not valid at precisions.*'int4'.*fp32.*fp16.*int8"):
        load_bundle(color_bundle)


def test_unknown_precision_lists_those_that_exist(color_bundle: Path) -> None:
    offer_precisions(color_bundle, "fp32", "int8")
    with pytest.raises(BundleError, match=r"no precision 'fp16'.*fp32, int8"):
        load_bundle(color_bundle).model_file("fp16")


MEASURED: Dict[str, Any] = {
    "agreement": {"median": 0.01},
    "of_fp32": {"mAP@0.5": 0.99},
    "loss": -0.002,
    "limit": 0.01,
    "images": 1,
    "milliseconds": {"this machine": 2.5},
    "calibration": {"method": "entropy", "images": 1, "sha256": "0" * 64},
    "float32_layers": [{"name": "Conv_1", "reason": "loses too much in int8"}],
}


def test_what_was_measured_of_a_precision_can_be_read(color_bundle: Path) -> None:
    change_manifest(color_bundle, lambda m: m["precisions"]["fp32"].update(MEASURED))
    entry = load_bundle(color_bundle).precisions["fp32"]
    assert {name: entry[name] for name in MEASURED} == MEASURED


@pytest.mark.parametrize(
    ("measured", "place"),
    [
        ({"loss": "small"}, "loss"),
        ({"limit": None}, "limit"),
        ({"images": 0}, "images"),
        ({"milliseconds": {"this machine": -1}}, "milliseconds/this machine"),
        ({"calibration": {"images": 1, "sha256": "0" * 64}}, "calibration: 'method'"),
        ({"calibration": {**MEASURED["calibration"], "sha256": "none"}}, "calibration/sha256"),
        ({"float32_layers": [{"name": "Conv_1"}]}, "float32_layers/0: 'reason'"),
        ({"speed": 3}, "fp32: .*'speed' was unexpected"),
    ],
)
def test_measurement_of_another_form_is_named(
    color_bundle: Path, measured: Dict[str, Any], place: str
) -> None:
    change_manifest(color_bundle, lambda m: m["precisions"]["fp32"].update(measured))
    with pytest.raises(BundleError, match=f"not valid at precisions/.*{place}"):
        load_bundle(color_bundle)


def test_truncated_network_is_refused_even_when_its_hash_is_right(color_bundle: Path) -> None:
    network = color_bundle / "fp32.onnx"
    network.write_bytes(network.read_bytes()[:-100])
    signed = {"sha256": sha256_of_file(network), "bytes": network.stat().st_size}
    change_manifest(color_bundle, lambda m: m["precisions"]["fp32"].update(signed))
    with pytest.raises(BundleError, match=r"fp32\.onnx: the ONNX model is damaged"):
        Detector.open(load_bundle(color_bundle))


def test_other_tasks_tell_their_outputs(
    classification_bundle: Path, segmentation_bundle: Path
) -> None:
    bundle = load_bundle(classification_bundle)
    assert (bundle.task, bundle.candidates, bundle.needs_nms) == ("classification", 3, False)
    assert [(output.name, output.shape) for output in bundle.outputs] == [
        ("scores", (-1, 3)),
        ("classes", (-1, 3)),
    ]
    bundle = load_bundle(segmentation_bundle)
    assert (bundle.task, bundle.candidates, bundle.needs_nms) == ("segmentation", 0, False)
    (output,) = bundle.outputs
    assert (output.name, output.dtype) == ("class_map", "uint8")
    assert output.shape == (-1, MAP_HEIGHT, MAP_WIDTH)


def test_suppression_across_classes_is_what_a_manifest_states(color_bundle: Path) -> None:
    assert not load_bundle(color_bundle).class_agnostic  # as in all that were written before
    change_manifest(color_bundle, lambda manifest: manifest.update(class_agnostic=True))
    assert load_bundle(color_bundle).class_agnostic


def output_of(name: str, dtype: str, *shape: int) -> Dict[str, Any]:
    return {"name": name, "dtype": dtype, "shape": list(shape)}


BOXES = output_of("boxes", "float32", -1, 3, 4)
SCORES = output_of("scores", "float32", -1, 3)
CLASSES = output_of("classes", "int32", -1, 3)
CLASS_MAP = output_of("class_map", "uint8", -1, 12, 16)


@pytest.mark.parametrize(
    ("task", "changes", "reason"),
    [
        ("detection", {"outputs": [SCORES, CLASSES]}, "at outputs: .*boxes"),
        ("detection", {"outputs": [SCORES, CLASSES, SCORES]}, "at outputs: .*'boxes'"),
        ("detection", {"outputs": [BOXES, SCORES, CLASSES, CLASS_MAP]}, "at outputs: .*no other"),
        ("detection", {"outputs": [BOXES, CLASSES, CLASS_MAP]}, "at outputs: .*'scores'"),
        ("detection", {"outputs": [BOXES, SCORES, CLASS_MAP]}, "at outputs: .*'classes'"),
        ("detection", {"outputs": [CLASS_MAP]}, "at outputs"),
        ("detection", {"candidates": 0}, "at candidates"),
        ("classification", {"outputs": [BOXES, SCORES, CLASSES]}, "at outputs: .*no other"),
        ("classification", {"outputs": [SCORES]}, "at outputs: .*scores and classes"),
        (
            "classification",
            {"outputs": [SCORES, output_of("classes", "float32", -1, 3)]},
            r"at outputs: .*'classes', int32 \[-1, K\]",
        ),
        (
            "classification",
            {"outputs": [output_of("scores", "float32", -1, 3, 1), CLASSES]},
            r"at outputs: .*'scores', float32 \[-1, K\]",
        ),
        (
            "classification",
            {"outputs": [output_of("scores", "float32", 1, 3), CLASSES]},
            r"at outputs: .*'scores', float32 \[-1, K\]",
        ),
        ("classification", {"candidates": 0}, "at candidates"),
        ("classification", {"needs_nms": True}, "at needs_nms"),
        ("segmentation", {"outputs": [SCORES, CLASSES]}, "at outputs: .*class_map"),
        (
            "segmentation",
            {"outputs": [output_of("class_map", "int32", -1, 12, 16)]},
            r"at outputs: .*'class_map', uint8 \[-1, h, w\]",
        ),
        (
            "segmentation",
            {"outputs": [output_of("class_map", "uint8", -1, 12, -1)]},
            r"at outputs: .*'class_map', uint8 \[-1, h, w\]",
        ),
        ("segmentation", {"candidates": 3}, "at candidates"),
        ("segmentation", {"needs_nms": True}, "at needs_nms"),
        ("tracking", {}, "at task: 'tracking' is not one of"),
    ],
)
def test_outputs_that_do_not_fit_the_task_are_refused(
    tmp_path: Path, task: str, changes: Dict[str, Any], reason: str
) -> None:
    write = {
        "classification": write_classification_bundle,
        "segmentation": write_segmentation_bundle,
    }.get(task, write_detection_manifest)
    load_bundle(write(tmp_path / "sound"))
    write(tmp_path / "wrong", **{"task": task, **changes})
    with pytest.raises(BundleError, match=f"not valid {reason}"):
        load_bundle(tmp_path / "wrong")


def write_detection_manifest(output: Path, **changes: Any) -> Path:
    """A bundle that can be loaded as that of a detector, but not run."""
    detection = {"task": "detection", "outputs": [CLASSES, SCORES, BOXES]}  # in any order
    return write_classification_bundle(output, **{**detection, **changes})


@pytest.mark.parametrize(("count", "loads"), [(256, True), (257, False)])
def test_segmentation_has_no_more_labels_than_its_map_has_numbers(
    tmp_path: Path, count: int, loads: bool
) -> None:
    folder = write_segmentation_bundle(tmp_path / "segments")
    labels = folder / "labels.txt"
    labels.write_text("".join(f"class {number}\n" for number in range(count)), "utf-8")
    sha256 = sha256_of_file(labels)
    change_manifest(folder, lambda m: m["labels"].update(sha256=sha256, count=count))
    if loads:
        assert len(load_bundle(folder).labels) == count
    else:
        with pytest.raises(BundleError, match="labels/count: 257 is greater"):
            load_bundle(folder)


def test_network_with_its_weights_in_a_second_file_runs(tmp_path: Path) -> None:
    folder = write_segmentation_bundle(tmp_path / "large", external_data=True)
    assert (folder / "fp32.onnx.data").stat().st_size > 0
    frame = np.full((48, 64, 3), 128, np.uint8)
    frame[:, 32:] = (0, 0, 255)
    with Detector.open(load_bundle(folder)) as detector:
        found = detector.detect(frame)
    assert isinstance(found, Segmentation)
    np.testing.assert_array_equal(found.class_map[:, :32], SEGMENTS.index("background"))
    np.testing.assert_array_equal(found.class_map[:, 32:], SEGMENTS.index("red"))


@pytest.mark.parametrize("damage", ["changed", "cut short", "missing"])
def test_damaged_second_file_is_refused(tmp_path: Path, damage: str) -> None:
    folder = write_segmentation_bundle(tmp_path / "large", external_data=True)
    data = folder / "fp32.onnx.data"
    content = bytearray(data.read_bytes())
    if damage == "missing":
        data.unlink()
    elif damage == "changed":
        content[-1] ^= 1
        data.write_bytes(content)
    else:
        data.write_bytes(content[:-1])
    bundle = load_bundle(folder)
    with pytest.raises(BundleError, match=r"fp32\.onnx\.data (was changed|cannot be read)"):
        bundle.model_file("fp32")
