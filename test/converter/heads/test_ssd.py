"""Offsets from anchors, decoded by loops that follow the papers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.choose import choose_head
from converter.heads.evidence import Recognised
from converter.heads.ssd.recognise import recognise
from test.converter.heads.stages import SIZE, assert_decodes, evidence

HEIGHT, WIDTH = SIZE
CLASSES = 5


def grid_anchors(rows: int = 3, columns: int = 6, kinds: int = 2) -> np.ndarray:
    """Centres and sides in pixels of ``kinds`` anchors in each of rows x columns cells."""
    anchors = [
        [(x + 0.5) * WIDTH / columns, (y + 0.5) * HEIGHT / rows, 20.0 + 4 * kind, 12.0 + 7 * kind]
        for y in range(rows)
        for x in range(columns)
        for kind in range(kinds)
    ]
    return np.array(anchors, np.float32)


def random_offsets(anchors: np.ndarray, images: int = 2) -> np.ndarray:
    shape = (images, len(anchors), 4)
    return np.random.default_rng(1).normal(0, 0.5, shape).astype(np.float32)


def probabilities(anchors: np.ndarray, columns: int = CLASSES) -> np.ndarray:
    return np.random.default_rng(2).random((2, len(anchors), columns), np.float32)


def logits(anchors: np.ndarray, columns: int = CLASSES) -> np.ndarray:
    return np.random.default_rng(3).normal(0, 3, (2, len(anchors), columns)).astype(np.float32)


def decode(
    offsets: np.ndarray, anchors: np.ndarray, scales: tuple[float, ...] = (1, 1, 1, 1)
) -> list[Any]:
    """Corners by the equations of Faster R-CNN; offsets are tx, ty, tw, th."""
    images = []
    for image in offsets.astype(float).tolist():
        boxes = []
        for values, (xa, ya, wa, ha) in zip(image, anchors.astype(float).tolist(), strict=True):
            tx, ty, tw, th = (value / scale for value, scale in zip(values, scales, strict=True))
            x, y, w, h = xa + tx * wa, ya + ty * ha, wa * math.exp(tw), ha * math.exp(th)
            boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
        images.append(boxes)
    return images


def softmax(row: list[float]) -> list[float]:
    return [math.exp(value) / sum(math.exp(other) for other in row) for value in row]


def of_rows(function: Any, values: np.ndarray) -> np.ndarray:
    images = values.astype(float).tolist()
    return np.array([[function(row) for row in image] for image in images])


def corners(anchors: np.ndarray) -> np.ndarray:
    x, y, w, h = anchors.T
    return np.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2], axis=1)


def swapped(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values[..., [1, 0, 3, 2]])


def found(outputs: dict[str, np.ndarray], labels: int | None = CLASSES, **options: Any) -> Any:
    """What is recognised; the order of offsets is given, as random ones do not show it."""
    recognised = recognise(evidence(outputs, labels, **{"offset_order": "xywh", **options}))
    assert isinstance(recognised, Recognised)
    assert recognised.head.needs_nms
    return recognised


def refusal(outputs: dict[str, np.ndarray], labels: int | None = CLASSES, **options: Any) -> str:
    with pytest.raises(HeadError) as error:
        recognise(evidence(outputs, labels, **options))
    return str(error.value)


@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("given", ["cxcywh", "xyxy", "yxyx", "xywh", "cycxhw", "yxhw"])
def test_anchors_of_the_user_may_be_in_any_format_and_unit(given: str, normalised: bool) -> None:
    """Whatever that is, offsets are tx, ty, tw, th, as those of KerasHub are."""
    anchors = grid_anchors()
    offsets, scores = random_offsets(anchors), probabilities(anchors)
    expected = decode(offsets, anchors)
    unit = [WIDTH, HEIGHT] * 2 if normalised else [1] * 4
    sides = anchors[:, 2:]
    forms = {
        "xyxy": corners(anchors),
        "cxcywh": anchors,
        "xywh": np.concatenate([anchors[:, :2] - sides / 2, sides], axis=1),
    }
    y_first = {"yxyx": "xyxy", "cycxhw": "cxcywh", "yxhw": "xywh"}
    values = forms[y_first.get(given, given)] / np.array(unit, np.float32)
    if given in y_first:
        values = swapped(values)
    outputs = {"box": offsets, "class": scores}
    for options in ({}, {"box_format": given}):
        recognised = found(outputs, anchors=values, **options)
        assert_decodes(recognised.head, outputs, expected, scores)
        assert "--box-format" in recognised.reason
        assert "--boxes" in recognised.reason


def test_centres_with_y_first_are_seen_from_the_order_of_the_cells() -> None:
    anchors = grid_anchors()
    offsets, scores = random_offsets(anchors), probabilities(anchors)
    outputs = {"box": swapped(offsets), "class": scores}
    recognised = found(outputs, anchors=swapped(anchors), offset_order="yxhw")
    assert_decodes(recognised.head, outputs, decode(offsets, anchors), scores)
    assert "cycxhw" in recognised.reason
    assert "ty, tx, th, tw" in recognised.reason


def test_box_scales_divide_the_offsets_in_their_own_order() -> None:
    anchors = grid_anchors()
    offsets, scores = random_offsets(anchors) * 8, probabilities(anchors)
    expected = decode(offsets, anchors, (12, 10, 6, 5))
    outputs = {"box": swapped(offsets), "class": scores}
    recognised = found(
        outputs,
        anchors=swapped(corners(anchors)),
        box_format="yxyx",
        box_scales=(10, 12, 5, 6),
        offset_order="yxhw",
    )
    assert_decodes(recognised.head, outputs, expected, scores)
    assert "--box-scales" in recognised.reason


@pytest.mark.parametrize("batch", ["none", "one", "all"])
def test_anchors_may_be_a_further_output(batch: str) -> None:
    anchors = grid_anchors()
    offsets, scores = random_offsets(anchors), probabilities(anchors)
    values = {"none": anchors, "one": anchors[None], "all": np.stack([anchors] * 2)}[batch]
    outputs = {"a": offsets, "b": scores, "c" if batch == "all" else "anchors": values}
    recognised = found(outputs)
    assert recognised.head.inputs == ("a", "b")
    assert_decodes(recognised.head, outputs, decode(offsets, anchors), scores)


def test_logits_get_a_sigmoid_without_background() -> None:
    anchors = grid_anchors()
    outputs = {"box": random_offsets(anchors), "class": logits(anchors)}
    expected = of_rows(lambda row: [1 / (1 + math.exp(-value)) for value in row], outputs["class"])
    head = found(outputs, anchors=anchors).head
    assert_decodes(head, outputs, decode(outputs["box"], anchors), expected)
    assert head.classes == CLASSES


@pytest.mark.parametrize("last", [False, True])
def test_logits_get_a_softmax_with_background(last: bool) -> None:
    anchors = grid_anchors()
    outputs = {"box": random_offsets(anchors), "class": logits(anchors, CLASSES + 1)}
    outputs["class"][..., -1 if last else 0] += 12.0
    kept = slice(0, -1) if last else slice(1, None)
    expected = of_rows(lambda row: softmax(row)[kept], outputs["class"])
    head = found(outputs, anchors=anchors).head
    assert_decodes(head, outputs, decode(outputs["box"], anchors), expected)
    assert head.classes == CLASSES


def test_the_user_decides_on_activation_and_background() -> None:
    anchors = grid_anchors()
    outputs = {"box": random_offsets(anchors), "class": probabilities(anchors, CLASSES + 1)}
    expected = of_rows(lambda row: softmax(row)[:-1], outputs["class"])
    head = found(outputs, anchors=anchors, activation="softmax", background="last").head
    assert_decodes(head, outputs, decode(outputs["box"], anchors), expected)


@pytest.mark.parametrize("normalised", [False, True])
def test_the_layout_of_keras_holds_scores_offsets_anchors_and_variances(normalised: bool) -> None:
    anchors, variances = grid_anchors(), np.array([0.1, 0.1, 0.2, 0.2], np.float32)
    offsets = random_offsets(anchors)
    scores = of_rows(softmax, logits(anchors, CLASSES + 1)).astype(np.float32)
    unit = np.array([WIDTH, HEIGHT] * 2 if normalised else [1] * 4, np.float32)
    fixed = np.concatenate([anchors / unit, np.tile(variances, (len(anchors), 1))], axis=1)
    values = np.concatenate([scores, offsets, np.stack([fixed, fixed])], axis=2)
    outputs = {"predictions": values.astype(np.float32)}
    head = found(outputs, offset_order="auto").head
    assert_decodes(head, outputs, decode(offsets, anchors, (10, 10, 5, 5)), scores[..., 1:])
    without_labels = found(outputs, None, offset_order="auto").head
    assert (without_labels.classes, without_labels.inputs) == (CLASSES, ("predictions",))


def levels(named: bool, classes: int = CLASSES) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Two levels, the coarser first, and their anchors, the finer first."""
    anchors = np.concatenate([grid_anchors(6, 12), grid_anchors(3, 6)])
    generator = np.random.default_rng(4)
    outputs = {}
    for index, (rows, columns) in enumerate([(3, 6), (6, 12)]):
        first, second = ("class", "box") if named else ("a", "b")
        shape = (2, rows, columns)
        outputs[f"{first}_{index}"] = generator.random((*shape, 2 * classes), np.float32)
        outputs[f"{second}_{index}"] = generator.normal(0, 0.5, (*shape, 8)).astype(np.float32)
    return outputs, anchors


