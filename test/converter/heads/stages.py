"""Evidence from arrays, and both decodings of a head against what is expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import onnxruntime
import pytest

from converter.errors import HeadError
from converter.heads.base import Head
from converter.heads.evidence import Evidence, HeadOptions, Recognised
from converter.inputs.tensor import Tensor
from converter.onnx_tools.node_names import ALL_BOXES, CLASS_SCORES

SIZE = (48, 96)  # height, width
OPSETS = (13, 17, 18, 20)
Recognise = Callable[[Evidence], Recognised | None]


def evidence(
    outputs: dict[str, np.ndarray],
    labels: int | None = None,
    size: tuple[int, int] = SIZE,
    **options: Any,
) -> Evidence:
    """As after a run of a network with these outputs on some images."""
    tensors = [
        Tensor(name, value.dtype.name, (-1, *value.shape[1:])) for name, value in outputs.items()
    ]
    return Evidence(tuple(tensors), outputs, size, labels, HeadOptions(**options))


def recognised_by(
    recognise: Recognise, outputs: dict[str, np.ndarray], labels: int | None = None, **options: Any
) -> Recognised:
    """What a family tells of outputs that are its own."""
    recognised = recognise(evidence(outputs, labels, **options))
    assert recognised is not None
    return recognised


def refusal_by(
    recognise: Recognise, outputs: dict[str, np.ndarray], labels: int | None = None, **options: Any
) -> str:
    """Why a family does not take outputs that are its own."""
    with pytest.raises(HeadError) as error:
        recognise(evidence(outputs, labels, **options))
    return str(error.value)


def assert_decodes(
    head: Head, outputs: dict[str, np.ndarray], boxes: list[Any], scores: list[Any]
) -> None:
    """By ONNX Runtime at each opset, and by NumPy, for the batch and for its first image."""
    for batch in ({name: value[:1] for name, value in outputs.items()}, outputs):
        images = len(next(iter(batch.values())))
        decodings = [head.decode(batch), *(run_stage(head, batch, opset) for opset in OPSETS)]
        for decoded in decodings:
            assert {value.dtype.name for value in decoded.values()} == {"float32"}
            assert decoded[ALL_BOXES].shape == (images, head.anchors, 4)
            assert decoded[CLASS_SCORES].shape == (images, head.anchors, head.classes)
            np.testing.assert_allclose(decoded[ALL_BOXES], boxes[:images], atol=1e-3)
            np.testing.assert_allclose(decoded[CLASS_SCORES], scores[:images], atol=1e-5)


def run_stage(head: Head, outputs: dict[str, np.ndarray], opset: int) -> dict[str, np.ndarray]:
    """The decoding in ONNX; its inputs are told by their order."""
    model = head.stage(opset)
    assert {entry.version for entry in model.opset_import} == {opset}
    session = onnxruntime.InferenceSession(model.SerializeToString())
    names = [value.name for value in session.get_inputs()]
    feed = {name: outputs[output] for name, output in zip(names, head.inputs, strict=True)}
    values = session.run([ALL_BOXES, CLASS_SCORES], feed)
    return dict(zip((ALL_BOXES, CLASS_SCORES), values, strict=True))


def corner_boxes(generator: np.random.Generator, images: int, count: int) -> np.ndarray:
    """x1, y1, x2, y2 float32 ``[images, count, 4]`` in fractions of the input."""
    first = generator.uniform(0.0, 0.7, (images, count, 2))
    second = first + generator.uniform(0.05, 0.3, (images, count, 2))
    return np.concatenate([first, second], axis=-1).astype(np.float32)


def in_pixels(boxes: np.ndarray, size: tuple[int, int] = SIZE) -> np.ndarray:
    """Boxes in fractions, x first, in pixels."""
    return boxes * np.array([size[1], size[0], size[1], size[0]], np.float32)


def y_first(boxes: np.ndarray) -> np.ndarray:
    """x before y to y before x."""
    return np.ascontiguousarray(boxes[..., [1, 0, 3, 2]])


def centred(boxes: np.ndarray) -> np.ndarray:
    """Corners to centres and sides."""
    first, second = boxes[..., :2], boxes[..., 2:]
    return np.concatenate([(first + second) / 2, second - first], axis=-1)
