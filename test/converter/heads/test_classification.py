"""Scores of images, by loops from the definitions of softmax and sigmoid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnxruntime
import pytest

from converter.errors import HeadError
from converter.heads.base import Head
from converter.heads.choose import choose_head
from converter.heads.classification.recognise import recognise
from converter.heads.evidence import Recognised
from test.converter.heads.stages import OPSETS, evidence

IMAGES = 6


def logits(columns: int = 5) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 3, (IMAGES, columns)).astype(np.float32)


def softmax(values: np.ndarray) -> np.ndarray:
    rows = [[math.exp(value) for value in row] for row in values.tolist()]
    return np.array([[value / sum(row) for value in row] for row in rows], np.float32)


def sigmoid(values: np.ndarray) -> np.ndarray:
    return np.array([[1 / (1 + math.exp(-v)) for v in row] for row in values.tolist()], np.float32)


def assert_decodes(head: Head, outputs: dict[str, np.ndarray], expected: np.ndarray) -> None:
    """By NumPy, and by ONNX Runtime at each opset, for the batch and for one image."""
    (name,) = head.inputs
    for values in (outputs[name], outputs[name][:1]):
        decodings = [head.decode({name: values})["class_scores"]]
        for opset in OPSETS:
            session = onnxruntime.InferenceSession(head.stage(opset).SerializeToString())
            (entry,) = session.get_inputs()
            decodings += session.run(["class_scores"], {entry.name: values})
        for decoded in decodings:
            assert decoded.dtype == np.float32
            assert decoded.shape == (len(values), head.classes)
            np.testing.assert_allclose(decoded, expected[: len(values)], atol=1e-6)


def found(outputs: dict[str, np.ndarray], labels: int | None = 5, **options: Any) -> Recognised:
    recognised = recognise(evidence(outputs, labels, **options))
    assert recognised is not None
    assert (recognised.head.anchors, recognised.head.needs_nms) == (0, False)
    return recognised


def refusal(outputs: dict[str, np.ndarray], labels: int | None = 5, **options: Any) -> str:
    with pytest.raises(HeadError) as error:
        recognise(evidence(outputs, labels, **options))
    return str(error.value)


@pytest.mark.parametrize("labels", [None, 5])
@pytest.mark.parametrize(
    ("kind", "word"), [(softmax, "sum to 1"), (sigmoid, "each on its own"), (logits, "softmax")]
)
def test_values_tell_whether_they_are_probabilities(
    kind: Any, word: str, labels: int | None
) -> None:
    values = logits() if kind is logits else kind(logits())
    expected = softmax(values) if kind is logits else values
    recognised = found({"out": values}, labels)
    assert_decodes(recognised.head, {"out": values}, expected)
    assert recognised.head.classes == 5
    assert word in recognised.reason
    assert "--activation" in recognised.reason


def test_images_that_gave_no_numbers_do_not_decide() -> None:
    values = softmax(logits())
    values[2] = np.nan
    assert "sum to 1" in found({"out": values}).reason


def test_the_scores_may_have_sizes_of_1_around_them() -> None:
    values = softmax(logits())
    outputs = {"out": values.reshape(IMAGES, 1, 1, 5)}
    assert_decodes(found(outputs).head, outputs, values)


@pytest.mark.parametrize(("activation", "kind"), [("softmax", softmax), ("sigmoid", sigmoid)])
def test_the_user_decides_on_the_activation(activation: str, kind: Any) -> None:
    values = softmax(logits())
    head = found({"out": values}, activation=activation).head
    assert_decodes(head, {"out": values}, kind(values))


def test_a_score_more_than_labels_is_for_none_and_comes_first() -> None:
    values = logits(6)
    recognised = found({"out": values})
    assert_decodes(recognised.head, {"out": values}, softmax(values)[:, 1:])
    assert "--background" in recognised.reason


@pytest.mark.parametrize(("background", "kept"), [("first", slice(1, 6)), ("last", slice(0, 5))])
@pytest.mark.parametrize("labels", [None, 5])
def test_the_user_decides_on_the_background(
    background: str, kept: slice, labels: int | None
) -> None:
    values = logits(6)
    head = found({"out": values}, labels, background=background).head
    assert_decodes(head, {"out": values}, softmax(values)[:, kept])


@pytest.mark.parametrize("probabilities", [False, True])
def test_one_score_is_that_of_one_class(probabilities: bool) -> None:
    values = sigmoid(logits(1)) if probabilities else logits(1)
    expected = values if probabilities else sigmoid(values)
    assert_decodes(found({"out": values}, 1).head, {"out": values}, expected)
    assert found({"out": values}, None).head.classes == 1


@pytest.mark.parametrize("probabilities", [False, True])
def test_one_score_and_two_labels_leave_the_rest_to_the_first(probabilities: bool) -> None:
    values = sigmoid(logits(1)) if probabilities else logits(1)
    second = values if probabilities else sigmoid(values)
    head = found({"out": values}, 2).head
    assert_decodes(head, {"out": values}, np.concatenate([1 - second, second], axis=1))


@pytest.mark.parametrize(
    ("others", "labels"),
    [({"embedding": 64}, 5), ({"a": 6, "b": 1}, 5), ({"embedding": 64, "class_logits": 5}, None)],
)
def test_the_right_one_of_several_outputs(others: dict[str, int], labels: int | None) -> None:
    outputs = {name: logits(columns) for name, columns in others.items()}
    outputs["probabilities"] = softmax(logits())
    assert found(outputs, labels).head.inputs == ("probabilities",)


def test_several_outputs_are_not_guessed_between() -> None:
    message = refusal({"a": logits(), "b": logits()})
    assert "a: float32 [?, 5]; b: float32 [?, 5]" in message
    assert "one of them only" in message


def test_labels_of_another_number_are_refused() -> None:
    message = refusal({"out": logits()}, 7)
    assert "5 classes" in message
    assert "7 classes" in message
    assert "--background" in message
    assert "6 classes" in refusal({"out": logits(6)}, background="none")


@pytest.mark.parametrize("other", [(IMAGES, 90, 4), (IMAGES, 7, 7, 64)], ids=["boxes", "features"])
def test_scores_beside_places_in_the_image_are_claimed_only_on_demand(
    other: tuple[int, ...],
) -> None:
    outputs = {"out": logits(), "other": np.zeros(other, np.float32)}
    assert recognise(evidence(outputs, 5)) is None
    assert found(outputs, head="classification").head.inputs == ("out",)


@pytest.mark.parametrize("shape", [(IMAGES,), (IMAGES, 5, 5), (IMAGES, 7, 7, 5)])
def test_other_shapes_are_not_claimed(shape: tuple[int, ...]) -> None:
    assert recognise(evidence({"out": np.zeros(shape, np.float32)}, 5)) is None
    assert recognise(evidence({"out": np.zeros((IMAGES, 5), np.int64)}, 5)) is None


# --- beside outputs that belong to no head


@pytest.mark.parametrize(
    "other",
    [
        np.zeros((IMAGES, 1, 48, 96, 3), np.uint8),
        np.zeros((IMAGES, 5, 1), np.float32),
        np.zeros((IMAGES, 2, 3, 64), np.float32),
        np.zeros((IMAGES, 7, 7, 64), np.float32),
    ],
    ids=["image", "column", "features", "odd features"],
)
@pytest.mark.parametrize("labels", [None, 5])
def test_probabilities_beside_others_are_those_of_the_image(
    other: np.ndarray, labels: int | None
) -> None:
    values = softmax(logits())
    outputs = {"a": other, "out": values}
    recognised = choose_head(evidence(outputs, labels))
    assert_decodes(recognised.head, outputs, values)
    assert "a: " in recognised.reason
    with pytest.raises(HeadError):
        choose_head(evidence({"a": other, "out": logits()}, labels))


def test_probabilities_each_on_its_own_beside_as_many_of_others_are_not_claimed() -> None:
    """They may be the scores of boxes."""
    values = sigmoid(logits(40))
    features = np.zeros((IMAGES, 2, 3, 64), np.float32)
    assert found({"out": values, "a": features}, None).head.inputs == ("out",)
    for shape in [(IMAGES, 40, 6), (IMAGES, 40, 2, 3)]:
        outputs = {"out": values, "a": np.zeros(shape, np.float32)}
        assert recognise(evidence(outputs)) is None
    boxes = {"out": softmax(logits(40)), "a": np.zeros((IMAGES, 40, 4), np.float32)}
    assert recognise(evidence(boxes)) is None


def test_two_heads_are_told_apart_by_the_labels_file() -> None:
    outputs = {"age": softmax(logits(8)), "gender": softmax(logits(2))}
    message = refusal(outputs, None)
    assert "age: float32 [?, 8]; gender: float32 [?, 2]" in message
    assert "give --labels with the file of the one that you want" in message
    assert "--outputs NAME" in message
    assert found(outputs, 8).head.inputs == ("age",)
    assert found(outputs, 2).head.inputs == ("gender",)
    assert "--labels" not in refusal({"a": logits(), "b": logits()}, 5)


# --- feature vectors


def test_a_vector_of_length_1_may_be_no_scores() -> None:
    values = logits(8)
    values /= np.sqrt((values.astype(float) ** 2).sum(axis=1, keepdims=True)).astype(np.float32)
    assert "if it is a feature vector" in found({"out": values}, None).reason
    assert "feature vector" not in found({"out": values}, 8).reason


def test_many_values_that_are_no_probabilities_may_be_no_scores() -> None:
    for values in (logits(64), np.maximum(logits(1280), 0)):
        recognised = found({"out": values}, None)
        assert "if it is a feature vector and not class scores, it is no head" in recognised.reason
        assert_decodes(recognised.head, {"out": values}, softmax(values))
    for values in (softmax(logits(1000)), logits(10)):
        assert "feature vector" not in found({"out": values}, None).reason
