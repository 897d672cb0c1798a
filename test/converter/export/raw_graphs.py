"""Graphs of single operators, as TensorFlow computes them and as they are exported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import onnx
import onnxruntime
import tensorflow as tf

from converter.export.clean import clean
from converter.export.flatten import flatten
from converter.export.to_onnx import convert_to_onnx

v1 = tf.compat.v1
INPUT = "image:0"


class Exported(NamedTuple):
    """A valid model, what TensorFlow and ONNX Runtime give for each output, and the notes."""

    model: onnx.ModelProto
    expected: dict[str, np.ndarray]
    found: dict[str, np.ndarray]
    notes: tuple[str, ...]

    def operators(self) -> set[str]:
        """Of the model's nodes."""
        return {node.op_type for node in self.model.graph.node}


def export_graph(
    build: Callable[[Any], dict[str, Any]],
    image: np.ndarray,
    shape: Sequence[int | None] | None = None,
) -> Exported:
    """Export a graph without a note; see ``convert_graph``."""
    exported = convert_graph(build, image, shape)
    assert not exported.notes
    return exported


def convert_graph(
    build: Callable[[Any], dict[str, Any]],
    image: np.ndarray,
    shape: Sequence[int | None] | None = None,
) -> Exported:
    """Export a graph, and run it on ``image``.

    Args:
        build: input → outputs by name.
        shape: of the input; None for that of the image.
    """
    with tf.Graph().as_default() as graph, v1.Session() as session:
        given = v1.placeholder(image.dtype, shape or image.shape, name="image")
        outputs = {name: tf.identity(one).name for name, one in build(given).items()}
        expected = session.run(outputs, {given: image})
        graph_def = flatten(graph.as_graph_def(), [INPUT], list(outputs.values()))
    model, unsupported, notes = convert_to_onnx(graph_def, INPUT, {}, list(outputs.values()), 13)
    assert not unsupported
    clean(model)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    found = session.run(list(outputs.values()), {INPUT: image})
    return Exported(model, expected, dict(zip(outputs, found, strict=True)), notes)
