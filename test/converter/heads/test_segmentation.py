"""Class maps, by loops over the cells."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import onnxruntime
import pytest

from converter.heads.base import Head
from converter.heads.segmentation.recognise import recognise
from test.converter.heads.stages import OPSETS, SIZE, evidence, recognised_by, refusal_by

HEIGHT, WIDTH = 12, 24  # a quarter of the input
found, refusal = partial(recognised_by, recognise), partial(refusal_by, recognise)


def scores(classes: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    generator = np.random.default_rng(1)
    return generator.normal(0, 2, (2, height, width, classes)).astype(np.float32)


def numbers(classes: int, dtype: str = "int64") -> np.ndarray:
    return np.random.default_rng(2).integers(0, classes, (2, HEIGHT, WIDTH)).astype(dtype)


def best(values: np.ndarray) -> np.ndarray:
    """The first class with the highest of ``[N, h, w, C]``."""
    found = np.zeros(values.shape[:3], int)
    for cell in np.ndindex(*values.shape[:3]):
        row = values[cell].tolist()
        found[cell] = row.index(max(row))
    return found


def assert_decodes(head: Head, outputs: dict[str, np.ndarray], expected: np.ndarray) -> None:
    """By NumPy, and by ONNX Runtime at each opset."""
    values = outputs[head.inputs[0]]
    decodings = [head.decode(outputs)["class_map"]]
    for opset in OPSETS:
        session = onnxruntime.InferenceSession(head.stage(opset).SerializeToString())
        (entry,) = session.get_inputs()
        decodings += session.run(["class_map"], {entry.name: values})
    for decoded in decodings:
        assert decoded.dtype == np.uint8
        np.testing.assert_array_equal(decoded, expected)


@pytest.mark.parametrize("labels", [None, 5])
@pytest.mark.parametrize("channels_first", [False, True])
@pytest.mark.parametrize("sizes", [(HEIGHT, WIDTH), SIZE])
def test_the_best_class_of_each_cell(
    channels_first: bool, labels: int | None, sizes: tuple[int, int]
) -> None:
    values = scores(5, *sizes)
    given = np.ascontiguousarray(np.moveaxis(values, -1, 1)) if channels_first else values
    head = found({"out": given}, labels).head
    assert_decodes(head, {"out": given}, best(values))
    assert (head.classes, head.anchors, head.needs_nms) == (5, 0, False)


def test_the_layout_with_squarer_cells_is_taken_when_two_fit() -> None:
    values = np.ascontiguousarray(np.moveaxis(scores(4, 6, 12), -1, 1))  # or 4x6 cells of 8x16
    assert found({"out": values}).head.classes == 4


@pytest.mark.parametrize(
    ("probabilities", "activation", "threshold"),
    [
        (True, "auto", 0.5),
        (False, "auto", 0.0),
        (True, "sigmoid", 0.0),
        (False, "none", 0.5),
    ],
)
@pytest.mark.parametrize("labels", [None, 2])
def test_one_score_makes_two_classes(
    probabilities: bool, activation: str, threshold: float, labels: int | None
) -> None:
    values = scores(1)
    if probabilities:
        values = 1 / (1 + np.exp(-values))
    recognised = found({"out": values}, labels, activation=activation)
    assert_decodes(recognised.head, {"out": values}, values[..., 0] > threshold)
    assert recognised.head.classes == 2
    assert "--activation" in recognised.reason


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8", "float32"])
@pytest.mark.parametrize("shape", [(), (1,), "first"])
def test_class_numbers_are_taken_as_they_are(dtype: str, shape: Any) -> None:
    expected = numbers(7)
    place = (2, 1, HEIGHT, WIDTH) if shape == "first" else (2, HEIGHT, WIDTH, *shape)
    values = expected.astype(dtype).reshape(place)
    recognised = found({"out": values})
    assert_decodes(recognised.head, {"out": values}, expected)
    assert recognised.head.classes == 7
    assert found({"out": values}, 9).head.classes == 9


def test_a_bool_map_has_two_classes() -> None:
    values = scores(1)[..., 0] > 0
    head = found({"out": values}, 2).head
    assert_decodes(head, {"out": values}, values)


def test_class_numbers_may_begin_elsewhere() -> None:
    expected = numbers(5)
    head = found({"out": expected + 3}, 5, first_class=3).head
    assert_decodes(head, {"out": expected + 3}, expected)
    assert "begin at 3" in refusal({"out": expected}, 5, first_class=3)


def test_more_class_numbers_than_labels_are_refused() -> None:
    message = refusal({"out": numbers(5) + 1}, 5)
    assert "from 1 to 5" in message
    assert "--first-class" in message


def test_labels_of_another_number_are_refused() -> None:
    assert "5 classes" in refusal({"out": scores(5)}, 4)
    assert "2 classes" in refusal({"out": scores(1)}, 1)


def test_255_classes_are_the_most() -> None:
    assert found({"out": scores(255)}, 255).head.classes == 255
    assert "256 classes" in refusal({"out": scores(256)}, 256)
    assert "300 classes" in refusal({"out": numbers(3) + 297}, None)


def test_the_finest_of_several_maps_is_taken() -> None:
    outputs = {"auxiliary": scores(5, 6, 12), "out": scores(5)}
    assert found(outputs, 5).head.inputs == ("out",)
    assert recognise(evidence(outputs)) is None


def test_scores_come_before_the_class_numbers_made_of_them() -> None:
    outputs = {"classes": best(scores(5)), "scores": scores(5)}
    assert found(outputs).head.inputs == ("scores",)


def test_several_maps_of_one_size_are_not_guessed_between() -> None:
    message = refusal({"a": scores(5), "b": scores(5)}, 5)
    assert "a: float32 [?, 12, 24, 5]" in message
    assert "one of them only" in message


@pytest.mark.parametrize(
    "other",
    [(2, 90, 4), (2, HEIGHT, WIDTH, 2), (2, 4, 90), (2, 5, 5, 7)],
    ids=["boxes", "offsets", "rows", "features"],
)
def test_maps_beside_other_outputs_are_claimed_only_on_demand(other: tuple[int, ...]) -> None:
    outputs = {"out": scores(5), "other": np.full(other, 0.5, np.float32)}
    assert recognise(evidence(outputs, 5)) is None
    assert found(outputs, 5, head="segmentation").head.inputs == ("out",)


@pytest.mark.parametrize("shape", [(2, 12, 12, 5), (2, 1, 1, 5), (2, 5), (2, 90, 9)])
def test_what_does_not_lie_over_the_image_is_not_claimed(shape: tuple[int, ...]) -> None:
    assert recognise(evidence({"out": np.full(shape, 0.5, np.float32)}, 5)) is None


def test_a_map_coarser_than_a_32nd_is_not_claimed() -> None:
    assert recognise(evidence({"out": scores(5, 1, 2)}, 5, size=(48, 96))) is None
    assert found({"out": scores(5, 2, 3)}, 5, size=(64, 96)).head.classes == 5


@pytest.mark.parametrize("labels", [None, 5])
@pytest.mark.parametrize("of_numbers", [False, True])
def test_a_map_beside_constants_of_the_image_is_a_class_map(
    of_numbers: bool, labels: int | None
) -> None:
    """As TF Model Garden's image_info: the sizes of the image and how it was scaled."""
    sizes = np.tile(np.float32([[96, 48], [96, 48], [1, 1], [0, 0]]), (2, 1, 1))
    outputs = {"scale": sizes, "map": numbers(5) if of_numbers else scores(5)}
    assert found(outputs, labels).head.inputs == ("map",)
    outputs["scale"] = np.random.default_rng(5).random((2, 4, 2), np.float32)
    assert recognise(evidence(outputs, labels)) is None


