"""Take the FakeQuant nodes of quantization-aware training out of a TensorFlow graph.

What is left is the float network that was trained. What the nodes rounded to is kept: of weights
with the nodes, which become inputs that stand for them, of activations with the identities that
take their places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from converter.errors import ExportError
from converter.export.fake_quant_ranges import (
    FAKE_QUANT,
    become_identities,
    become_identities_inside,
    grid_of,
    of_whole_tensor,
    own_range,
)
from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.provenance import imported
from converter.export.unsupported import layer_of
from converter.export.weights import Weights
from converter.inputs.quiet_tensorflow import tensorflow
from converter.onnx_tools.trained_grids import TrainedGrid

# They compute in whole numbers, which no TensorRT takes from ONNX like this.
_OF_INTEGERS = ("QuantizeV2", "Dequantize", "QuantizedConv2D", "QuantizedMatMul", "Requantize")


@dataclass
class FakeQuants:
    """The nodes that were taken out.

    Attributes:
        count: of all, those in loops and branches too.
        weights: grids by the nodes that stand for weights now.
        activations: grids by the nodes that are identities now.
    """

    count: int = 0
    weights: dict[str, TrainedGrid] = field(default_factory=dict)
    activations: dict[str, TrainedGrid] = field(default_factory=dict)

    @property
    def note(self) -> str:
        """What was done, for the user."""
        nodes = "FakeQuant node" + "s" * (self.count != 1)
        unknown = self.count - len(self.weights) - len(self.activations)
        but = f", and calibration fills {unknown} that could not be read"
        return (
            f"{self.count} {nodes} of quantization-aware training: fp32 and fp16 leave them out, "
            f"int8 uses their ranges{but if unknown else ''}"
        )


def refuse_integers(view: GraphView) -> None:
    """Refuse a network that is quantised already.

    Raises:
        ExportError: it is; with what to export instead.
    """
    for node in view.operators():
        if node.op in _OF_INTEGERS:
            raise ExportError(
                f"the network computes in whole numbers already ({node.op} in layer "
                f"{layer_of(node.name)}): export it in float, as it was trained, with its "
                "FakeQuant nodes where it has some. int8 is made from that"
            )


def has_fake_quant(view: GraphView) -> bool:
    """Whether there is one, in loops and branches too."""
    return any(node.op in FAKE_QUANT for node in view.operators())


def take_out(view: GraphView, image: str, weights: Weights) -> FakeQuants:
    """Replace every FakeQuant node by an identity, or, where it has rounded weights, by an input
    that stands for them as they were trained.

    Args:
        image: the tensor of the image, on which weights do not depend.
        weights: takes those that were rounded, however small they are.
    """
    found = FakeQuants(sum(node.op in FAKE_QUANT for node in view.operators()))
    nodes = [node for node in view.graph_def.node if node.op in FAKE_QUANT]
    of_image = view.descendants([image])
    grids = _grids(view, nodes, of_image, weights)
    become_identities(view.graph_def.node)
    for function in view.graph_def.library.function:
        become_identities_inside(function)
    view.refresh()
    values = _Values(view, weights)
    for node in nodes:
        if node.name in grids and node.name in of_image:
            found.activations[node.name] = of_whole_tensor(grids[node.name])
        elif node.name in grids and weights.may_set_aside:
            weights.set_aside(node, values.of([node.input[0]])[0])
            found.weights[node.name] = grids[node.name]
    view.refresh()
    return found


def _grids(
    view: GraphView, nodes: Sequence[Any], of_image: Iterable[str], weights: Weights
) -> dict[str, TrainedGrid]:
    """The grids of those whose ranges do not depend on the image, by the names of the nodes."""
    behind = set(of_image)
    fixed = [node for node in nodes if not {node_of(t) for t in node.input[1:3]} & behind]
    asked = [node for node in fixed if own_range(node) is None]
    values = _Values(view, weights).of([tensor for node in asked for tensor in node.input[1:3]])
    given = dict(zip((node.name for node in asked), zip(values[::2], values[1::2]), strict=True))
    found = {}
    for node in fixed:
        low, high = own_range(node) or given[node.name]
        grid = grid_of(node, low, high)
        if grid is not None:
            found[node.name] = grid
    return found


class _Values:
    """Computes tensors of the graph that do not depend on the image."""

    def __init__(self, view: GraphView, weights: Weights) -> None:
        tf = tensorflow()
        # Each run would optimize the whole graph.
        config = tf.compat.v1.ConfigProto()
        config.graph_options.rewrite_options.disable_meta_optimizer = True
        self._session = tf.compat.v1.Session(graph=imported(view), config=config)
        self._feed = {
            name: np.load(file, mmap_mode="r")
            for name, file in weights.files.items()
            if node_of(name) in view.nodes
        }

    def of(self, tensors: Sequence[str]) -> list[np.ndarray]:
        """Return the values of ``tensors``."""
        names = [canonical(tensor) for tensor in tensors]
        return [np.asarray(value) for value in self._session.run(names, self._feed)]
