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


def finished_rows(*extras: np.ndarray) -> np.ndarray:
    """As of an end-to-end export, [N, K, 6+n]: corners, falling scores, numbers of 4 classes."""
    boxes = in_pixels(corner_boxes(np.random.default_rng(3), 2, COUNT))
    scores = np.sort(uniform(COUNT, 1), axis=1)[:, ::-1]
    numbers = np.random.default_rng(4).integers(0, 4, (2, COUNT, 1)).astype(np.float32)
    return np.concatenate([boxes, scores, numbers, *extras], axis=-1)


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


@pytest.mark.parametrize("labels", [None, 33, 80])
@pytest.mark.parametrize("classes", [33, 80])
def test_many_classes_beside_32_features_are_no_coefficients(
    classes: int, labels: int | None
) -> None:
    features = {"b": normal(12, 24, 32)}
    if labels in (None, classes):
        outputs = {"a": rows(uniform(COUNT, classes)), **features}
        assert choose_head(evidence(outputs, labels)).head.classes == classes
    if labels == classes:
        outputs = {"a": rows(normal(COUNT, classes) - 4), **features}
        assert choose_head(evidence(outputs, labels)).head.classes == classes


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


def test_raw_maps_of_yolov8_are_not_taken_for_another_yolo() -> None:
    """144 channels are 64 distances and 80 classes, or 3 boxes with 43 classes."""
    maps = {f"conv_{side}": normal(side, 2 * side, 144) for side in (1, 2, 4)}
    assert "YOLOv8 or later, with 16 values for each distance and 80 classes" in refusal(
        maps, size=(32, 64)
    )
    assert "YOLOv3" not in refusal(maps, 80, size=(32, 64))
    assert "YOLOv8" not in refusal(maps, 43, size=(32, 64))


def test_maps_of_classes_at_several_sizes_are_no_yolo() -> None:
    maps = {"a": normal(4, 8, 27), "b": normal(8, 16, 27)}
    assert choose_head(evidence(maps, 27, size=(32, 64))).head.inputs == ("b",)
    assert "YOLOv3" not in refusal(maps, size=(32, 64))  # its coarsest map has cells of 32 pixels


# --- finished detections with more than box, score and class


@pytest.mark.parametrize("labels", [None, 1, 4, 51, 53])
@pytest.mark.parametrize("count", [17, 21])
def test_finished_rows_with_points_are_a_pose(count: int, labels: int | None) -> None:
    """Of YOLO26, [N, 300, 57] for persons and [N, 300, 69] for hands."""
    message = refusal({"a": finished_rows(points(count))}, labels)
    assert f"a pose model, with {count} points" in message
    assert "export the detection model" in message


def test_finished_rows_of_one_class_with_points_in_fractions_are_a_pose() -> None:
    rows = finished_rows(uniform(COUNT, 51))
    rows[..., :4] /= 100
    rows[..., 5] = 0
    assert "a pose model, with 17 points" in refusal({"a": rows})


@pytest.mark.parametrize("labels", [None, 3, 4, 34])
def test_finished_rows_with_coefficients_are_masks(labels: int | None) -> None:
    outputs = {"a": finished_rows(normal(COUNT, 32)), "b": normal(12, 24, 32)}
    assert "instance segmentation" in refusal(outputs, labels)
    assert "instance segmentation" in refusal({"a": outputs["a"]}, labels)


@pytest.mark.parametrize("labels", [None, 3, 4])
@pytest.mark.parametrize("one_class", [False, True])
def test_finished_rows_with_an_angle_are_rotated_boxes(one_class: bool, labels: int | None) -> None:
    """Even where the angles are such that they could be scores."""
    rows = finished_rows(uniform(COUNT, 1))
    rows[..., :4] = centred(rows[..., :4])
    if one_class:
        rows[..., 5] = 0
    assert "rotated boxes" in refusal({"a": rows}, labels)


def test_seven_values_of_efficientdet_are_no_rotated_boxes() -> None:
    """Image, y1, x1, y2, x2, score, class, also where nothing but class 0 is seen."""
    rows = finished_rows()
    numbered = np.concatenate([np.zeros((2, COUNT, 1), np.float32), rows], axis=-1)
    assert choose_head(evidence({"a": numbered}, 4)).head.description.startswith("end-to-end")
    numbered[..., 6] = 0
    assert choose_head(evidence({"a": numbered}, 4)).head.description.startswith("end-to-end")


def test_a_class_that_is_never_seen_is_no_number_of_a_class() -> None:
    """A score of exactly 0 in all rows is a whole number too."""
    scores = uniform(COUNT, 7)
    scores[..., 1] = 0
    assert choose_head(evidence({"a": rows(scores)}, 7)).head.classes == 7


# --- points beside class scores that stand in fractions


