"""Find the first layer that gives something else in ONNX than in TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import onnx
import onnxruntime

from converter.comparison.agreement import tensor_parity
from converter.export.exported_network import Network
from converter.export.unsupported import layer_of
from converter.verification.source_model import SourceModel

MAX_RELATIVE = 1e-3
# The axes of a TensorFlow tensor in the order that ONNX has for images.
_CHANNELS_FIRST = (0, 3, 1, 2)


def first_difference(source: SourceModel, frame: np.ndarray) -> str:
    """Compare one image, and return a sentence that names the layer.

    tf2onnx keeps the names of most tensors, so that they can be compared one by one.

    Args:
        frame: uint8 ``[h, w, 3]``, BGR.
    """
    if source.flat is None:
        return "The layers were not compared: the TensorFlow graph is not at hand."
    network, flat = source.network, source.flat
    image = cv2.resize(frame, network.input_size[::-1])
    pixels = source.pixels.apply(image)
    names = [
        name
        for node in network.model.graph.node
        for name in node.output
        if name.partition(":")[0] in flat.nodes and ":" in name
    ]
    found = _run(network, pixels, names)
    expected = dict(zip(names, flat.run(network, pixels, names), strict=True))
    for name in names:
        if _differ(expected[name], found[name]):
            operator = flat.nodes[name.partition(":")[0]]
            return (
                f"The first layer where the two differ is {layer_of(name)} ({operator}, tensor "
                f"{name}), or one before it that has no tensor of its own in ONNX; "
                f"{len(names)} tensors were compared."
            )
    return (
        f"All {len(names)} layers of the exported network that could be compared agree: the two "
        "differ in what was grafted on it, or in how the head is read."
    )


def _run(network: Network, pixels: np.ndarray, names: Sequence[str]) -> Mapping[str, np.ndarray]:
    """Tensors inside of the exported network."""
    model = onnx.ModelProto()
    model.CopyFrom(network.model)
    outputs = {value.name for value in model.graph.output}
    model.graph.output.extend(
        onnx.helper.make_empty_tensor_value_info(name) for name in names if name not in outputs
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    # Otherwise it would look at fused layers.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = network.open(model, options)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(network.ending.element_type)
    feed = {network.input: network.arrange(pixels, dtype.name)}
    return dict(zip(names, session.run(list(names), feed), strict=True))


def _differ(expected: np.ndarray, found: np.ndarray) -> bool:
    """Whether two tensors differ by more than rounding, in whatever order of axes tf2onnx has left
    the second. Tensors of other shapes cannot be compared."""
    orders = [expected]
    if expected.ndim == 4:
        orders.append(expected.transpose(_CHANNELS_FIRST))
    same_shape = [values for values in orders if values.shape == found.shape]
    if expected.dtype.kind not in "fiu" or not same_shape:
        return False
    return not any(
        tensor_parity("", values, found).relative <= MAX_RELATIVE for values in same_shape
    )