# --- auxiliary outputs, and maps of other things


@pytest.mark.parametrize("labels", [None, 5])
def test_the_first_of_several_nameless_maps_is_the_main_one(labels: int | None) -> None:
    generator = np.random.default_rng(3)
    outputs = {
        f"output_{place}": generator.normal(0, 2, (2, HEIGHT, WIDTH, 5)).astype(np.float32)
        for place in range(3)
    }
    recognised = found(outputs, labels)
    assert recognised.head.inputs == ("output_0",)
    assert_decodes(recognised.head, outputs, best(outputs["output_0"]))
    assert "the first output" in recognised.reason


def doubted(outputs: dict[str, np.ndarray]) -> str:
    """The refusal, which labels, the family and the activation each settle."""
    (values,) = outputs.values()
    classes = max(values.shape[-1], 2)
    assert found(outputs, classes).head.classes == classes
    assert found(outputs, head="segmentation").head.classes == classes
    return refusal(outputs)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(4).random((2, *SIZE, 3), np.float32),
        np.random.default_rng(4).uniform(-1, 1, (2, *SIZE, 3)).astype(np.float32),
        np.random.default_rng(4).uniform(0, 255, (2, *SIZE, 3)).astype(np.float32),
    ],
    ids=["fractions", "tanh", "bytes"],
)
def test_an_image_is_no_class_map(values: np.ndarray) -> None:
    message = doubted({"out": values})
    assert "may be an image" in message
    assert "--labels or --head segmentation" in message


