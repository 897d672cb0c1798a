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
from converter.export.behind_layers import open_session
from converter.export.fake_quant_ranges import (
    AROUND_ZERO,
    FAKE_QUANT,
    WITH_VARIABLES,
    become_identities,
    become_identities_inside,
    grid_of,
    of_whole_tensor,
    range_tensors,
)
from converter.export.graph_view import GraphView, canonical, node_of
from converter.export.provenance import imported
from converter.export.unsupported import layer_of
from converter.export.weights import Weights
from converter.onnx_tools.trained_grids import TrainedGrid

USES_RANGES = ", int8 uses their ranges"
# They compute in whole numbers, which no TensorRT takes from ONNX like this.
_OF_INTEGERS = ("QuantizeV2", "Dequantize", "QuantizedConv2D", "QuantizedMatMul", "Requantize")


@dataclass
class FakeQuants:
    """The nodes that were taken out.

    Attributes:
        count: of all, those in loops and branches too.
        weights: grids by the nodes that stand for weights now.
        activations: grids by the nodes that are identities now.
        of_image: how many have a range that the graph computes from the image.
        empty: how many have none.
        initial: how many activations have that with which training begins.
        inside: how many are in loops and branches.
        lost: how many have rounded weights that had to stay in the graph.
        operators: what they are called in TensorFlow.
    """

    count: int = 0
    weights: dict[str, TrainedGrid] = field(default_factory=dict)
    activations: dict[str, TrainedGrid] = field(default_factory=dict)
    of_image: int = 0
    empty: int = 0
    initial: int = 0
    inside: int = 0
    lost: int = 0
    operators: tuple[str, ...] = ()

    @property
    def notes(self) -> list[str]:
        """What was done, for the user."""
        cautions = (
            (
                self.of_image,
                "compute their range from each image, as they do while training: calibration finds "
                "it instead. Export the model as it is used (training=False), to have the trained",
            ),
            (
                self.empty,
                "have no range (its ends are equal or not finite), as before any training: "
                "calibration finds it instead",
            ),
            (
                self.initial,
                "have the range -6 to 6, with which tfmot begins: was the model trained, or "
                "calibrated, with them?",
            ),
            (self.inside, "are in loops and branches, where int8 does not use their ranges"),
            (
                self.lost,
                "have rounded weights which the export needs in the graph: int8 rounds these by "
                "their largest values, not by the trained ranges",
            ),
        )
        nodes = "FakeQuant node" + "s" * (self.count != 1)
        others = ", ".join(one for one in self.operators if one in AROUND_ZERO)
        nodes += f" ({others})" if others else ""
        text = f"{self.count} {nodes} of quantization-aware training: fp32 and fp16 leave them out"
        uses = "" if self.inside + self.of_image + self.empty == self.count else USES_RANGES
        told = [f"{count} of the FakeQuant nodes {what}" for count, what in cautions if count]
        return [f"{text}{uses}", *told]


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
    nodes = [node for node in view.graph_def.node if node.op in FAKE_QUANT]
    operators = [node.op for node in view.operators() if node.op in FAKE_QUANT]
    found = FakeQuants(
        len(operators),
        inside=len(operators) - len(nodes),
        operators=tuple(dict.fromkeys(operators)),
    )
    of_image = view.descendants([image])
    grids = _grids(view, nodes, of_image, weights, found)
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
        elif node.name in grids:
            found.lost += 1
    view.refresh()
    return found


def _grids(
    view: GraphView,
    nodes: Sequence[Any],
    of_image: Iterable[str],
    weights: Weights,
    found: FakeQuants,
) -> dict[str, TrainedGrid]:
    """The grids of those whose ranges do not depend on the image, by the names of the nodes;
    ``found`` counts the others."""
    behind = set(of_image)
    asked = {node.name: range_tensors(node) for node in nodes}
    fixed = [node for node in nodes if not {node_of(t) for t in asked[node.name]} & behind]
    found.of_image = len(nodes) - len(fixed)
    values = iter(_Values(view, weights).of([t for node in fixed for t in asked[node.name]]))
    grids = {}
    for node in fixed:
        given = [next(values) for _ in asked[node.name]]
        grid = grid_of(node, given)
        if grid is None:
            found.empty += 1
            continue
        grids[node.name] = grid
        if node.name in behind and node.op == WITH_VARIABLES:
            found.initial += [float(one) for one in given] == [-6.0, 6.0]
    return grids


class _Values:
    """Computes tensors of the graph that do not depend on the image."""

    def __init__(self, view: GraphView, weights: Weights) -> None:
        self._session = open_session(imported(view))
        self._feed = {
            name: np.load(file, mmap_mode="r")
            for name, file in weights.files.items()
            if node_of(name) in view.nodes
        }

    def of(self, tensors: Sequence[str]) -> list[np.ndarray]:
        """Return the values of ``tensors``."""
        names = [canonical(tensor) for tensor in tensors]
        return [np.asarray(value) for value in self._session.run(names, self._feed)]
