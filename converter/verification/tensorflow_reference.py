"""The source model in TensorFlow: what every converted model is compared with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from converter.errors import SavedModelError
from converter.export.behind_layers import open_session
from converter.export.exported_network import Network
from converter.export.graph_view import GraphView, node_of
from converter.export.request_answer import ExportAnswer
from converter.inputs.image_input import ImageInput
from converter.inputs.quiet_tensorflow import tensorflow
from converter.inputs.saved_model import SavedModel, Signature
from converter.inputs.tensor import Tensor
from converter.verification.of_one_image import of_one_image

Values = dict[str, np.ndarray]


@contextlib.contextmanager
def loading(saved_model: SavedModel) -> Iterator[None]:
    """Run a block in which TensorFlow loads a SavedModel.

    Raises:
        SavedModelError: it cannot; the message has its reason.
    """
    try:
        yield
    except Exception as error:  # TensorFlow raises many kinds for a damaged SavedModel
        raise SavedModelError(f"TensorFlow cannot load '{saved_model.path}': {error}") from error


class Reference:
    """Runs one signature of a SavedModel on one image after the other."""

    def __init__(
        self,
        saved_model: SavedModel,
        signature: Signature,
        image: ImageInput,
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """
        Args:
            values: of the inputs that are not the image.

        Raises:
            SavedModelError: TensorFlow cannot load it; the message has its reason.
        """
        self._image, tf = image, tensorflow()
        with loading(saved_model):
            # The model is kept, because its variables go when it does.
            self._model = tf.saved_model.load(str(saved_model.path), list(saved_model.tags))
            self._function = self._model.signatures[signature.name]
        specs = self._function.structured_input_signature[1]
        others = [tensor for tensor in signature.inputs if tensor.name != image.name]
        self._others = {
            tensor.name: self._value(tensor, specs[tensor.name], values or {}) for tensor in others
        }

    def _value(self, tensor: Tensor, spec: Any, values: Mapping[str, Any]) -> Any:
        """What an input beside the image is given: the user's value, the default that it has in
        a graph of TensorFlow 1, or 0 where nothing that is exported depends on it."""
        tf = tensorflow()
        if tensor.name in values:
            given = values[tensor.name]
            return tf.cast(tf.broadcast_to(given, _shape(spec, np.shape(given))), spec.dtype)
        graph = getattr(self._model, "graph", None)
        if graph is not None:
            node = graph.get_operation_by_name(node_of(tensor.graph_name))
            if node.type == "PlaceholderWithDefault":
                return self._model.prune([], tensor.graph_name)()
        return tf.zeros(_shape(spec), spec.dtype)

    def run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """Return the outputs by name for one image, ``[height, width, channels]`` as the network
        wants it.

        Raises:
            SavedModelError: TensorFlow cannot run it; the message has its reason.
        """
        tf = tensorflow()
        image = tf.constant(self._image.for_saved_model(pixels))
        try:
            outputs = self._function(**{self._image.name: image}, **self._others)
        except Exception as error:  # TensorFlow raises many kinds
            raise SavedModelError(
                f"TensorFlow cannot run the signature on {self._image}: {error}"
            ) from error
        return {
            name: of_one_image(np.asarray(value.numpy()), self._image)
            for name, value in outputs.items()
        }


def _shape(spec: Any, otherwise: tuple[int, ...] = ()) -> Sequence[int]:
    """The shape of an input, with 1 for any size; ``otherwise`` where it may have any shape."""
    return otherwise if spec.shape.rank is None else [size or 1 for size in spec.shape.as_list()]


def read_flat_graph(graph_file: Path) -> Any:
    """The GraphDef in ``graph_file``."""
    definition = tensorflow().compat.v1.GraphDef()
    definition.ParseFromString(graph_file.read_bytes())
    return definition


class FlatGraph:
    """The TensorFlow graph that was handed to tf2onnx: every tensor of it can be looked at."""

    def __init__(
        self, graph_file: Path, answer: ExportAnswer, only: Sequence[str] | None = None
    ) -> None:
        """
        Args:
            graph_file: the graph.
            answer: of the export that wrote it.
            only: the tensors that are looked at, where the rest of the graph, and its weights, are
                not needed.
        """
        tf = tensorflow()
        definition = read_flat_graph(graph_file)
        if only is not None:
            view = GraphView(definition)
            view.keep(view.ancestors(only) | {node_of(answer.input)})
        self.nodes = {node.name: node.op for node in definition.node}
        self._outputs, self._input = answer.outputs, answer.input
        self._weights = {
            name: np.load(file, mmap_mode="r")
            for name, file in answer.weights.items()
            if self.nodes.get(node_of(name)) == "Placeholder"
        }
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(definition, name="")
        self._session = open_session(graph)

    def outputs(self, network: Network, pixels: np.ndarray, names: Sequence[str]) -> Values:
        """Return outputs by the names that users know, for one image as the network wants it."""
        values = self.run(network, pixels, [self._outputs[name] for name in names])
        return {
            name: of_one_image(value, network.image)
            for name, value in zip(names, values, strict=True)
        }

    def run(
        self,
        network: Network,
        pixels: np.ndarray,
        wanted: Sequence[str],
        instead: Mapping[str, np.ndarray] | None = None,
    ) -> list[np.ndarray]:
        """Return the values of tensors by their names in the graph.

        Args:
            instead: values that other tensors take for this time, whatever the graph gives them.
        """
        tensor = self._session.graph.get_tensor_by_name(self._input)
        image = network.arrange(pixels, tensor.dtype.name)
        feed = {self._input: image, **self._weights, **(instead or {})}
        results: list[np.ndarray] = self._session.run(list(wanted), feed)
        return results