@pytest.mark.parametrize(("named", "classes"), [(False, 5), (True, 5), (True, 4), (False, 12)])
def test_maps_of_levels_are_put_together_from_the_finest(named: bool, classes: int) -> None:
    outputs, anchors = levels(named, classes)
    boxes, scores = (
        np.concatenate([outputs[name].reshape(2, -1, width) for name in names], axis=1)
        for width, names in (
            (4, ["box_1", "box_0"] if named else ["b_1", "b_0"]),
            (classes, ["class_1", "class_0"] if named else ["a_1", "a_0"]),
        )
    )
    head = found(outputs, classes, anchors=anchors).head
    assert_decodes(head, outputs, decode(boxes, anchors), scores)


def test_maps_that_cannot_be_told_apart_are_not_guessed() -> None:
    outputs, anchors = levels(named=False, classes=4)
    assert "'class' in their names" in refusal(outputs, 4, anchors=anchors)


@pytest.mark.parametrize("maps", [False, True])
def test_offsets_without_anchors_are_refused_with_what_to_give(maps: bool) -> None:
    anchors = grid_anchors()
    outputs = {"box": random_offsets(anchors), "class": probabilities(anchors)}
    if maps:
        outputs, anchors = levels(named=True)
    message = refusal(outputs)
    assert f"look like offsets from {len(anchors)} anchors" in message
    assert "--anchors FILE.npy" in message


