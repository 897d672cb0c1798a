"""Each model's outputs go to the family that reads them rightly, or are refused with the way on."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import converter.heads
from converter.errors import HeadError
from converter.heads.base import Head
from converter.heads.choose import OPTIONS, choose_head, head_names
from converter.heads.family import find_families
from converter.stages.output_stage import output_stage
from test.converter.heads.stages import centred, corner_boxes, evidence, in_pixels, y_first

COUNT = 60


def corners() -> np.ndarray:
    return in_pixels(corner_boxes(np.random.default_rng(1), 2, COUNT))


def scores(columns: int, count: int = COUNT) -> np.ndarray:
    return np.random.default_rng(2).random((2, count, columns), np.float32)


def yolo_rows(classes: int) -> np.ndarray:
    return np.concatenate([centred(corners()), scores(classes)], axis=-1)


def end_to_end_rows() -> np.ndarray:
    numbers = np.random.default_rng(3).integers(0, 2, (2, COUNT, 1))
    return np.concatenate([corners(), scores(1), numbers], axis=-1).astype(np.float32)


def detections() -> dict[str, np.ndarray]:
    numbers = np.random.default_rng(3).integers(1, 4, (2, COUNT)).astype(np.float32)
    return {
        "detection_boxes": y_first(corners()),
        "detection_scores": scores(1)[..., 0],
        "detection_classes": numbers,
        "num_detections": np.array([COUNT, COUNT], np.float32),
    }


def head_of(outputs: dict[str, np.ndarray], labels: int | None = None, **options: Any) -> Head:
    return choose_head(evidence(outputs, labels, **options)).head


def refusal(outputs: dict[str, np.ndarray], labels: int | None = None, **options: Any) -> str:
    with pytest.raises(HeadError) as error:
        choose_head(evidence(outputs, labels, **options))
    return str(error.value)


@pytest.mark.parametrize(
    ("outputs", "family"),
    [
        ({"out": yolo_rows(3)}, "yolo [N, A, 4+C]"),
        ({"out": np.ascontiguousarray(yolo_rows(3).transpose(0, 2, 1))}, "yolo [N, 4+C, A]"),
        ({"boxes": corners(), "scores": scores(3)}, "boxes-and-scores"),
        (detections(), "tf-object-detection"),
    ],
)
@pytest.mark.parametrize("labels", [None, 3])
def test_each_layout_goes_to_its_family(
    outputs: dict[str, np.ndarray], family: str, labels: int | None
) -> None:
    head = head_of(outputs, labels)
    assert head.description.startswith(family)
    assert head.classes == 3


def test_six_values_are_finished_detections_only_with_whole_classes() -> None:
    assert head_of({"out": end_to_end_rows()}, 2).description.startswith("end-to-end")
    assert head_of({"out": yolo_rows(2)}, 2).description.startswith("yolo [")
    assert head_of({"out": yolo_rows(2)}, 1).description.startswith("yolo-objectness [")


def test_the_named_family_alone_is_tried() -> None:
    assert head_of({"out": yolo_rows(3)}, 2, head="yolo-objectness").classes == 2
    message = refusal({"boxes": corners(), "scores": scores(3)}, 3, head="end-to-end")
    assert "not those of --head end-to-end" in message
    assert "boxes: float32 [?, 60, 4]" in message


def test_unknown_outputs_are_listed_with_all_families_and_options() -> None:
    outputs = {"one": np.ones((2, 5, 5, 5, 5), np.float32), "two": np.array([["a"], ["b"]])}
    message = refusal(outputs, 3)
    assert "one: float32 [?, 5, 5, 5, 5]; two: " in message
    for family in find_families():
        for name, expects in family.heads.items():
            assert f"--head {name}: {expects}" in message
    for name in head_names()[1:]:
        assert f"--head {name}:" in message
    for option in re.findall("--[a-z-]+", OPTIONS):
        assert option in message
    assert "[N, A, 5+C]" in message


def test_a_head_that_does_not_exist_is_refused_with_those_that_do() -> None:
    message = refusal({"out": yolo_rows(3)}, head="yolov9")
    assert "no head 'yolov9'" in message
    assert "yolo-objectness" in message


def test_names_are_unique_and_begin_with_auto() -> None:
    assert head_names()[0] == "auto"
    assert len(set(head_names())) == len(head_names())
    assert len(head_names()) == 1 + sum(len(family.heads) for family in find_families())
    ranks = [family.rank for family in find_families()]
    assert len(set(ranks)) == len(ranks), "two families of one rank: their order would be chance"


def test_a_new_folder_is_a_new_family(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A contributor adds one folder, and changes no list."""
    folder = tmp_path / "corner_heatmaps"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "recognise.py").write_text(
        "from converter.heads.family import Family\n"
        "FAMILY = Family(5, {'corner-heatmaps': 'two maps of corners'}, lambda evidence: None)\n"
    )
    monkeypatch.setattr(converter.heads, "__path__", [*converter.heads.__path__, str(tmp_path)])
    find_families.cache_clear()
    try:
        assert "corner-heatmaps" in head_names()
        assert find_families()[0].rank == 5
        assert "--head corner-heatmaps: two maps of corners" in refusal(
            {"one": np.ones((2, 5, 5, 5, 5), np.float32)}, 3
        )
    finally:
        find_families.cache_clear()
        sys.modules.pop("converter.heads.corner_heatmaps.recognise", None)
        sys.modules.pop("converter.heads.corner_heatmaps", None)


