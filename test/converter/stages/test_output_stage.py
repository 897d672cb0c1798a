"""The output stages against NumPy's sorting."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from converter.stages.output_stage import (
    MOST_CANDIDATES,
    best_class_output,
    classification_stage,
    each_class_output,
    output_stage,
)
from trt_inference.bundles.manifest import _SCHEMA
from trt_inference.bundles.names import OUTPUTS


def run(model: onnx.ModelProto, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, inputs), strict=True))


def detect(
    boxes: np.ndarray, class_scores: np.ndarray, candidates: int, opset: int = 17
) -> dict[str, np.ndarray]:
    model = best_class_output(boxes.shape[1], class_scores.shape[2], candidates, opset)
    return run(model, {"all_boxes": boxes, "class_scores": class_scores})


def detect_each_class(
    boxes: np.ndarray, class_scores: np.ndarray, candidates: int, opset: int
) -> dict[str, np.ndarray]:
    model = each_class_output(boxes.shape[1], class_scores.shape[2], candidates, opset)
    return run(model, {"all_boxes": boxes, "class_scores": class_scores})


def classify(class_scores: np.ndarray, candidates: int, opset: int = 17) -> dict[str, np.ndarray]:
    model = classification_stage(class_scores.shape[1], candidates, opset)
    return run(model, {"class_scores": class_scores})


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
    found = detect(boxes, class_scores, candidates)
    for image in range(batch):
        best = np.argsort(-class_scores[image].max(axis=1))[:candidates]
        np.testing.assert_array_equal(found["scores"][image], class_scores[image].max(axis=1)[best])
        np.testing.assert_array_equal(found["boxes"][image], boxes[image][best])
        np.testing.assert_array_equal(
            found["classes"][image], class_scores[image].argmax(axis=1)[best]
        )


@settings(max_examples=30, deadline=None)
@given(
    batch=st.integers(1, 3),
    anchors=st.integers(1, 30),
    classes=st.integers(1, 5),
    candidates=st.integers(1, 40),
    opset=st.sampled_from([13, 17]),
    seed=st.integers(0, 999),
)
def test_a_box_comes_out_once_for_each_of_its_classes(
    batch: int, anchors: int, classes: int, candidates: int, opset: int, seed: int
) -> None:
    generator = np.random.default_rng(seed)
    boxes = generator.random((batch, anchors, 4), np.float32)
    class_scores = distinct_scores(generator, batch, anchors, classes)
    found = detect_each_class(boxes, class_scores, candidates, opset)
    for image in range(batch):
        best = np.argsort(-class_scores[image].ravel())[: found["scores"].shape[1]]
        rows, columns = np.unravel_index(best, class_scores[image].shape)
        np.testing.assert_array_equal(found["scores"][image], class_scores[image][rows, columns])
        np.testing.assert_array_equal(found["boxes"][image], boxes[image][rows])
        np.testing.assert_array_equal(found["classes"][image], columns)


@settings(max_examples=30, deadline=None)
@given(
    batch=st.integers(1, 3),
    classes=st.integers(1, 30),
    candidates=st.integers(1, 40),
    seed=st.integers(0, 999),
)
def test_the_best_classes_come_out_best_first(
    batch: int, classes: int, candidates: int, seed: int
) -> None:
    class_scores = distinct_scores(np.random.default_rng(seed), batch, classes)
    found = classify(class_scores, candidates)
    for image in range(batch):
        best = np.argsort(-class_scores[image])[:candidates]
        np.testing.assert_array_equal(found["classes"][image], best)
        np.testing.assert_array_equal(found["scores"][image], class_scores[image][best])


@pytest.mark.parametrize("opset", [13, 17, 18, 20])
def test_types_and_shapes_are_those_of_the_engine_contract(opset: int) -> None:
    found = detect(np.zeros((2, 9, 4), np.float32), np.zeros((2, 9, 3), np.float32), 5, opset)
    assert {name: (value.dtype.name, value.shape) for name, value in found.items()} == {
        "boxes": ("float32", (2, 5, 4)),
        "scores": ("float32", (2, 5)),
        "classes": ("int32", (2, 5)),
    }
    found = classify(np.zeros((2, 9), np.float32), 5, opset)
    assert {name: (value.dtype.name, value.shape) for name, value in found.items()} == {
        "scores": ("float32", (2, 5)),
        "classes": ("int32", (2, 5)),
    }


def test_fewer_anchors_than_candidates_give_each_anchor_once() -> None:
    boxes = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
    found = detect(boxes, np.array([[[0.1], [0.9], [0.5]]], np.float32), 300)
    np.testing.assert_array_equal(found["boxes"], boxes[:, [1, 2, 0]])


@pytest.mark.parametrize("task", ["detection", "classification"])
def test_the_task_of_the_head_decides_what_comes_out(task: str) -> None:
    head = SimpleNamespace(each_class=False, task=task, anchors=6, classes=4)
    model = output_stage(head, 3, 17)  # type: ignore[arg-type]
    assert model is not None
    assert tuple(output.name for output in model.graph.output) == OUTPUTS[task]


def test_a_class_map_goes_out_as_it_is() -> None:
    head = SimpleNamespace(each_class=False, task="segmentation", anchors=0, classes=4)
    assert output_stage(head, 300, 17) is None  # type: ignore[arg-type]
    assert OUTPUTS["segmentation"] == ("class_map",)


@pytest.mark.parametrize("candidates", [0, MOST_CANDIDATES + 1])
def test_more_candidates_than_tensorrt_sorts_are_refused(candidates: int) -> None:
    head = SimpleNamespace(each_class=False, task="detection", anchors=9000, classes=4)
    with pytest.raises(ValueError, match="3840"):
        output_stage(head, candidates, 17)  # type: ignore[arg-type]


def test_converter_and_schema_agree_on_the_most_candidates() -> None:
    assert _SCHEMA["properties"]["candidates"]["maximum"] == MOST_CANDIDATES
