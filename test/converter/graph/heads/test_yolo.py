"""YOLO's layout, decoded by a loop that follows its publication."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from converter.errors import HeadError
from converter.graph.heads.yolo import YoloHead, recognise
from converter.saved_model import Tensor
from test.converter.expected import decode_rows

SIZE = (48, 96)  # height, width


def output(*sizes: int, name: str = "out", dtype: str = "float32") -> Tensor:
    return Tensor(name, dtype, (-1, *sizes))


def random_rows(batch: int, anchors: int, classes: int) -> np.ndarray:
    return np.random.default_rng(2).random((batch, anchors, 4 + classes), np.float32)


def run_graph(head: YoloHead, values: np.ndarray, opset: int) -> tuple[np.ndarray, np.ndarray]:
    session = onnxruntime.InferenceSession(head.stage(opset).SerializeToString())
    boxes, scores = session.run(["all_boxes", "class_scores"], {"predictions": values})
    return boxes, scores


def run_numpy(head: YoloHead, values: np.ndarray, _: int) -> tuple[np.ndarray, np.ndarray]:
    return head.decode({head.input: values})


@pytest.mark.parametrize("run", [run_graph, run_numpy])
@pytest.mark.parametrize("opset", [13, 18])
@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("boxes_last", [False, True])
def test_boxes_are_corners_in_input_pixels(
    run: object, opset: int, normalised: bool, boxes_last: bool
) -> None:
    rows = random_rows(2, 11, 3)
    values = rows.transpose(0, 2, 1).copy() if boxes_last else rows
    head = recognise([output(*values.shape[1:])], 3, SIZE, normalised)
    boxes, scores = run(head, values, opset)  # type: ignore[operator]
    sides = [SIZE[1], SIZE[0]] * 2 if normalised else [1, 1, 1, 1]
    expected = [[box for box, _, _ in decode_rows(image)] for image in rows]
    np.testing.assert_allclose(boxes, np.array(expected) * sides, atol=1e-4)
    np.testing.assert_array_equal(scores, rows[:, :, 4:])


def test_the_output_with_the_layout_is_found_among_others() -> None:
    others = [output(3, name="a"), output(7, 40, name="b", dtype="int64"), output(6, 40, name="c")]
    head = recognise([*others, output(7, 40, name="d")], 3, SIZE, False)
    assert (head.input, head.anchors, head.classes) == ("d", 40, 3)


def test_a_labels_file_of_the_wrong_length_names_outputs_and_layout() -> None:
    with pytest.raises(HeadError) as error:
        recognise([output(84, 8400)], 79, SIZE, False)
    message = str(error.value)
    assert "out: float32 [?, 84, 8400]" in message
    assert "79 classes" in message
    assert "[N, 83, A]" in message
    assert "labels file" in message


def test_two_outputs_that_fit_are_not_guessed_between() -> None:
    with pytest.raises(HeadError, match="in 2 ways"):
        recognise([output(7, 40, name="a"), output(50, 7, name="b")], 3, SIZE, False)


@pytest.mark.parametrize("wrong", [output(7), output(1, 7, 40), Tensor("out", "float32", None)])
def test_outputs_of_another_rank_are_refused(wrong: Tensor) -> None:
    with pytest.raises(HeadError):
        recognise([wrong], 3, SIZE, False)


def test_overlapping_boxes_are_left_to_the_robot() -> None:
    assert recognise([output(7, 40)], 3, SIZE, False).needs_nms