def test_boxes_that_change_from_image_to_image_are_no_anchors() -> None:
    anchors = grid_anchors()
    outputs = {"box": random_offsets(anchors), "class": probabilities(anchors)}
    outputs["others"] = np.stack([anchors, anchors + 1])
    assert "no output could be the anchors" in refusal(outputs)


def test_as_many_anchors_as_offsets_are_needed() -> None:
    anchors = grid_anchors()
    outputs = {"box": random_offsets(anchors), "class": probabilities(anchors)}
    message = refusal(outputs, anchors=anchors[:-1])
    assert "[35, 4]" in message
    assert "36 anchors" in message


def test_anchors_without_area_are_refused() -> None:
    anchors = grid_anchors()
    outputs = {"box": random_offsets(anchors), "class": probabilities(anchors)}
    anchors[3, 2] = 0.0
    assert "--box-format" in refusal(outputs, anchors=anchors)


def test_labels_of_another_number_are_refused() -> None:
    anchors = grid_anchors()
    outputs = {"box": random_offsets(anchors), "class": probabilities(anchors, 9)}
    message = refusal(outputs, 5, anchors=anchors)
    assert "9 classes" in message
    assert "5 classes" in message


def test_several_scores_are_told_by_labels_or_not_at_all() -> None:
    anchors = grid_anchors()
    outputs = {
        "box": random_offsets(anchors),
        "a": probabilities(anchors, 5),
        "b": probabilities(anchors, 7),
    }
    assert found(outputs, 7, anchors=anchors).head.inputs == ("box", "b")
    assert "it cannot be determined which" in refusal(outputs, None, anchors=anchors)