@pytest.mark.parametrize(("count", "values"), [(21, 3), (5, 2)])
def test_points_that_follow_their_boxes_are_no_class_scores(count: int, values: int) -> None:
    """In fractions all columns may be in [0, 1], as with exports of Ultralytics."""
    boxes = centred(corner_boxes(np.random.default_rng(3), 2, COUNT))
    near = boxes[:, :, None, :2] + 0.2 * (uniform(COUNT, count, 2) - 0.5) * boxes[:, :, None, 2:]
    of_points = np.concatenate([near.clip(0, 1), uniform(COUNT, count, 1)], axis=-1)[..., :values]
    columns = [boxes, uniform(COUNT, 1), of_points.reshape(2, COUNT, -1)]
    message = refusal({"a": np.concatenate(columns, axis=-1).astype(np.float32)})
    assert f"x and y of {count} points of a pose" in message


# --- distances as distributions, and lists of which each has a part


def levels(*columns: tuple[str, np.ndarray]) -> Outputs:
    """For strides 8, 16 and 32 of an input of 96 x 192 a list of each name."""
    outputs = {}
    for stride in (8, 16, 32):
        cells = (96 // stride) * (192 // stride)
        for name, values in columns:
            outputs[f"{name}_{stride}"] = np.ascontiguousarray(values[:, :cells])
    return outputs


CELLS, LARGE = 12 * 24, (96, 192)


@pytest.mark.parametrize(
    ("bins", "transposed"), [(8, False), (11, False), (17, False), (8, True), (16, True)]
)
@pytest.mark.parametrize("labels", [None, 20])
def test_distributions_of_several_levels_are_named(
    bins: int, transposed: bool, labels: int | None
) -> None:
    outputs = levels(("a", uniform(CELLS, 20)), ("b", normal(CELLS, 4 * bins)))
    if transposed:
        outputs = {name: values.transpose(0, 2, 1) for name, values in outputs.items()}
    message = refusal(outputs, labels, size=LARGE)
    assert f"b_8, b_16, b_32 have {bins} values for the distance to each of four" in message
    assert "NanoDet" in message
    assert "--outputs" not in message


@pytest.mark.parametrize("classes", [1, 4, 20, 32])
def test_distributions_in_maps_are_named(classes: int) -> None:
    outputs = {}
    for stride in (8, 16, 32):
        height, width = 96 // stride, 192 // stride
        outputs[f"cls_{stride}"] = uniform(height, width, classes)
        outputs[f"dist_{stride}"] = normal(height, width, 32)
    message = refusal(outputs, size=LARGE)
    assert "dist_8, dist_16, dist_32 have 8 values for the distance" in message


@pytest.mark.parametrize("labels", [None, 20])
def test_distributions_after_the_scores_of_all_levels_are_named(labels: int | None) -> None:
    """NanoDet-Plus, [N, A, C+32]."""
    count = 12 * 24 + 6 * 12 + 3 * 6
    values = np.concatenate([uniform(count, 20), normal(count, 32)], axis=-1)
    message = refusal({"out": values}, labels, size=LARGE)
    assert "out has after the class scores 8 values for the distance" in message


def test_eight_anchors_in_a_cell_are_no_distributions_with_their_labels() -> None:
    """Offsets [N, h, w, 32] and scores of 5 classes [N, h, w, 40]."""
    outputs = {}
    for stride in (16, 32):
        height, width = 96 // stride, 192 // stride
        outputs[f"cls_{stride}"] = uniform(height, width, 40)
        outputs[f"box_{stride}"] = normal(height, width, 32)
    assert "--anchors" in refusal(outputs, 5, size=LARGE)


@pytest.mark.parametrize("labels", [None, 5])
def test_rows_of_boxes_beside_coefficients_of_masks_are_no_distributions(
    labels: int | None,
) -> None:
    outputs = {"a": rows(uniform(COUNT, 5)), "b": normal(32, COUNT)}
    assert choose_head(evidence(outputs, labels)).head.inputs == ("a",)


def test_class_scores_beside_features_are_no_distributions_and_no_faces() -> None:
    for channels, scores in ((32, 5), (16, 1)):
        message = refusal({"a": normal(12, 24, channels), "b": normal(12, 24, scores)})
        assert "NanoDet" not in message
        assert "BlazeFace" not in message


def test_the_levels_of_a_detector_are_no_choice() -> None:
    rows_of_level = centred(in_pixels(corner_boxes(np.random.default_rng(3), 2, CELLS), LARGE))
    columns = np.concatenate([rows_of_level, uniform(CELLS, 5)], axis=-1)
    for outputs in (
        levels(("rows", columns)),
        levels(("boxes", rows_of_level), ("scores", uniform(CELLS, 5))),
    ):
        message = refusal(outputs, size=LARGE)
        assert "of 3 levels" in message
        assert "levels put together" in message
        assert "--outputs" not in message


# --- faces


@pytest.mark.parametrize(
    ("values", "name"), [(16, "BlazeFace"), (18, "palm detector"), (12, "persons by key points")]
)
def test_boxes_with_points_are_named_with_one_level_or_two(values: int, name: str) -> None:
    both = {"a": normal(896, values), "b": normal(896, 1)}
    two = {f"{key}_{rows}": both[key][:, :rows] for key in both for rows in (512, 384)}
    for outputs in (both, two):
        message = refusal(outputs, size=(128, 128))
        assert name in message
        assert f"a box and {(values - 4) // 2} points" in message


def test_face_detectors_with_landmarks_at_several_levels_are_named() -> None:
    scores = [("cls", uniform(CELLS, 1)), ("obj", uniform(CELLS, 1))]
    boxes = [("bbox", normal(CELLS, 4)), ("kps", normal(CELLS, 10))]
    for columns in ([*scores, *boxes], [scores[0], *boxes]):
        message = refusal(levels(*columns), size=LARGE)
        assert "such as SCRFD or YuNet" in message
        assert "kps_8, kps_16, kps_32" in message


@pytest.mark.parametrize("labels", [None, 1])
def test_boxes_and_scores_of_a_face_detector_are_read_without_its_landmarks(
    labels: int | None,
) -> None:
    """RetinaFace: offsets from anchors, background and face, five points, by any names."""
    anchors = centred(corner_boxes(np.random.default_rng(3), 1, COUNT))[0]
    face = uniform(COUNT, 1) * 0.2
    outputs = {
        "output_0": normal(COUNT, 4),
        "output_1": np.concatenate([1 - face, face], axis=-1),
        "output_2": normal(COUNT, 10),
    }
    stated = {"anchors": anchors, "offset_order": "xywh", "box_format": "cxcywh"}
    recognised = choose_head(evidence(outputs, labels, **stated))
    assert recognised.head.inputs == ("output_0", "output_1")
    assert recognised.head.classes == 1
    assert "does not read output_2: float32 [?, 240, 10]" in recognised.reason


@pytest.mark.parametrize("labels", [None, 1, 2, 3, 10])
@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("columns", [1, 2])
def test_ten_classes_are_no_points_of_a_face(columns: int, named: bool, labels: int | None) -> None:
    face = uniform(COUNT, 1) * 0.2
    scores = np.concatenate([1 - face, face], axis=-1)[..., -columns:]
    boxes = in_pixels(corner_boxes(np.random.default_rng(3), 2, COUNT))
    names = ("boxes", "objectness", "class_scores") if named else ("o0", "o1", "o2")
    for classes in (normal(COUNT, 10) - 3, uniform(COUNT, 10)):
        outputs = dict(zip(names, (boxes, scores, classes), strict=True))
        for options in ({}, {"anchors": centred(boxes[0])}):
            try:
                head = choose_head(evidence(outputs, labels, **options)).head
            except HeadError as error:
                assert "have 1 class" not in str(error)
            else:
                assert head.classes == 10


def test_untrained_logits_of_ten_classes_are_no_points_beside_an_objectness() -> None:
    boxes = in_pixels(corner_boxes(np.random.default_rng(3), 2, COUNT))
    message = refusal({"o0": boxes, "o1": uniform(COUNT, 1), "o2": normal(COUNT, 10)})
    assert "more than one pair" in message


@pytest.mark.parametrize("name", ["landmarks", "output_ldm", "keypoints", "kps", "o2"])
def test_points_in_pixels_beside_one_score_are_not_read(name: str) -> None:
    boxes = in_pixels(corner_boxes(np.random.default_rng(3), 2, COUNT))
    outputs = {"o0": boxes, "o1": uniform(COUNT, 1), name: uniform(COUNT, 10) * 90}
    assert choose_head(evidence(outputs)).head.inputs == ("o0", "o1")


def test_levels_of_ten_classes_are_no_faces() -> None:
    """Of FCOS: class scores, distances and centerness."""
    values = [normal(CELLS, 10) - 4, normal(CELLS, 4) + 5, uniform(CELLS, 1)]
    message = refusal(levels(*zip(("a", "b", "c"), values, strict=True)), size=LARGE)
    assert "SCRFD" not in message
    assert "levels put together" in message


@pytest.mark.parametrize("classes", [8, 10, 12, 14])
def test_rows_of_boxes_and_probabilities_are_no_boxes_with_points(classes: int) -> None:
    of_boxes = np.ascontiguousarray(rows(uniform(COUNT, classes)).transpose(0, 2, 1))
    message = refusal({"a": of_boxes, "b": uniform(COUNT, 1)})
    assert "points" not in message
    assert "may be an objectness" in message


@pytest.mark.parametrize("bins", [8, 16])
@pytest.mark.parametrize("classes", [1, 20])
def test_distributions_after_logits_of_classes_are_named(classes: int, bins: int) -> None:
    """Of long distances most are below 0, as no object is so large."""
    count = 12 * 24 + 6 * 12 + 3 * 6
    distributions = normal(count, 4 * bins)
    distributions.reshape(2, count, 4, bins)[..., bins // 2 + 2 :] -= 5
    values = np.concatenate([normal(count, classes) - 5, distributions], axis=-1)
    message = refusal({"out": values}, size=LARGE)
    assert f"out has after the class scores {bins} values for the distance" in message


def test_one_of_a_thing_is_counted_so() -> None:
    one_class = finished_rows()[..., :6]
    one_class[..., 5] = 0
    assumed = choose_head(evidence({"a": one_class})).assumed
    assert any(text.startswith("there is 1 class, as 0 is the largest") for text in assumed)
    assert "have 1 class without" in refusal({"a": rows(uniform(COUNT, 1))}, 7)