def test_a_labels_file_of_the_wrong_length_names_outputs_and_both_figures() -> None:
    boxes = centred(in_pixels(corner_boxes(np.random.default_rng(1), 2, 8400), (640, 640)))
    rows = np.concatenate([boxes, scores(80, 8400)], axis=-1)
    outputs = {"out": np.ascontiguousarray(rows.transpose(0, 2, 1))}
    message = refusal(outputs, 79, size=(640, 640))
    assert "out: float32 [?, 84, 8400]" in message
    assert "80 classes" in message
    assert "79 classes" in message
    assert "labels file" in message


def test_the_color_network_of_the_tests_with_a_label_too_few_is_refused() -> None:
    """With one label less, it would have an objectness, which no model of that layout has."""
    outputs = {"predictions": np.ascontiguousarray(yolo_rows(3).transpose(0, 2, 1))}
    message = refusal(outputs, 2)
    assert "3 classes" in message
    assert "2 classes" in message
    assert "one line for each class" in message


def test_a_head_with_another_number_of_classes_than_labels_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever a family makes of the labels."""
    recognised = choose_head(evidence({"out": yolo_rows(3)}, 3))
    always = [replace(family, recognise=lambda _: recognised) for family in find_families()]
    monkeypatch.setattr("converter.heads.choose.find_families", lambda: always)
    message = refusal({"out": yolo_rows(3)}, 5)
    assert "3 classes" in message
    assert "labels file has 5 classes" in message


def test_rows_relative_to_anchors_are_not_taken_for_yolo() -> None:
    """Some detectors give offsets and scores in one output: the shape alone is that of YOLO."""
    offsets = np.random.default_rng(4).normal(size=(2, COUNT, 4)).astype(np.float32)
    outputs = {"out": np.concatenate([offsets, scores(3)], axis=-1)}
    try:
        description = head_of(outputs, 3).description
    except HeadError as error:
        description = str(error)
    assert not description.startswith("yolo")


def test_the_user_decides_how_many_classes_of_a_box_are_given() -> None:
    outputs = {"boxes": corners(), "scores": scores(5)}
    by_default = choose_head(evidence(outputs, 5))
    assert not by_default.head.each_class
    assert "--classes-of-box all" in by_default.reason
    every = choose_head(evidence(outputs, 5, classes_of_box="all"))
    assert every.head.each_class
    assert "--classes-of-box" not in every.reason
    stage = output_stage(every.head, 3 * COUNT, 17)
    assert stage is not None
    assert stage.graph.output[0].type.tensor_type.shape.dim[1].dim_value == 3 * COUNT


def test_finished_detections_have_their_classes_already() -> None:
    with pytest.raises(HeadError, match=r"--classes-of-box all is for .* leave it out"):
        choose_head(evidence(detections(), 5, classes_of_box="all"))