def test_four_classes_are_told_from_offsets_by_names() -> None:
    anchors = grid_anchors()
    outputs = {"class_logits": logits(anchors, 4), "box_offsets": random_offsets(anchors)}
    head = found(outputs, 4, anchors=anchors).head
    assert head.inputs == ("box_offsets", "class_logits")


@pytest.mark.parametrize("form", ["corners", "sides"])
def test_boxes_that_are_decoded_already_are_left_to_others(form: str) -> None:
    anchors = grid_anchors()
    boxes = np.array(decode(random_offsets(anchors), anchors), np.float32)
    if form == "sides":
        boxes = np.concatenate([boxes[..., :2], boxes[..., 2:] - boxes[..., :2]], axis=-1)
    outputs = {"boxes": boxes, "scores": probabilities(anchors)}
    assert recognise(evidence(outputs, CLASSES)) is None
    assert recognise(evidence({**outputs, "anchors": anchors[None]}, CLASSES)) is None


def test_other_outputs_are_not_claimed() -> None:
    generator = np.random.default_rng(5)
    shapes = {"a": (2, 6, 12, 8), "b": (2, 6, 12, 4), "c": (2, 3, 6, 8), "d": (2, 3, 6, 4)}
    fcos = {
        name: generator.normal(0, 2, shape).astype(np.float32) for name, shape in shapes.items()
    }
    yolo = {"out": generator.normal(0, 9, (2, 60, 17)).astype(np.float32)}
    for outputs in (fcos, yolo, {"scores": probabilities(grid_anchors())}):
        assert recognise(evidence(outputs, None)) is None


# --- offsets and scores in one output, as of keras.io's RetinaNet


def joined(offsets: np.ndarray, scores: np.ndarray) -> dict[str, np.ndarray]:
    return {"output_0": np.concatenate([offsets, scores], axis=-1)}


@pytest.mark.parametrize("labels", [None, CLASSES])
def test_one_output_has_the_offsets_before_the_scores(labels: int | None) -> None:
    anchors = grid_anchors()
    offsets, scores = random_offsets(anchors), logits(anchors) - 9  # all low, as most boxes are
    outputs = joined(offsets, scores)
    scales = (10.0, 10.0, 5.0, 5.0)
    given = {"anchors": anchors, "box_scales": scales, "offset_order": "xywh"}
    head = choose_head(evidence(outputs, labels, **given)).head
    expected = of_rows(lambda row: [1 / (1 + math.exp(-value)) for value in row], scores)
    assert head.inputs == ("output_0",)
    assert_decodes(head, outputs, decode(offsets, anchors, scales), list(expected))


def test_one_output_may_have_a_background() -> None:
    anchors = grid_anchors()
    offsets, scores = random_offsets(anchors), logits(anchors, CLASSES + 1)
    scores[..., 0] += 9
    outputs = joined(offsets, scores)
    head = found(outputs, anchors=anchors).head
    expected = of_rows(softmax, scores)[..., 1:]
    assert_decodes(head, outputs, decode(offsets, anchors), list(expected))


def test_one_output_with_other_rows_than_anchors_is_refused_with_both_figures() -> None:
    anchors = grid_anchors()
    outputs = joined(random_offsets(anchors), logits(anchors))
    with pytest.raises(HeadError, match=r"array \[7, 4\].* offsets from 36 anchors"):
        recognise(evidence(outputs, CLASSES, anchors=anchors[:7]))


def test_one_output_without_anchors_is_claimed_only_on_demand() -> None:
    anchors = grid_anchors()
    outputs = joined(random_offsets(anchors), logits(anchors))
    assert recognise(evidence(outputs, CLASSES)) is None
    with pytest.raises(HeadError, match=r"--anchors FILE\.npy"):
        recognise(evidence(outputs, CLASSES, head="ssd"))
