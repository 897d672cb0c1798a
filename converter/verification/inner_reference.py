"""TensorFlow's own values of tensors inside of a SavedModel's graph.

TensorFlow's optimizer puts the bodies of functions in the place of their calls, beside the graph
that was loaded and with its variables; nothing of the export touches it. That this graph is still
the model is tried out on the first image: it has to give the model's own outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from converter.errors import SavedModelError
from converter.export.behind_layers import open_session
from converter.export.flatten import flatten
from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.restore_variables import restore_missing
from converter.inputs.image_input import ImageInput
from converter.inputs.quiet_tensorflow import tensorflow
from converter.inputs.saved_model import SavedModel, Signature
from converter.verification.of_one_image import of_one_image
from converter.verification.tensorflow_reference import loading

_UNFOLDED = "unfolded"
# What holds values from when the model was loaded: there is one of each, for both graphs.
_SHARED = ("VarHandleOp", "VariableV2", "Variable", "HashTableV2", "Placeholder")
_RTOL, _ATOL = 1e-4, 1e-5


class InnerReference:
    """Runs a signature of which tensors inside are taken, on one image after the other."""

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
        self._image, self._signature = image, signature
        self._is_proved = False
        tf, graph = tensorflow(), tensorflow().Graph()
        with loading(saved_model), graph.as_default():
            self._session = open_session(graph)
            tf.compat.v1.saved_model.load(
                self._session, list(saved_model.tags), str(saved_model.path), clear_devices=True
            )
            restore_missing(self._session, Path(saved_model.path))
            self._unfold(graph)
        self._others = self._values(values or {})

    def _unfold(self, graph: Any) -> None:
        """Put the graph without calls beside the one that was loaded."""
        inputs = [canonical(tensor.graph_name) for tensor in self._signature.inputs]
        flat = flatten(graph.as_graph_def(), inputs, self._signature.ends)
        _rename_functions(flat)
        shared = {
            f"{node.name}:0": graph.get_tensor_by_name(f"{node.name}:0")
            for node in flat.node
            if node.op in _SHARED
        }
        tensorflow().import_graph_def(flat, input_map=shared, name=_UNFOLDED)

    def _values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Values of the inputs beside the image that have no default in the graph: those of the
        user, and 0 where nothing that is exported depends on them."""
        fed = {}
        for tensor in self._signature.inputs:
            node = self._session.graph.get_operation_by_name(node_of(tensor.graph_name))
            if tensor.name == self._image.name:
                continue
            if tensor.name in given or node.type != "PlaceholderWithDefault":
                shape = [max(size, 1) for size in tensor.shape or ()]
                value = np.broadcast_to(given.get(tensor.name, 0), shape)
                fed[tensor.graph_name] = value.astype(node.outputs[0].dtype.as_numpy_dtype)
        return fed

    def run(self, pixels: np.ndarray) -> dict[str, np.ndarray]:
        """Return what is taken by name, for one image ``[height, width, channels]`` as the network
        wants it.

        Raises:
            SavedModelError: TensorFlow cannot run it; or the graph without calls does not give the
                outputs of the model.
        """
        given = next(one for one in self._signature.inputs if one.name == self._image.name)
        feed = {given.graph_name: self._image.for_saved_model(pixels), **self._others}
        wanted = [f"{_UNFOLDED}/{canonical(one.graph_name)}" for one in self._signature.outputs]
        try:
            if not self._is_proved:
                self._prove(feed)
            values = self._session.run(wanted, feed)
        except tensorflow().errors.OpError as error:
            raise SavedModelError(
                f"TensorFlow cannot run the signature on {self._image}: {error.message}"
            ) from error
        return {
            one.name: of_one_image(np.asarray(value), self._image)
            for one, value in zip(self._signature.outputs, values, strict=True)
        }

    def _prove(self, feed: Mapping[str, Any]) -> None:
        own = [canonical(tensor) for tensor in self._signature.ends]
        model = self._session.run(own, feed)
        unfolded = self._session.run([f"{_UNFOLDED}/{tensor}" for tensor in own], feed)
        for name, one, other in zip(own, model, unfolded, strict=True):
            if not _are_equal(one, other):
                raise SavedModelError(
                    f"TensorFlow gives other values for {name} where calls of functions are "
                    "replaced by their bodies, so that --outputs can take no tensor inside: name "
                    "outputs of the signature"
                )
        self._is_proved = True


def _rename_functions(graph_def: Any) -> None:
    """Give the bodies of loops and branches other names than those beside them, from which the
    optimizer may have made others."""
    names = {function.signature.name for function in graph_def.library.function}
    for node in GraphView(graph_def).operators():
        for value in node.attr.values():
            used = [value.func] if value.HasField("func") else list(value.list.func)
            for function in used:
                if function.name in names:
                    function.name = f"{_UNFOLDED}_{function.name}"
    for function in graph_def.library.function:
        function.signature.name = f"{_UNFOLDED}_{function.signature.name}"
    del graph_def.library.gradient[:]


def _are_equal(one: np.ndarray, other: np.ndarray) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind in "fc":
        return bool(np.allclose(one, other, _RTOL, _ATOL, equal_nan=True))
    return bool((np.asarray(one) == np.asarray(other)).all())
