"""trt-inference quantize, and convert --precision."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from converter.commands import quantize as quantization
from converter.onnx_tools import storage
from converter.precision.fp16.precision import Float16
from converter.precision.make_precisions import make_precisions
from converter.precision.precision_results import Precisions
from converter.report.page import write_report
from test.color_bundle import LABELS, change_manifest
from test.converter.command_line import Result, finish, run_here, start, wait_for
from test.converter.expected import assert_same, coco
from test.converter.networks import CONTRAST, color_rows, tf
from test.converter.precision.models import (
    NARROW,
    WIDEN,
    colored_cells,
    constant,
    constants_of,
    kernel,
    scenes,
    two_layers,
    write_bundle,
    write_classifier,
    write_pictures,
    write_segmenter,
)
from test.converter.report import samples as reports
from test.converter.report.parsed import Page
from test.task_bundles import COLORS, HEIGHT, WIDTH, softmax_of_means
from trt_inference.bundles.bundle import load_bundle, sha256_of_file
from trt_inference.inference.detections import Detections
from trt_inference.inference.detector import Detector
from trt_inference.inference.results import Classification, Segmentation

SIZES = "Size, and loss against the limit"
SCENES = scenes(12)
Quantize = Callable[..., Result]


def reported(bundle: Path) -> Path:
    """With the report of a conversion, to which ``quantize`` adds."""
    write_report(bundle / "report", reports.detection(bundle.parent))
    return bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """It finds cells of color by two convolutions, which have no difficulties."""
    return reported(write_bundle(tmp_path / "bundle", colored_cells(*two_layers())))


@pytest.fixture
def difficult(tmp_path: Path) -> Path:
    """One channel is a thousand times the others, which int8 loses beside it."""
    model = colored_cells(*two_layers(extra=1000.0))
    return reported(write_bundle(tmp_path / "difficult", model))


@pytest.fixture
def shifting(tmp_path: Path) -> Path:
    """Float16 loses the colors between two steps in the first layer; int8 has none between."""
    constants, nodes = two_layers()
    model = colored_cells(
        f"{constants}, {kernel('eye', np.eye(3))}, {constant('up', [30000] * 3)}, "
        f"{constant('down', 30000)}",
        "large = Conv (planes, eye, up) same = Sub (large, down) "
        + nodes.replace("planes,", "same,"),
    )
    return reported(write_bundle(tmp_path / "shifting", model))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quantize") / "images"
    return write_pictures(folder, [frame for frame, _ in SCENES])


@pytest.fixture
def quantize(images: Path, capsys: pytest.CaptureFixture[str]) -> Quantize:
    """The command on ``images``."""

    def command(bundle: Path, *arguments: object) -> Result:
        return run_here(capsys, "quantize", bundle, "--images", images, *arguments)

    return command


def hashes(folder: Path) -> dict[str, str]:
    """The hashes of all files, hidden ones and those of inner folders too."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(folder)): sha256_of_file(file) for file in files}


def models(bundle: Path) -> list[str]:
    """All files that a robot could take for a model."""
    return sorted(name for name in hashes(bundle) if ".onnx" in name)


def weights(bundle: Path, precision: str) -> set[np.dtype[Any]]:
    """Types of the constants."""
    model = onnx.load(str(bundle / f"{precision}.onnx"))
    return {values.dtype for values in constants_of(model).values()}


def rows(bundle: Path) -> list[tuple[str, str]]:
    """Precision and verdict in the report's table."""
    return [(row[0], row[-1]) for row in Page(bundle / "report" / "index.html").tables[SIZES][1:]]


def assert_finds_what_is_there(bundle: Path, precision: str) -> None:
    """In pictures that no precision was made or measured with."""
    with Detector.open(load_bundle(bundle), "onnxruntime", precision) as detector:
        for frame, truth in scenes(4, seed=77):
            found = detector.detect(frame)
            assert isinstance(found, Detections)
            np.testing.assert_allclose(found.scores, 1, atol=0.05)
            assert_same(Detections(found.xyxy, np.ones(len(found)), found.class_ids), truth)


def entries(bundle: Path) -> dict[str, Any]:
    """What the manifest holds about each precision, checked as a robot does."""
    loaded = load_bundle(bundle)
    for precision in loaded.precisions:
        loaded.model_file(precision)
    return dict(loaded.precisions)


