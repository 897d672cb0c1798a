"""The fp32 model of a bundle, with what every precision needs to know about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import onnx

from converter.errors import PrecisionError
from converter.onnx_tools.node_names import HEAD, NETWORK
from converter.onnx_tools.trained_grids import TrainedGrid, read_grids, write_grids
from converter.precision.fold_batch_norm import fold_scales
from converter.precision.narrowable_nodes import find_narrowable_nodes
from converter.precision.trained_weights import TrainedWeights, scale_trained, trained_weights


@dataclass(frozen=True)
class Float32Model:
    """The model, and which of its nodes may be narrowed.

    Attributes:
        model: with all weights in it, every node named, batch normalisation folded into the
            convolutions before it.
        types: ONNX' number of each tensor's type, where it is known.
        body: names of the nodes that may be narrowed, see ``find_narrowable_nodes``.
        last: those of them that predict.
        outputs: what comes out of the head, as floats: boxes and scores of all candidates; where
            that is a class map, what goes into the head.
        trained: what quantization-aware training has found for activations, by their names.
        trained_weights: weights on eight bits as such a training has rounded them, by their names.
    """

    model: onnx.ModelProto
    types: dict[str, int]
    body: tuple[str, ...]
    last: frozenset[str]
    outputs: tuple[str, ...]
    trained: dict[str, TrainedGrid] = field(default_factory=dict)
    trained_weights: dict[str, TrainedWeights] = field(default_factory=dict)

    @property
    def opset(self) -> int:
        """The version of ONNX' own operators."""
        return int(self.model.opset_import[0].version)

    def nodes(self, names: Iterable[str]) -> list[onnx.NodeProto]:
        """Return the nodes of these names, in the order of execution."""
        wanted = set(names)
        return [node for node in self.model.graph.node if node.name in wanted]

    def is_float(self, tensor: str) -> bool:
        """Whether a tensor is float32."""
        return self.types.get(tensor) == onnx.TensorProto.FLOAT


def read_float32(file: Path) -> Float32Model:
    """Read ``fp32.onnx`` of a bundle.

    Raises:
        PrecisionError: it was not made by the converter, or has nothing to narrow.
    """
    types = _types(file)
    model = onnx.load(str(file))
    _name_nodes(model.graph)
    grids = read_grids(model)
    write_grids(model, {})  # other precisions have no use for them
    weights = trained_weights(model.graph, grids)
    scaled = fold_scales(model.graph)
    types |= {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    network = [node for node in model.graph.node if node.output[0].startswith(NETWORK)]
    body = find_narrowable_nodes(model.graph, network)
    if not body.nodes:
        raise PrecisionError(
            f"'{file.name}' has no network with convolutions or products of matrices, so that "
            "there is nothing to narrow: use fp32, or convert the model again"
        )
    leaving = _leaving(model.graph, HEAD) or _leaving(model.graph, NETWORK)
    outputs = tuple(name for name in leaving if types.get(name) == onnx.TensorProto.FLOAT)
    there = {name for node in model.graph.node for name in node.output}
    return Float32Model(
        model,
        types,
        body.nodes,
        body.last,
        outputs,
        {name: grid for name, grid in grids.items() if name in there},
        scale_trained(weights, scaled),
    )


def _types(file: Path) -> dict[str, int]:
    """The type of every tensor, without reading weights that are in another file."""
    light = onnx.load(str(file), load_external_data=False)
    graph = onnx.shape_inference.infer_shapes(light).graph
    values = (*graph.value_info, *graph.input, *graph.output)
    known = {value.name: value.type.tensor_type.elem_type for value in values}
    return known | {tensor.name: tensor.data_type for tensor in graph.initializer}


def _name_nodes(graph: onnx.GraphProto) -> None:
    """Every node gets a name of its own."""
    taken: set[str] = set()
    for node in graph.node:
        node.name = node.name or node.output[0]
        while node.name in taken:
            node.name += "_"
        taken.add(node.name)


def _leaving(graph: onnx.GraphProto, part: str) -> list[str]:
    """The tensors of a part that nodes of other parts read."""
    others = [node for node in graph.node if not node.output[0].startswith(part)]
    names = (name for node in others for name in node.input if name.startswith(part))
    made = {name for node in graph.node for name in node.output}
    return [name for name in dict.fromkeys(names) if name in made]


def short_name(name: str) -> str:
    """Return the name of a node as people know it: without the folders that TensorFlow's functions
    add."""
    parts = [part for part in name.removeprefix(NETWORK).split("/") if "Partitioned" not in part]
    return "/".join(parts) or name
