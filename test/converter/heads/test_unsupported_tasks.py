"""Networks for tasks without a bundle are refused with what they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.choose import choose_head
from test.converter.heads.stages import centred, corner_boxes, evidence, in_pixels

COUNT = 240
Outputs = dict[str, np.ndarray]


def refusal(outputs: Outputs, labels: int | None = None, **options: Any) -> str:
    with pytest.raises(HeadError) as error:
        choose_head(evidence(outputs, labels, **options))
    return str(error.value)


def uniform(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).random((2, *shape), np.float32)


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(2).normal(0, 1, (2, *shape)).astype(np.float32)


def rows(*after_box: np.ndarray) -> np.ndarray:
    """As of YOLOv8, [N, values, A]."""
    boxes = centred(in_pixels(corner_boxes(np.random.default_rng(3), 2, COUNT)))
    return np.concatenate([boxes, *after_box], axis=-1).transpose(0, 2, 1)


def points(count: int = 17) -> np.ndarray:
    """x and y in pixels and a score for each point."""
    values = np.concatenate([uniform(COUNT, count, 2) * 90, uniform(COUNT, count, 1)], axis=-1)
    return values.reshape(2, COUNT, 3 * count)


@pytest.mark.parametrize("labels", [None, 4])
def test_instance_segmentation_is_told_by_its_prototypes(labels: int | None) -> None:
    outputs = {"a": rows(uniform(COUNT, 4), normal(COUNT, 32)), "b": normal(12, 24, 32)}
    message = refusal(outputs, labels)
    assert "instance segmentation" in message
    assert "a has 32 coefficients" in message
    assert choose_head(evidence(outputs, 36, head="yolo")).head.classes == 36


@pytest.mark.parametrize("labels", [None, 4])
def test_coefficients_of_masks_are_no_class_scores(labels: int | None) -> None:
    message = refusal({"a": rows(uniform(COUNT, 4), normal(COUNT, 32))}, labels)
    assert "32 coefficients of a mask" in message


@pytest.mark.parametrize("labels", [None, 1, 52])
def test_points_of_a_pose_are_no_class_scores(labels: int | None) -> None:
    message = refusal({"a": rows(uniform(COUNT, 1), points())}, labels)
    assert "a score for 17 points of a pose" in message
    assert "--head yolo" in message


def test_as_many_values_as_of_a_pose_need_the_labels() -> None:
    """Its points may be in fractions, and then look like probabilities."""
    outputs = {"a": rows(uniform(COUNT, 52))}
    assert "labels file" in refusal(outputs)
    assert choose_head(evidence(outputs, 52)).head.classes == 52
    assert choose_head(evidence(outputs, head="yolo")).head.classes == 52


@pytest.mark.parametrize("labels", [None, 4, 5])
def test_the_angle_of_a_rotated_box_is_no_class_score(labels: int | None) -> None:
    angle = uniform(COUNT, 1) * np.float32(np.pi) - np.float32(np.pi / 4)
    assert "rotated box" in refusal({"a": rows(uniform(COUNT, 4), angle)}, labels)


@pytest.mark.parametrize("values", [uniform(COUNT, 5), normal(COUNT, 5) * 3])
def test_scores_of_one_kind_are_class_scores(values: np.ndarray) -> None:
    assert choose_head(evidence({"a": rows(values)}, 5)).head.classes == 5


@pytest.mark.parametrize("shape", [(1, 17, 3), (17, 3), (6, 56)])
def test_movenet_is_told_by_its_shape(shape: tuple[int, ...]) -> None:
    assert "a pose model" in refusal({"output_0": uniform(*shape)})


@pytest.mark.parametrize("classes", [4, 7])
def test_distances_of_yolov8_are_no_boxes(classes: int) -> None:
    message = refusal({"boxes": normal(COUNT, 64), "classes": uniform(COUNT, classes)})
    assert "boxes has 16 values for the distance to each of four sides" in message


def test_blazeface_is_told_by_its_shapes() -> None:
    message = refusal({"regressors": normal(COUNT, 16), "classificators": normal(COUNT, 1)})
    assert "BlazeFace" in message


def test_raw_maps_of_yolov3_are_told_with_their_classes() -> None:
    maps = {f"conv_{side}": normal(side, 2 * side, 27) for side in (1, 2, 4)}
    message = refusal(maps, size=(32, 64))
    assert "YOLOv3" in message
    assert "4 classes" in message


def test_maps_of_classes_at_several_sizes_are_no_yolo() -> None:
    maps = {"a": normal(4, 8, 27), "b": normal(8, 16, 27)}
    assert choose_head(evidence(maps, 27, size=(32, 64))).head.inputs == ("b",)
    assert "YOLOv3" not in refusal(maps, size=(32, 64))  # its coarsest map has cells of 32 pixels