def test_both_precisions_are_added_and_find_what_is_there(bundle: Path, quantize: Quantize) -> None:
    before = hashes(bundle)
    result = quantize(bundle)
    assert result.exit_code == 0, result.output
    assert models(bundle) == ["fp16.onnx", "fp32.onnx", "int8.onnx"]
    assert hashes(bundle)["fp32.onnx"] == before["fp32.onnx"]
    assert list(bundle.parent.iterdir()) == [bundle]
    found = entries(bundle)
    assert list(found) == ["fp32", "fp16", "int8"]
    for precision in ("fp16", "int8"):
        entry, file = found[precision], bundle / f"{precision}.onnx"
        onnx.checker.check_model(str(file), full_check=True)
        assert entry["bytes"] == file.stat().st_size
        assert 0 <= entry["loss"] <= entry["limit"]
        assert entry["images"] == 9  # three of the twelve are calibrated on
        assert entry["milliseconds"][precision] > 0 < entry["milliseconds"]["fp32"]
        assert_finds_what_is_there(bundle, precision)
    assert weights(bundle, "fp16") >= {np.dtype(np.float16)}
    assert weights(bundle, "int8") >= {np.dtype(np.int8)}
    assert found["int8"]["calibration"]["images"] == 3
    assert found["int8"]["calibration"]["method"] == "minmax"
    assert "calibration" not in found["fp16"]


@pytest.mark.parametrize(("opset", "ir"), [(13, 7), (16, 8)])
def test_they_have_the_opset_of_fp32(opset: int, ir: int, bundle: Path, quantize: Quantize) -> None:
    file = bundle / "fp32.onnx"
    model = onnx.load(str(file))
    model.opset_import[0].version, model.ir_version = opset, ir
    onnx.save(model, str(file))
    digest = sha256_of_file(file)
    change_manifest(bundle, lambda m: m["precisions"]["fp32"].update(sha256=digest))
    assert quantize(bundle, "--precision", "fp16", "int8").exit_code == 0
    for precision in ("fp16", "int8"):
        made = onnx.load(str(bundle / f"{precision}.onnx"))
        assert [(one.domain, one.version) for one in made.opset_import] == [("", opset)]
        assert made.ir_version == ir


def test_the_report_has_them(bundle: Path, quantize: Quantize) -> None:
    quantize(bundle)
    content = json.loads((bundle / "report" / "report.json").read_text("utf-8"))
    assert [line["precision"] for line in content["precisions"]["lines"]] == ["fp16", "int8"]
    assert rows(bundle) == [("fp32", ""), ("fp16", "passed"), ("int8", "passed")]


def test_what_loses_too_much_is_not_put_in(difficult: Path, quantize: Quantize) -> None:
    result = quantize(difficult)
    result.refused("int8", "is not put into", "--keep-float auto")
    listed = result.output.rpartition("most sensitive layers are ")[2]
    assert listed.startswith("model/seen (") and "model/first (" in listed
    assert models(difficult) == ["fp16.onnx", "fp32.onnx"]
    assert list(entries(difficult)) == ["fp32", "fp16"]
    assert rows(difficult)[-1] == ("int8", "not in the bundle")
    assert_finds_what_is_there(difficult, "fp16")


def test_an_older_one_stays_when_a_later_run_fails(difficult: Path, quantize: Quantize) -> None:
    first = quantize(difficult, "--precision", "int8", "--keep-float", "*/seen")
    assert first.exit_code == 0, first.output
    before, entry = hashes(difficult), entries(difficult)["int8"]
    assert entry["float32_layers"][0]["name"] == "model/seen"
    result = quantize(difficult, "--precision", "int8")
    result.refused("int8", "is not put into")
    assert "earlier run stays" in result.output
    assert hashes(difficult)["int8.onnx"] == before["int8.onnx"]
    assert entries(difficult)["int8"] == entry
    assert rows(difficult)[-1] == ("int8", "passed")
    assert_finds_what_is_there(difficult, "int8")


def test_one_that_fails_leaves_nothing_behind_beside_one_that_passes(
    shifting: Path, quantize: Quantize
) -> None:
    result = quantize(shifting)
    assert models(shifting) == ["fp32.onnx", "int8.onnx"]
    assert list(entries(shifting)) == ["fp32", "int8"]
    assert_finds_what_is_there(shifting, "int8")
    result.refused("fp16")


