"""The page of a conversion: its figures, its pictures, and that it needs nothing beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from converter.comparison.accuracy import Accuracy
from converter.comparison.agreement import Agreement, TensorParity
from converter.compatibility.refusals import Refusal
from converter.conversion import Conversion, Preprocessing
from converter.inputs.pixels import Pixels
from converter.report.page import write_report
from converter.verification.verification_results import Picture, SourceSuppression
from test.converter.report import samples
from test.converter.report.parsed import Page
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.tensorrt_versions import TARGETS, VERSIONS

Make = Callable[[Path], Conversion]
EVERY_TASK = pytest.mark.parametrize(
    "make", [samples.detection, samples.classification, samples.segmentation]
)
# JPEG mixes blocks of 16 pixels with their neighbours' colors; beyond that nothing spreads.
SPREAD = 18
THRESHOLD = 0.4


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Conversion], Page]:
    """Writes a page and takes it apart."""

    def written(conversion: Conversion, score_threshold: float = THRESHOLD) -> Page:
        return Page(write_report(tmp_path / "new" / "report", conversion, score_threshold))

    return written


def measured(conversion: Conversion, **changes: Any) -> Conversion:
    """The same with other measurements."""
    return replace(conversion, verification=replace(conversion.verification, **changes))


@EVERY_TASK
def test_the_page_needs_nothing_beside_it_and_tells_no_path(make: Make, tmp_path: Path) -> None:
    file = write_report(tmp_path / "report", make(tmp_path))
    assert file == tmp_path / "report" / "index.html"
    content = tmp_path / "report" / "report.json"
    assert sorted(file.parent.iterdir()) == [file, content]
    page = Page(file)
    assert not {"script", "link", "iframe", "object", "base"} & set(page.tags)
    links = [value for _, name, value in page.attributes if name in ("src", "href", "srcset")]
    assert links
    assert all(link.startswith("data:image/jpeg;base64,") for link in links)
    assert not [word for word in ("://", "url(", "@import") if word in page.source]
    for text in (page.source, content.read_text("utf-8")):
        assert str(tmp_path) not in text
        assert tmp_path.name not in text


@EVERY_TASK
def test_parity_of_each_output_is_what_was_measured(
    make: Make, tmp_path: Path, write: Callable[..., Page]
) -> None:
    conversion = make(tmp_path)
    page = write(conversion)
    outputs = (*conversion.verification.tensors, *conversion.verification.candidates)
    for output in outputs:
        difference, magnitude, cosine = map(float, page.row(output.name))
        assert difference == pytest.approx(output.max_abs, rel=5e-3)
        assert magnitude == pytest.approx(output.magnitude, rel=5e-4)
        assert cosine == pytest.approx(output.cosine, abs=6e-8)


def test_a_difference_without_bound_is_shown_as_that(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    broken = (TensorParity("broken", float("inf"), float("inf"), float("nan")),)
    page = write(measured(samples.classification(tmp_path), tensors=broken))
    assert page.row("broken") == ["inf", "inf", "nan"]


def test_agreement_on_detections(tmp_path: Path, write: Callable[..., Page]) -> None:
    facts = write(samples.detection(tmp_path)).facts
    assert facts["detections in TensorFlow"] == "1,234"
    assert (facts["matched"], facts["missing"], facts["extra"]) == ("1,229", "3", "2")
    assert float(facts["lowest IoU"]) == pytest.approx(0.98765)
    assert float(facts["largest score difference"]) == pytest.approx(4.5e-4)
    assert facts["found of the source's own suppression"] == "86 of 87"


@pytest.mark.parametrize(
    ("make", "share", "compared", "others"),
    [
        (samples.classification, "100.00 %", ("images compared", "8"), "0"),
        # One pixel of many must not be rounded away.
        (samples.segmentation, "99.99 %", ("pixels compared", "1,200,000"), "1"),
    ],
)
def test_agreement_on_classes(
    make: Make,
    share: str,
    compared: tuple[str, str],
    others: str,
    tmp_path: Path,
    write: Callable[..., Page],
) -> None:
    facts = write(make(tmp_path)).facts
    assert facts["same class"] == share
    assert facts[compared[0]] == compared[1]
    assert facts["other class"] == others


def test_accuracy_before_and_after_with_what_changed(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    conversion = samples.detection(tmp_path)
    page = write(measured(conversion, milliseconds={}))
    assert page.row("TensorFlow") == ["31", "0.7125", "0.5124"]
    assert page.row("bundle") == ["31", "0.7113", "0.5131"]
    assert page.row("change") == ["", "-0.0012", "+0.0007"]
    assert "mAP" not in write(measured(conversion, before=None, after=None)).source


@pytest.mark.parametrize(
    ("changes", "sound", "expected_text"),
    [
        ({"agreement": Agreement(9, 41, 41, 0, 0, 1.0, 1.0, 0.0)}, True, "all of TensorFlow's 41"),
        ({}, False, "3 are missing, and 2 are new"),
        (
            {"agreement": Agreement(9, 41, 41, 0, 0, 1.0, 1.0, 0.0), "synthetic": True},
            False,
            "--images",
        ),
        ({"agreement": Agreement(9, 0, 0, 0, 0, 1.0, 1.0, 0.0)}, False, "itself detects nothing"),
        (
            {
                "agreement": Agreement(9, 41, 41, 0, 0, 1.0, 1.0, 0.0),
                "before": Accuracy(9, 0.21, 0.1),
            },
            False,
            "only 0.21",
        ),
    ],
    ids=["the same", "differs", "synthetic", "nothing detected", "low accuracy"],
)
def test_the_verdict_names_what_stands_against_it(
    changes: dict[str, Any],
    sound: bool,
    expected_text: str,
    tmp_path: Path,
    write: Callable[..., Page],
) -> None:
    page = write(measured(samples.detection(tmp_path), **changes))
    assert expected_text in page.texts["verdict"]
    classes = [value for _, name, value in page.attributes if name == "class"]
    assert ("verdict good" in classes, "verdict care" in classes) == (sound, not sound)


def test_what_was_assumed_stands_beside_what_was_measured(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    """The agreement with TensorFlow does not show that outputs are read as they are meant."""
    plain = measured(samples.detection(tmp_path), before=None, after=None)
    assert "is known from the model, its files or options" in write(plain).texts["reading"]
    clause = "corners are y1, x1, y2, x2, as is usual in fractions: --box-format changes it"
    assumed = replace(plain, recognised=replace(plain.recognised, assumed=(clause,)))
    page = write(assumed)
    assert f"Assumed: {clause}" in page.texts["assumed"]
    assert (
        "1 point of how pictures are prepared and outputs read is assumed" in page.texts["reading"]
    )
    assert "read in the same way" in page.texts["pictures"]


def test_annotations_support_how_outputs_are_read_unless_accuracy_is_low(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    good = measured(samples.detection(tmp_path), before=Accuracy(9, 0.83, 0.6))
    assert "support how its outputs are read" in write(good).texts["reading"]
    low = measured(samples.detection(tmp_path), before=Accuracy(9, 0.21, 0.1))
    assert "support" not in write(low).texts["reading"]


def test_pictures_without_detections_are_said_to_show_nothing(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    conversion = samples.detection(tmp_path)
    assert "nothing-drawn" not in write(conversion, score_threshold=0.25).texts
    page = write(conversion, score_threshold=0.99)
    assert "Nothing is detected in these pictures" in page.texts["nothing-drawn"]


def test_what_was_written(tmp_path: Path, write: Callable[..., Page]) -> None:
    page = write(samples.detection(tmp_path))
    assert page.facts["Task"] == "detection"
    assert page.facts["Image"] == "640 × 480 pixels"
    assert page.facts["Model"] == "23.5 MB"
    assert page.facts["Classes"] == "3: circle, square, triangle"
    assert page.facts["Head"] == "yolo [N, 7, 8400]"
    assert page.facts["Recognised by"] == "output_0 has rows of 4 + 3 numbers"
    assert page.texts["notes"] == "output names is left out: it gives texts"


def test_the_size_of_a_small_model_is_not_nothing(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    small = replace(samples.detection(tmp_path), bytes=12_345)
    assert write(small).facts["Model"] == "12.3 kB"


def test_both_pictures_of_a_pair_differ_where_the_results_do(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    page = write(samples.detection(tmp_path))
    expected, found, more, fewer = page.pictures()
    assert expected.shape == (samples.HEIGHT, samples.WIDTH, 3)
    assert np.array_equal(expected, found)
    # The square, from 200, 120 to 280, 200, with its caption above it.
    rows, columns = differing(more, fewer)
    assert 90 - SPREAD < rows[0] < 120 and abs(rows[1] - 200) < SPREAD
    assert abs(columns[0] - 200) < SPREAD and 280 <= columns[1] < samples.WIDTH
    two, one = "TensorFlow 2 detections Bundle 2 detections", "TensorFlow 2 detections Bundle 1"
    assert page.texts["pair"] == f"{two} {one} detection"


def test_detections_below_the_threshold_are_not_drawn(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    conversion = samples.detection(tmp_path)
    drawn, everything = (write(conversion, threshold) for threshold in (THRESHOLD, 0.0))
    assert "3 detections" in everything.texts["pair"]
    # The faint triangle, from 120, 20 to 160, 60.
    rows, columns = differing(drawn.pictures()[2], everything.pictures()[2])
    assert rows[1] < 60 + SPREAD and abs(columns[0] - 120) < SPREAD


def test_class_maps_differ_where_a_class_does(tmp_path: Path, write: Callable[..., Page]) -> None:
    conversion = samples.segmentation(tmp_path)
    page = write(conversion)
    first, second, whole, corner = page.pictures()
    assert np.array_equal(first, second)
    # The lists in the upper left corner show other shares, and the lower right corner differs.
    difference = np.abs(whole.astype(int) - corner).max(axis=2)
    assert difference[200 + SPREAD :, 280 + SPREAD :].min() > 10
    assert difference[: 200 - SPREAD, 160:].max() == 0
    assert "care" in page.texts  # the second pair is marked
    assert "2 of 3 classes" in page.texts["pair"] and "3 of 3 classes" in page.texts["pair"]


def test_classes_are_named_on_the_picture_and_below(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    page = write(samples.classification(tmp_path))
    first, second, other, another = page.pictures()
    assert np.array_equal(first, second)
    assert differing(other, another)[0][1] < samples.HEIGHT // 2
    assert "best class: triangle Bundle best class: circle" in page.texts["pair"]


def test_large_pictures_are_made_smaller(tmp_path: Path, write: Callable[..., Page]) -> None:
    box = samples.detections((400, 300, 800, 600, 0.9, 1))
    none = samples.detections()
    picture = Picture("large", samples.frame(900, 1280), box, none)
    expected, found = write(measured(samples.detection(tmp_path), pictures=(picture,))).pictures()
    assert expected.shape == found.shape == (450, 640, 3)
    rows, columns = differing(expected, found)
    assert abs(rows[1] - 300) < SPREAD
    assert abs(columns[0] - 200) < SPREAD and abs(columns[1] - 400) < SPREAD


def test_names_are_shown_as_they_are(tmp_path: Path, write: Callable[..., Page]) -> None:
    labels = ("<script>alert(1)</script>", "nuts & bolts", "a \"b\" 'c'")
    conversion = replace(samples.classification(tmp_path), labels=labels)
    page = write(conversion)
    assert "script" not in page.tags and "alert" not in page.tags
    assert page.facts["Classes"] == f"3: {', '.join(labels)}"
    assert "best class: a \"b\" 'c'" in page.texts["pair"]
    assert "<script" not in page.source
    assert "nuts &amp; bolts" in page.source


def test_many_classes_are_not_all_listed(tmp_path: Path, write: Callable[..., Page]) -> None:
    labels = tuple(f"class {number}" for number in range(80))
    shown = write(replace(samples.detection(tmp_path), labels=labels)).facts["Classes"]
    assert shown.startswith("80: class 0, class 1,")
    assert shown.endswith("and 68 more")


def test_operators_with_bars_as_long_as_their_counts(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    page = write(measured(samples.segmentation(tmp_path), milliseconds={}))
    assert [page.row(name)[0] for name in ("Conv", "Sigmoid", "GridSample")] == ["57", "19", "2"]
    widths = [value for tag, name, value in page.attributes if (tag, name) == ("span", "style")]
    assert widths[:3] == ["width: 100%", "width: 33%", "width: 4%"]
    assert page.row("Conv")[-1] == ""


def test_what_a_target_refuses_of_an_operator_is_said_beside_its_count(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    """TensorRT 8.2 is the only one of those that refuse it which a target has."""
    conversion = replace(samples.detection(tmp_path), refusals=(samples.CUBIC,))
    page = write(replace(conversion, operators={"Add": 3, "Resize": 1}))
    assert page.texts["operators"].count("takes no cubic interpolation (8.2)") == 1


def test_a_refused_node_is_shown_with_its_layer_and_where_the_limit_is_from(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    conversion = replace(samples.detection(tmp_path), refusals=(samples.CUBIC,), operators={})
    assert write(conversion).row("Resize")[-1] == (
        "takes no cubic interpolation: resize bilinearly. Layers: model/up/resize. "
        "Nodes: network/Resize__7. From importers.cpp:1@8.2-GA"
    )


def test_versions_that_lack_an_operator(tmp_path: Path, write: Callable[..., Page]) -> None:
    conversion = samples.detection(tmp_path)
    page = write(replace(conversion, operators={}))
    assert page.row("operator")[1:-1] == list(VERSIONS)
    count, *marks, remedy = page.row("GridSample")
    assert count == "2"
    lacking = dict(zip(VERSIONS, marks, strict=True))
    assert [version for version, mark in lacking.items() if mark == "no"] == ["8.0", "8.2", "8.4"]
    assert remedy == "crop instead. Layers: warp, unwarp. Nodes: warp, unwarp"
    none = write(replace(conversion, refusals=()))
    assert "take all nodes" in none.texts["none-missing"]


@pytest.mark.parametrize(
    ("opset", "refusals", "refusing"),
    [
        (13, (), {}),
        (17, (), {"jetson-nano": "takes opset 13, the model has 17"}),
        (13, (samples.GRID_SAMPLE,), {"jetson-nano": "lacks GridSample"}),
        (
            13,
            (samples.CUBIC,),
            {
                "jetson-nano": "refuses Resize of layer model/up/resize "
                "(takes no cubic interpolation)"
            },
        ),
        (
            17,
            (samples.GRID_SAMPLE, Refusal("Mystery", 1, ("node",), VERSIONS, "leave it out")),
            {
                "jetson-nano": "lacks GridSample, Mystery; takes opset 13, the model has 17",
                **dict.fromkeys(("jetpack5", "jetpack6", "jetpack7", "desktop"), "lacks Mystery"),
            },
        ),
    ],
)
def test_each_target_has_a_line_with_the_reason(
    opset: int,
    refusals: tuple[Refusal, ...],
    refusing: dict[str, str],
    tmp_path: Path,
    write: Callable[..., Page],
) -> None:
    conversion = replace(samples.detection(tmp_path), refusals=refusals)
    opsets = [onnx.helper.make_opsetid("ai.onnx.ml", 3), onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(conversion.export.model.graph, opset_imports=opsets)
    page = write(replace(conversion, export=replace(conversion.export, model=model)))
    for name, target in TARGETS.items():
        board, version, answer, reason = page.row(name)
        assert (board, version) == (target.board, target.tensorrt)
        assert answer == ("no" if name in refusing else "yes")
        assert reason.startswith(refusing.get(name, "takes all nodes"))
    assert page.facts["ONNX opset"] == str(opset)


def test_times_are_those_of_the_workstation(tmp_path: Path, write: Callable[..., Page]) -> None:
    page = write(measured(samples.detection(tmp_path), before=None, after=None))
    assert "this workstation’s CPU, not on the robot" in page.texts["timings"]
    assert page.row("TensorFlow")[0] == "61.2 ms"
    assert page.row("ONNX Runtime")[0] == "24.5 ms"
    assert page.row("load, flatten and freeze")[0] == "8.5 s"
    assert page.row("tf2onnx")[0] == "21.8 s"
    assert page.facts["whole export"] == "34.5 s"
    assert page.facts["peak memory"] == "3.14 GB"


def test_what_it_was_made_from(tmp_path: Path, write: Callable[..., Page]) -> None:
    facts = write(samples.detection(tmp_path)).facts
    assert facts["SavedModel"] == "trained_shapes"
    assert facts["Saved by"] == "TensorFlow 2.17.1"
    assert facts["Signature"] == "serving_default"
    assert facts["Input"] == "images: float32 NHWC, 640x480, 3 channels"
    assert facts["Outputs that are read"] == "output_0"
    assert facts["Channels"] == "BGR"
    assert facts["Pixels"] == "(value × 1/127.5 − 1) / (0.25, 0.5, 0.75)"
    cut = "CombinedNonMaxSuppression, score threshold 0.25, IoU threshold 0.625"
    assert facts["Suppression cut out"] == cut


@pytest.mark.parametrize(
    ("pixels", "shown"),
    [
        (Pixels("rgb", 1.0), "as they are, 0 to 255"),
        (Pixels("grey", 1 / 255, (0.5, 7, 7), (0.5, 7, 7)), "(value × 1/255 − 0.5) / 0.5"),
        (Pixels("bgr", 1.0, (103.9, 116.8, 123.7)), "value − (103.9, 116.8, 123.7)"),
        (Pixels("rgb", 0.017), "value × 0.017"),
    ],
)
def test_how_pixels_are_prepared(
    pixels: Pixels, shown: str, tmp_path: Path, write: Callable[..., Page]
) -> None:
    prepared = Preprocessing(pixels, Fitting())
    page = write(replace(samples.detection(tmp_path), preprocessing=prepared))
    assert page.facts["Pixels"] == shown


def test_nothing_of_a_suppression_where_none_was_cut_out(
    tmp_path: Path, write: Callable[..., Page]
) -> None:
    page = write(samples.classification(tmp_path))
    assert "Suppression cut out" not in page.facts
    assert not [name for name in page.facts if "suppression" in name]
    found = SourceSuppression(10, 10)
    page = write(measured(samples.detection(tmp_path), suppression=found))
    assert page.facts["found of the source's own suppression"] == "10 of 10"


def differing(one: np.ndarray, other: np.ndarray) -> tuple[tuple[int, int], tuple[int, int]]:
    """First and last row, and column, in which two pictures differ."""
    rows, columns = np.nonzero((one != other).any(axis=2))
    return (int(rows.min()), int(rows.max())), (int(columns.min()), int(columns.max()))
