"""The section of the narrower precisions, and what the top of the page reports about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.comparison.accuracy import Accuracy
from converter.comparison.agreement import Agreement, ClassAgreement
from converter.conversion import Conversion
from converter.precision.precision_results import (
    Calibration,
    KeptLayer,
    PrecisionResult,
    Sensitivity,
)
from converter.report.page import add_precisions, write_report
from converter.verification.verification_results import Picture
from test.converter.report import samples
from test.converter.report.parsed import Page

SIZES = "Size, and loss against the limit"
ANNOTATED = "mAP against your annotations"
OF_FP32 = "mAP with fp32's detections as the truth"
DETECTIONS = "Agreement with fp32's detections"
CLASSES = "Agreement with fp32's classes"
TIMES = "One image in ONNX Runtime on this workstation's CPU"
SENSITIVE = "Most sensitive layers: error of the outputs where only this one is int8"
KEPT = "Layers that stay in float32"

Add = Callable[..., Page]


def page_of(folder: Path, conversion: Conversion) -> Add:
    """Writes the report, and gives what adds results to it and takes the page apart."""
    report = write_report(folder / "report", conversion).parent

    def add(*results: PrecisionResult, labels: tuple[str, ...] = samples.LABELS) -> Page:
        task = conversion.verification.task
        return Page(add_precisions(report, results, samples.FP32_BYTES, task, labels, 0.4))

    return add


@pytest.fixture
def add(tmp_path: Path) -> Add:
    """To the report of a detector that is sound."""
    conversion = samples.detection(tmp_path)
    same = Agreement(9, 41, 41, 0, 0, 1.0, 1.0, 0.0)
    return page_of(
        tmp_path, replace(conversion, verification=replace(conversion.verification, agreement=same))
    )


def remeasured(result: PrecisionResult, **changes: Any) -> PrecisionResult:
    """The same with other measurements."""
    return replace(result, measured=replace(result.measured, **changes))


def unannotated(result: PrecisionResult) -> PrecisionResult:
    return remeasured(result, fp32=None, accuracy=None)


def classes(page: Page) -> list[str]:
    return [value for _, name, value in page.attributes if name == "class"]


def widths(page: Page, rows: int) -> list[int]:
    """The first bars of the page, in percent: those of the precisions are above the others."""
    styles = [value for tag, name, value in page.attributes if (tag, name) == ("span", "style")]
    return [int(style.removeprefix("width: ").removesuffix("%")) for style in styles[:rows]]


def test_there_is_no_section_without_results(tmp_path: Path) -> None:
    texts = Page(write_report(tmp_path, samples.detection(tmp_path))).texts
    assert "agreement" in texts
    assert "precisions" not in texts and "in-the-bundle" not in texts


def test_size_and_loss_against_the_limit(add: Add) -> None:
    assert add(samples.fp16(), samples.int8()).tables[SIZES][1:] == [
        ["fp32", "23.5 MB", "", "", "", ""],
        ["fp16", "11.7 MB", "2.00", "0.0004", "0.005", "passed"],
        ["int8", "6.0 MB", "3.90", "0.0313", "0.01", "not in the bundle"],
    ]


def test_accuracy_against_annotations_with_the_change_from_fp32(add: Add) -> None:
    page = add(samples.fp16(), samples.int8())
    assert page.tables[ANNOTATED] == [
        ["", "images", "mAP@0.5", "change", "mAP@[.5:.95]", "change"],
        ["fp32", "40", "0.7125", "", "0.5124", ""],
        ["fp16", "40", "0.7121", "-0.0004", "0.5127", "+0.0003"],
        ["int8", "40", "0.6925", "-0.0200", "0.4811", "-0.0313"],
    ]
    assert "the larger drop of mAP@0.5 and mAP@[.5:.95]" in page.texts["precision-int8"]


def test_without_annotations_fp32_is_the_truth(add: Add) -> None:
    page = add(unannotated(samples.int8()))
    assert ANNOTATED not in page.tables
    assert page.tables[OF_FP32][1:] == [["int8", "40", "0.9625", "0.9125"]]
    assert "0.0375: what mAP@0.5 lacks of 1" in page.texts["precision-int8"]


def test_agreement_with_the_detections_of_fp32(add: Add) -> None:
    assert add(samples.fp16(), samples.int8()).tables[DETECTIONS][1:] == [
        ["fp16", "1,239 of 1,240", "1", "0", "0.9987", "0.9712", "0.0025"],
        ["int8", "1,201 of 1,240", "39", "17", "0.9581", "0.5123", "0.3125"],
    ]


@pytest.mark.parametrize(
    ("make", "things", "moved", "scores"),
    [
        (samples.classification, "images", 0.125, ["0.1250"]),
        (samples.segmentation, "pixels", None, []),
    ],
)
def test_agreement_with_the_classes_of_fp32(
    make: Callable[[Path], Conversion],
    things: str,
    moved: float | None,
    scores: list[str],
    tmp_path: Path,
) -> None:
    add = page_of(tmp_path, make(tmp_path))
    page = add(samples.of_classes("fp16", ClassAgreement(40_000, 39_999, moved)))
    assert page.tables[CLASSES][0][:2] == ["", f"{things} compared"]
    assert page.tables[CLASSES][1] == ["fp16", "40,000", "99.99 %", "1", *scores]
    assert f"the part of the {things} that get another class" in page.texts["precision-fp16"]
    # What is lost is not rounded away.
    assert page.tables[SIZES][2][3] == "2.5e-05"
    assert "mAP" not in page.texts["precisions"]


def test_times_are_shown_with_where_they_were_measured(add: Add) -> None:
    page = add(samples.fp16(), samples.int8())
    assert page.tables[TIMES][1:] == [
        ["fp16", "41.75 ms", "24.50 ms", "1.70"],
        ["int8", "30.25 ms", "22.00 ms", "1.38"],
    ]
    assert "gain their speed on the robot’s GPU" in page.texts["precisions"]


def test_one_that_failed_is_a_caution_until_it_passes(add: Add) -> None:
    page = add(samples.fp16(), samples.int8())
    assert "int8 is not in the bundle: it loses 0.0313 of mAP, and 0.01" in page.texts["verdict"]
    assert "Its most sensitive layers are under Precisions" in page.texts["verdict"]
    assert "--calibration" in page.texts["verdict"]
    assert page.texts["in-the-bundle"] == "✓ fp32 ✓ fp16 ✕ int8 not in the bundle"
    assert "verdict care" in classes(page)
    assert SENSITIVE in page.tables

    page = add(samples.int8(limit=0.05, sensitivities=()))
    assert "int8" not in page.texts["verdict"]
    assert page.texts["in-the-bundle"] == "✓ fp32 ✓ fp16 ✓ int8"
    assert "verdict good" in classes(page)
    assert SENSITIVE not in page.tables
    assert "not in the bundle" not in page.texts["precision-int8"]


def test_the_caution_names_only_what_can_be_done(tmp_path: Path) -> None:
    add = page_of(tmp_path, samples.classification(tmp_path))
    advice = add(samples.of_classes("fp16", ClassAgreement(8, 4, 0.5))).texts["verdict"]
    assert "fp16 is not in the bundle: it gives 50 % of the images another class" in advice
    assert "--calibration" not in advice and "sensitive" not in advice


def test_a_loss_that_is_no_number_is_not_passed(add: Add) -> None:
    fp16 = samples.fp16()
    assert fp16.measured.accuracy is not None
    broken = replace(fp16.measured.accuracy, map_50=float("nan"), map_50_95=float("nan"))
    page = add(remeasured(fp16, accuracy=broken))
    assert page.tables[SIZES][-1][3:] == ["nan", "0.005", "not in the bundle"]


def test_a_later_run_replaces_its_own_precision_only(add: Add) -> None:
    first = add(samples.int8())
    both = add(samples.fp16())
    assert [row[0] for row in both.tables[SIZES][1:]] == ["fp32", "fp16", "int8"]
    assert both.texts["precision-int8"] == first.texts["precision-int8"]
    assert len(both.pictures()) == len(first.pictures())

    fp16 = samples.fp16(bytes=11_000_000)
    fewer = Accuracy(20, 0.75, 0.5)
    again = add(remeasured(fp16, fp32=fewer, accuracy=Accuracy(20, 0.75, 0.4999)))
    assert [row[:3] for row in again.tables[SIZES][2:]] == [
        ["fp16", "11.0 MB", "2.13"],
        ["int8", "6.0 MB", "3.90"],
    ]
    # Each is below the fp32 of its own run.
    assert [row[:3] for row in again.tables[ANNOTATED][1:]] == [
        ["fp32", "20", "0.7500"],
        ["fp16", "20", "0.7500"],
        ["fp32", "40", "0.7125"],
        ["int8", "40", "0.6925"],
    ]


def test_how_it_was_calibrated(add: Add) -> None:
    page = add(samples.fp16(), samples.int8())
    shown = page.facts["Calibration"]
    assert shown.startswith("minmax, 120 images")
    assert samples.HASH[:12] in shown and samples.HASH[:13] not in shown
    assert "Calibration" not in page.texts["precision-fp16"]
    page = add(samples.int8(calibration=Calibration("entropy", 1, samples.HASH)))
    assert page.facts["Calibration"].startswith("entropy, 1 image ")


def test_layers_in_float32_with_their_reasons(add: Add) -> None:
    page = add(samples.fp16(), samples.int8())
    assert page.tables[KEPT] == [["head/softmax", "its outputs need more than 8 bits"]]
    assert ", and 1 more layer" in page.texts["precision-int8"]
    assert "more layer" not in page.texts["precision-fp16"]
    assert "details" not in page.tags


def test_many_layers_in_float32_are_folded(add: Add) -> None:
    layers = tuple(KeptLayer(f"block{number}/add", f"reason {number}") for number in range(7))
    page = add(samples.int8(kept=layers))
    assert page.tags.count("details") == 1
    assert "7 layers that stay in float32" in page.texts["precision-int8"]
    assert page.row("block6/add") == ["reason 6"]
    assert "details" not in add(samples.int8(kept=layers[:6])).tags


def test_the_most_sensitive_layers_are_bars(add: Add) -> None:
    page = add(samples.int8())
    assert page.tables[SENSITIVE] == [
        ["stem/conv", "8 %", "", ""],
        ["head/softmax", "2 %", "", "in float32"],
        ["neck/conv", "0.4 %", "", ""],
    ]
    assert widths(page, 3) == [100, 25, 5]
    many = tuple(Sensitivity(f"layer{number}", 1 / (number + 1)) for number in range(30))
    names = [row[0] for row in add(samples.int8(sensitivities=many)).tables[SENSITIVE]]
    assert names == [f"layer{number}" for number in range(10)]


@pytest.mark.parametrize("error", [float("inf"), float("nan")])
def test_a_layer_that_overflows_has_a_full_bar(error: float, add: Add) -> None:
    layers = (Sensitivity("overflows", error), Sensitivity("half", 0.5), Sensitivity("tenth", 0.1))
    page = add(samples.int8(sensitivities=layers))
    assert page.row("overflows")[0] == "not finite"
    assert widths(page, 3) == [100, 100, 20]


def test_pictures_beside_those_of_fp32(add: Add) -> None:
    page = add(samples.int8())
    assert "worst.png fp32 2 detections int8 1 detection" in page.texts["precision-int8"]
    # The first ones are of the precisions. The square is from 200, 120 to 280, 200.
    of_fp32, of_int8 = page.pictures()[:2]
    rows, columns = np.nonzero((of_fp32 != of_int8).any(axis=2))
    assert rows.min() > 80 and rows.max() < 220
    assert columns.min() > 180 and columns.max() >= 280


def test_three_pictures_are_enough(add: Add) -> None:
    faint = samples.detections((120, 20, 160, 60, 0.12, 2))
    pictures = tuple(
        Picture(f"number{number}.png", samples.frame(), faint, samples.detections())
        for number in range(4)
    )
    shown = add(remeasured(samples.int8(), pictures=pictures)).texts["precision-int8"]
    assert "number2.png" in shown and "number3.png" not in shown
    # Its score is below the threshold.
    assert "number0.png fp32 0 detections int8 0 detections" in shown


def test_names_are_shown_as_they_are(tmp_path: Path) -> None:
    conversion = samples.classification(tmp_path)
    add = page_of(tmp_path, conversion)
    labels = ("<script>alert(1)</script>", "nuts & bolts", "a \"b\" 'c'")
    result = samples.of_classes("int8", ClassAgreement(8, 4))
    result = remeasured(result, pictures=conversion.verification.pictures)
    layer = '<b>net</b>/a&b/"c"'
    page = add(
        replace(
            result,
            kept=(KeptLayer(layer, "x < y & <i>z</i>"),),
            sensitivities=(Sensitivity(layer, 0.5),),
        ),
        labels=labels,
    )
    assert "script" not in page.tags and "i" not in page.tags
    assert "best class: <script>alert(1)</script>" in page.texts["precision-int8"]
    assert "best class: a \"b\" 'c'" in page.texts["precision-int8"]
    assert page.tables[KEPT] == [[layer, "x < y & <i>z</i>"]]
    assert page.tables[SENSITIVE] == [[layer, "50 %", "", "in float32"]]
