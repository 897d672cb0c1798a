"""The output stage against NumPy's sorting."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.graph.output_stage import OUTPUTS, output_stage


def run(
    boxes: np.ndarray, class_scores: np.ndarray, candidates: int, opset: int = 17
) -> dict[str, np.ndarray]:
    model = output_stage(boxes.shape[1], class_scores.shape[2], candidates, opset)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    values = session.run(OUTPUTS, {"all_boxes": boxes, "class_scores": class_scores})
    return dict(zip(OUTPUTS, values, strict=True))


def distinct_scores(generator: np.random.Generator, *shape: int) -> np.ndarray:
    """No two are equal, so that there is one right order."""
    count = int(np.prod(shape))
    return (generator.permutation(count).reshape(shape) / count).astype(np.float32)


@settings(max_examples=30, deadline=None)
@given(
    batch=st.integers(1, 3),
    anchors=st.integers(1, 30),
    classes=st.integers(1, 5),
    candidates=st.integers(1, 40),
    seed=st.integers(0, 999),
)
def test_the_best_boxes_come_out_best_first(
    batch: int, anchors: int, classes: int, candidates: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    boxes = generator.random((batch, anchors, 4), np.float32)
    class_scores = distinct_scores(generator, batch, anchors, classes)
    found = run(boxes, class_scores, candidates)
    for image in range(batch):
        best = np.argsort(-class_scores[image].max(axis=1))[:candidates]
        np.testing.assert_array_equal(found["scores"][image], class_scores[image].max(axis=1)[best])
        np.testing.assert_array_equal(found["boxes"][image], boxes[image][best])
        np.testing.assert_array_equal(
            found["classes"][image], class_scores[image].argmax(axis=1)[best]
        )


@pytest.mark.parametrize("opset", [13, 18])
def test_types_and_shapes_are_those_of_the_engine_contract(opset: int) -> None:
    found = run(np.zeros((2, 9, 4), np.float32), np.zeros((2, 9, 3), np.float32), 5, opset)
    assert {name: (value.dtype.name, value.shape) for name, value in found.items()} == {
        "boxes": ("float32", (2, 5, 4)),
        "scores": ("float32", (2, 5)),
        "classes": ("int32", (2, 5)),
    }


def test_fewer_anchors_than_candidates_give_each_anchor_once() -> None:
    boxes = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    found = run(boxes, np.array([[[0.1], [0.9], [0.5]]], np.float32), 300)
    np.testing.assert_array_equal(found["boxes"], boxes[:, [1, 2, 0]])