def test_an_older_one_stays_when_it_fails_beside_one_that_passes(
    shifting: Path, quantize: Quantize
) -> None:
    kept = quantize(shifting, "--precision", "fp16", "--keep-float", "model/large")
    assert kept.exit_code == 0, kept.output
    before = hashes(shifting)["fp16.onnx"]
    quantize(shifting).refused("fp16")
    assert list(entries(shifting)) == ["fp32", "fp16", "int8"]
    assert hashes(shifting)["fp16.onnx"] == before
    assert_finds_what_is_there(shifting, "fp16")


def test_float16_that_loses_too_much_is_reported_with_its_layers(
    shifting: Path, quantize: Quantize
) -> None:
    result = quantize(shifting, "--precision", "fp16")
    result.refused("fp16", "is not put into", "layers are model/large (")
    result = quantize(shifting, "--precision", "fp16", "--keep-float", "auto")
    assert result.exit_code == 0, result.output
    assert [one["name"] for one in entries(shifting)["fp16"]["float32_layers"]] == ["model/large"]


def test_options_of_the_command_line(
    difficult: Path, images: Path, tmp_path: Path, quantize: Quantize
) -> None:
    """Its own images to calibrate on, another method, another limit."""
    own = write_pictures(tmp_path / "own", [frame for frame, _ in scenes(5, seed=3)])
    annotations = tmp_path / "annotations.json"
    names = [f"{number:03}.png" for number in range(len(SCENES))]
    truths = (truth for _, truth in SCENES)
    annotations.write_text(
        json.dumps(coco(dict(zip(names, truths, strict=True)), (64, 64))), "utf-8"
    )
    result = quantize(
        difficult,
        "--precision",
        "int8",
        "--calibration",
        "percentile",
        "--max-map-loss",
        0.25,
        "--calibration-images",
        own,
        "--max-calibration-images",
        4,
        "--max-images",
        6,
        "--labels-coco",
        annotations,
        "--keep-float",
        "model/seen",
    )
    assert result.exit_code == 0, result.output
    (entry,) = (entry for name, entry in entries(difficult).items() if name != "fp32")
    calibration = entry["calibration"]
    assert (calibration["method"], calibration["images"]) == ("percentile", 4)
    assert (entry["images"], entry["limit"], entry["loss"]) == (6, 0.25, pytest.approx(0))
    assert entry["accuracy"]["fp32"]["map_50_95"] == pytest.approx(1)
    assert entry["accuracy"]["bundle"]["map_50_95"] == pytest.approx(1)


def test_advice_that_would_not_help_is_not_given(difficult: Path, quantize: Quantize) -> None:
    """No limit of mAP lets a precision in that publishes nothing."""
    result = quantize(difficult, "--precision", "int8", "--max-map-loss", 1)
    result.refused("int8", "is not put into")
    assert "--max-map-loss" not in result.output


def test_infinite_values_are_no_harm_to_int8_where_the_advice_is_followed(
    tmp_path: Path, quantize: Quantize
) -> None:
    """A convolution of minus infinity, of which nothing is seen in the end."""
    constants, nodes = two_layers()
    model = colored_cells(
        f"{constants}, {kernel('ones', np.ones((3, 3)))}",
        "nought = Sub (planes, planes) mask = Log (nought) masked = Conv (mask, ones) "
        f"same = Max (planes, masked) {nodes.replace('planes,', 'same,')}",
    )
    bundle = reported(write_bundle(tmp_path / "bundle", model))
    quantize(bundle, "--precision", "int8").refused("mask has", "infinite", "--keep-float")
    result = quantize(bundle, "--precision", "int8", "--keep-float", "model/masked")
    assert result.exit_code == 0, result.output
    assert_finds_what_is_there(bundle, "int8")