def test_three_classes_are_no_image() -> None:
    values = scores(3)
    assert found({"out": values}).head.classes == 3
    powers = np.exp(values)
    assert found({"out": powers / powers.sum(axis=-1, keepdims=True)}).head.classes == 3


@pytest.mark.parametrize("scale", [1.0, 0.02], ids=["metres", "fractions"])
def test_a_depth_is_no_class_score(scale: float) -> None:
    """It is the output of a relu: never below 0, and 0 itself, which a sigmoid is not."""
    assert "a depth" in doubted({"out": np.maximum(scores(1), 0) * scale})


def test_one_score_is_taken_with_a_doubt() -> None:
    assert "if it is a depth" in found({"out": scores(1)}).reason
    assert "depth" not in found({"out": scores(1)}, 2).reason


def test_a_coarse_map_of_many_channels_may_be_features() -> None:
    assert "features" in doubted({"out": scores(64, 6, 12)})
    assert found({"out": scores(64)}).head.classes == 64  # finer
    assert found({"out": scores(21, 6, 12)}).head.classes == 21


def test_fine_maps_beside_class_scores_of_the_image_are_not_guessed_about() -> None:
    values = np.full((2, 4), 0.25, np.float32)
    outputs = {"map": scores(5), "whole": values}
    assert "--head classification or --head segmentation" in refusal(outputs)
    assert found(outputs, 5).head.inputs == ("map",)
    assert recognise(evidence(outputs, 4)) is None
    assert recognise(evidence({"map": scores(5, 3, 6), "whole": values})) is None


def heatmaps(points: int = 16, peak: float = 1.0) -> np.ndarray:
    """A peak for each point, by the definition exp(-d^2 / 2), and next to nothing elsewhere."""
    generator = np.random.default_rng(6)
    values = np.zeros((2, HEIGHT, WIDTH, points))
    for image, point in np.ndindex(2, points):
        top, left = generator.uniform(0, HEIGHT), generator.uniform(0, WIDTH)
        for y, x in np.ndindex(HEIGHT, WIDTH):
            squared = (y - top) ** 2 + (x - left) ** 2
            values[image, y, x, point] = peak * math.exp(-squared / 2)
    return values + generator.uniform(-0.01, 0.01, values.shape)


@pytest.mark.parametrize("points", [2, 16, 21])
@pytest.mark.parametrize("kind", ["sigmoid", "linear", "logits"])
def test_heatmaps_of_points_are_no_class_map(kind: str, points: int) -> None:
    values = heatmaps(points)
    if kind == "sigmoid":
        values = values.clip(1e-4, 0.99)
    elif kind == "logits":
        values = np.log(values.clip(0.01, 0.9) / (1 - values.clip(0.01, 0.9)))
    assert "heatmaps of key points" in doubted({"out": values.astype(np.float32)})


def test_a_name_shows_that_maps_are_of_points_where_the_images_have_none() -> None:
    values = np.random.default_rng(7).normal(0, 0.01, (2, HEIGHT, WIDTH, 17)).astype(np.float32)
    assert "heatmaps of key points" in doubted({"heatmaps": values})
    assert found({"out": values}).head.classes == 17  # logits without any training look so too


@pytest.mark.parametrize("classes", [2, 5, 21, 150])
@pytest.mark.parametrize("deviation", [0.01, 1.0, 6.0])
def test_untrained_class_scores_are_no_heatmaps(deviation: float, classes: int) -> None:
    """As logits, under a sigmoid, and under a softmax."""
    logits = np.random.default_rng(8).normal(0, deviation, (2, HEIGHT, WIDTH, classes))
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    ways = [logits, 1 / (1 + np.exp(-logits)), powers / powers.sum(axis=-1, keepdims=True)]
    for values in ways:
        assert found({"out": values.astype(np.float32)}).head.classes == classes


@pytest.mark.parametrize("shift", [-8.0, 0.0])
@pytest.mark.parametrize("classes", [4, 19])
def test_trained_logits_are_no_heatmaps(classes: int, shift: float) -> None:
    """One class of each region is far above the others; all of them may be low, as a softmax does
    not see a number that is added to all."""
    logits = np.random.default_rng(9).normal(-6, 1, (2, HEIGHT, WIDTH, classes)) + shift
    logits[:, :, : WIDTH // 3, 1] += 10
    logits[:, :, WIDTH // 3 :, 2] += 10
    assert found({"out": logits.astype(np.float32)}).head.classes == classes
