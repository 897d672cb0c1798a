"""SavedModels of TensorFlow 1: a graph, a session, and the builder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from test.converter.sources.models import random_weights, tf

v1 = tf.compat.v1
Tensors = Mapping[str, Any]


class Graph:
    """A graph of TensorFlow 1 with a session.

    Attributes:
        weights: those of the classifier, as variables or constants.
        inputs, outputs: of its signature.
    """

    def __init__(
        self,
        build: Callable[[Tensors], tuple[Tensors, Tensors]],
        variables: str = "resource",
        control_flow: int = 2,
    ) -> None:
        """
        Args:
            build: weights → inputs, outputs.
            variables: ``resource``, ``ref``, or ``none`` for a graph that is frozen.
            control_flow: 1 for the operators that TensorFlow 1 had for loops and branches.
        """
        self._graph = tf.Graph()
        (v1.enable_control_flow_v2 if control_flow == 2 else v1.disable_control_flow_v2)()
        try:
            with self._graph.as_default():
                self.weights = {
                    name: _weight(name, value, variables)
                    for name, value in random_weights().items()
                }
                self.inputs, self.outputs = build(self.weights)
                self._session = v1.Session()
                self._session.run(v1.global_variables_initializer())
        finally:
            v1.enable_control_flow_v2()

    def run(self, output: str, **inputs: Any) -> np.ndarray:
        """The value of one output."""
        feed = {self.inputs[name]: value for name, value in inputs.items()}
        value: np.ndarray = self._session.run(self.outputs[output], feed)
        return value

    def save_simply(self, folder: Path) -> Path:
        """By ``simple_save``."""
        with self._graph.as_default():
            v1.saved_model.simple_save(self._session, str(folder), self.inputs, self.outputs)
        return folder

    def save(self, folder: Path, *tags: Sequence[str], signature: str = "serving_default") -> Path:
        """By the builder, the same graph once for each of ``tags``."""
        builder = v1.saved_model.Builder(str(folder))
        with self._graph.as_default():
            definition = v1.saved_model.predict_signature_def(self.inputs, self.outputs)
            signatures = {signature: definition}
            builder.add_meta_graph_and_variables(self._session, list(tags[0]), signatures)
            for others in tags[1:]:
                builder.add_meta_graph(list(others), signatures)
            builder.save()
        return folder


def _weight(name: str, value: np.ndarray, variables: str) -> Any:
    if variables == "none":
        return tf.constant(value, name=name)
    return v1.Variable(value, name=name, use_resource=variables == "resource")


def save_frozen(folder: Path, function: Callable[..., Any], *inputs: Any, lower: bool) -> Path:
    """A function of TensorFlow 2 as its users freeze it, in a SavedModel.

    Args:
        lower: replace loops and branches by the operators of TensorFlow 1, as is the default.
    """
    from tensorflow.python.framework import convert_to_constants

    concrete = tf.function(function).get_concrete_function(*inputs)
    frozen = convert_to_constants.convert_variables_to_constants_v2(
        concrete, lower_control_flow=lower
    )
    names = concrete.structured_outputs
    with tf.Graph().as_default() as graph, v1.Session(graph=graph) as session:
        tf.import_graph_def(frozen.graph.as_graph_def(), name="")
        given = {one.name: graph.get_tensor_by_name(f"{one.name}:0") for one in inputs}
        results = [graph.get_tensor_by_name(one.name) for one in frozen.outputs]
        v1.saved_model.simple_save(
            session, str(folder), given, dict(zip(sorted(names), results, strict=True))
        )
    return folder