def test_a_file_that_is_not_what_was_measured_is_not_put_in(
    bundle: Path, quantize: Quantize, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is measured of float16 is another model than what is written."""
    constants = kernel("swap", np.eye(3)[::-1])
    model = colored_cells(constants, "seen = Conv (planes, swap)")
    monkeypatch.setattr(Float16, "build", lambda builder, layers: model)
    quantize(bundle).refused("fp16: the file gives other results", "report it with the model")
    assert models(bundle) == ["fp32.onnx", "int8.onnx"]


def test_a_bundle_that_another_command_changes_meanwhile_stays_as_that_leaves_it(
    bundle: Path, quantize: Quantize, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*arguments: Any) -> Precisions:
        made = make_precisions(*arguments)
        change_manifest(bundle, lambda manifest: manifest.update(name="changed"))
        return made

    monkeypatch.setattr(quantization, "make_precisions", slowly)
    quantize(bundle).refused("changed by another command meanwhile")
    assert load_bundle(bundle).name == "changed"
    assert models(bundle) == ["fp32.onnx"]


def test_a_bundle_by_another_path(
    bundle: Path, tmp_path: Path, quantize: Quantize, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From inside of it, and by a link."""
    monkeypatch.chdir(bundle)
    result = quantize(Path(), "--precision", "fp16")
    assert result.exit_code == 0, result.output
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(bundle)
    result = quantize(tmp_path / "link", "--precision", "int8")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "link").is_symlink()
    assert models(bundle) == ["fp16.onnx", "fp32.onnx", "int8.onnx"]


def test_the_same_images_give_the_same_bytes(bundle: Path, quantize: Quantize) -> None:
    quantize(bundle)
    first = hashes(bundle)
    quantize(bundle)
    second = hashes(bundle)
    assert models(bundle) == ["fp16.onnx", "fp32.onnx", "int8.onnx"]
    for name in models(bundle):
        assert second[name] == first[name]


def test_weights_that_are_in_a_second_file(
    bundle: Path, quantize: Quantize, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those of networks are that do not fit into one."""
    model, file = onnx.load(str(bundle / "fp32.onnx")), bundle / "fp32.onnx"
    for tensor in model.graph.initializer:  # only raw bytes can be moved
        tensor.CopyFrom(onnx.numpy_helper.from_array(constants_of(model)[tensor.name], tensor.name))
    data = bundle / "fp32.onnx.data"
    onnx.save_model(
        model, str(file), save_as_external_data=True, location=data.name, size_threshold=70
    )
    parts = [
        {"file": one.name, "sha256": sha256_of_file(one), "bytes": one.stat().st_size}
        for one in (file, data)
    ]
    entry = {**parts[0], "data": parts[1]}
    change_manifest(bundle, lambda manifest: manifest["precisions"].update(fp32=entry))
    monkeypatch.setattr(storage, "LARGEST_FILE", 100)
    result = quantize(bundle)
    assert result.exit_code == 0, result.output
    names = [f"{name}.onnx{end}" for name in ("fp16", "fp32", "int8") for end in ("", ".data")]
    assert models(bundle) == names
    for precision, found in entries(bundle).items():
        assert found["data"]["bytes"] == (bundle / f"{precision}.onnx.data").stat().st_size
        assert_finds_what_is_there(bundle, precision)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_classifier_finds_the_same(precision: str, tmp_path: Path, quantize: Quantize) -> None:
    bundle = write_classifier(tmp_path / "bundle")
    write_report(bundle / "report", reports.classification(tmp_path))
    result = quantize(bundle, "--precision", precision, "--images", colors(tmp_path))
    assert result.exit_code == 0, result.output
    entry = entries(bundle)[precision]
    assert (entry["agreement"]["compared"], entry["agreement"]["same"]) == (6, 6)
    frame = np.full((HEIGHT, WIDTH, 3), (30, 200, 60), np.uint8)
    with Detector.open(load_bundle(bundle), "onnxruntime", precision) as detector:
        found = detector.detect(frame)
    assert isinstance(found, Classification)
    assert COLORS[found.class_ids[0]] == "green"
    assert found.scores[0] == pytest.approx(softmax_of_means(frame)[1], abs=0.02)


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_segmenter_finds_the_same(precision: str, tmp_path: Path, quantize: Quantize) -> None:
    bundle = write_segmenter(tmp_path / "bundle")
    write_report(bundle / "report", reports.segmentation(tmp_path))
    result = quantize(bundle, "--precision", precision, "--images", colors(tmp_path))
    assert result.exit_code == 0, result.output
    frame = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    frame[: HEIGHT // 2], frame[:, WIDTH // 2 :] = (0, 0, 255), (255, 0, 0)
    with Detector.open(load_bundle(bundle), "onnxruntime", precision) as detector:
        found = detector.detect(frame)
    assert isinstance(found, Segmentation)
    halves = found.class_map[:, : WIDTH // 2], found.class_map[:, WIDTH // 2 :]
    assert (halves[1] == 1).all()
    assert (halves[0][: HEIGHT // 2] == 3).all() and (halves[0][HEIGHT // 2 :] == 0).all()


@pytest.mark.parametrize(
    ("write", "report", "things"),
    [
        (write_classifier, reports.classification, "images"),
        (write_segmenter, reports.segmentation, "pixels"),
    ],
)
def test_other_tasks_lose_classes_and_keep_the_layers_that_matter(
    write: Callable[[Path, float], Path],
    report: Callable[[Path], Any],
    things: str,
    tmp_path: Path,
    quantize: Quantize,
) -> None:
    bundle = write(tmp_path / "bundle", 1000.0)
    write_report(bundle / "report", report(tmp_path))
    images = ("--images", colors(tmp_path))
    result = quantize(bundle, "--precision", "int8", *images)
    result.refused("is not put into", "are model/seen (")
    assert f"% of the {things} another class than fp32, more than 1 %" in result.output
    result = quantize(bundle, "--precision", "int8", "--keep-float", "auto", *images)
    assert result.exit_code == 0, result.output
    assert "mAP@" not in result.output
    assert ("score" in result.output) == (things == "images")  # a class map has none
    assert [one["name"] for one in entries(bundle)["int8"]["float32_layers"]] == ["model/seen"]


def colors(folder: Path) -> Path:
    """Eight pictures of several colors."""
    generator = np.random.default_rng(2)
    frames = []
    for number in range(8):
        frame = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
        frame[:, : 40 + number, number % 3] = generator.integers(150, 255)
        frames.append(frame)
    return write_pictures(folder / "colors", frames)


def grey(folder: Path) -> Path:
    return write_pictures(folder / "grey", list(np.full((4, 64, 64, 3), 128, np.uint8)))


def different_grey(folder: Path) -> Path:
    frames = [np.full((64, 64, 3), value, np.uint8) for value in (10, 50, 90, 130)]
    return write_pictures(folder / "greys", frames)


@pytest.mark.parametrize(
    ("arguments", "expected_texts"),
    [
        ([], ["real images", "--images with pictures of the robot's camera"]),
        (["--images", "nowhere"], ["--images", "nowhere"]),
        (["--images", grey], ["different images", "at least two"]),
        (["--images", different_grey], ["fp32 detects nothing", "something to see"]),
        (["--images", None, "--keep-float", "conv*"], ["'conv*'", "model/first, model/seen"]),
        (["--images", None, "--calibration-images", "nowhere"], ["nowhere"]),
        (["--images", None, "--labels-coco", "nowhere.json"], ["nowhere.json"]),
    ],
    ids=[
        "no images",
        "no folder",
        "one picture",
        "nothing to see",
        "no such layer",
        "no folder to calibrate on",
        "no annotations",
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason_and_changes_nothing(
    arguments: list[Any],
    expected_texts: list[str],
    bundle: Path,
    images: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = hashes(bundle)
    made = {None: images, **{one: one(tmp_path) for one in arguments if callable(one)}}
    given = [made.get(one, one) for one in arguments]
    run_here(capsys, "quantize", bundle, *given).refused(*expected_texts)
    assert hashes(bundle) == before


def test_bundles_that_cannot_be_used(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The refusal comes before any image is looked at."""

    def quantize(folder: Path) -> Result:
        return run_here(capsys, "quantize", folder, "--images", tmp_path / "no pictures")

    quantize(tmp_path / "nowhere").refused("nowhere' is not a bundle")
    assert not (tmp_path / "nowhere").exists()

    (bundle / "report" / "report.json").rename(tmp_path / "report.json")
    before = hashes(bundle)
    quantize(bundle).refused("report.json", "Convert the model again")
    assert hashes(bundle) == before

    (tmp_path / "report.json").rename(bundle / "report" / "report.json")
    with (bundle / "fp32.onnx").open("ab") as stream:
        stream.write(b"\0")
    before = hashes(bundle)
    quantize(bundle).refused("fp32.onnx was changed")
    assert hashes(bundle) == before


def test_an_unknown_precision_names_those_there_are(
    bundle: Path, images: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = hashes(bundle)
    with pytest.raises(SystemExit) as stopped:
        run_here(capsys, "quantize", bundle, "--images", images, "--precision", "int4")
    assert stopped.value.code == 2
    errors = capsys.readouterr().err
    assert all(word in errors for word in ("int4", "fp16", "int8"))
    assert hashes(bundle) == before


@pytest.fixture
def many(images: Path, tmp_path: Path) -> Path:
    """Images that take a while; all are different, as what follows a PNG changes nothing."""
    folder = tmp_path / "many"
    folder.mkdir()
    content = (images / "000.png").read_bytes()
    for number in range(2000):
        (folder / f"{number}.png").write_bytes(content + str(number).encode())
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_one_that_is_ended_in_the_middle_leaves_the_bundle_as_it_was(
    number: signal.Signals, bundle: Path, many: Path, quantize: Quantize
) -> None:
    before = hashes(bundle)
    process = start("quantize", bundle, "--images", many, "--max-images", 2000)
    partial = bundle.with_name(f".{bundle.name}.partial-{process.pid}")
    wait_for((partial / "model.json").exists, process)
    os.killpg(process.pid, number)
    result = finish(process)
    assert hashes(bundle) == before
    if number == signal.SIGINT:
        assert result.exit_code == 130
        assert "interrupted, nothing was written" in result.output
        assert "Traceback" not in result.output
        assert not partial.exists()
    else:
        assert partial.exists()  # the next run takes it away
        assert quantize(bundle).exit_code == 0
    assert {entry.name for entry in bundle.parent.iterdir()} == {bundle.name, many.name}


class Layered(tf.Module):
    """Finds colored cells behind a convolution with a normalisation, and another one."""

    def __init__(self) -> None:
        super().__init__()
        self.widen = tf.Variable(4 * WIDEN.T[None, None])
        self.narrow = tf.Variable(NARROW.T[None, None])
        self.contrast = tf.Variable(CONTRAST)

    @tf.function
    def predict(self, images: Any) -> dict[str, Any]:
        values = tf.nn.conv2d(images, self.widen, 1, "SAME", name="widen")
        values = tf.nn.relu(values * tf.fill([4], 0.25) + tf.fill([4], 0.5))
        values = tf.nn.conv2d(values - 0.5, self.narrow, 1, "SAME", name="narrow")
        return {"predictions": color_rows(values, self.contrast)}


@pytest.fixture(scope="module")
def layered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel."""
    folder, module = tmp_path_factory.mktemp("layered") / "model", Layered()
    spec = tf.TensorSpec((None, 64, 64, 3), tf.float32, name="images")
    tf.saved_model.save(module, str(folder), signatures=module.predict.get_concrete_function(spec))
    return folder


def test_convert_makes_all_precisions_at_once(
    layered: Path,
    labels: Path,
    pictures: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = tmp_path / "bundle"
    result = run_here(
        capsys,
        "convert",
        layered,
        "--output",
        output,
        "--labels",
        labels,
        "--images",
        pictures,
        "--labels-coco",
        pictures / "annotations.json",
        "--activation",
        "none",
        "--precision",
        "fp16",
        "int8",
    )
    assert result.exit_code == 0, result.output
    assert load_bundle(output).labels == LABELS
    assert models(output) == ["fp16.onnx", "fp32.onnx", "int8.onnx"]
    for precision, entry in entries(output).items():
        assert entry["accuracy"]["bundle"]["map_50_95"] == pytest.approx(1)
        assert_finds_what_is_there(output, precision)
    assert rows(output) == [("fp32", ""), ("fp16", "passed"), ("int8", "passed")]
    result = run_here(capsys, "report", output)
    assert all(word in result.output for word in ("fp32", "fp16", "int8"))


def test_convert_to_int8_without_images_fails_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is not even a SavedModel."""
    model, output = tmp_path / "model", tmp_path / "bundle"
    result = run_here(capsys, "convert", model, "--output", output, "--precision", "int8")
    result.refused("real images", "--images")
    assert list(tmp_path.iterdir()) == []
