"""Tell the part of a network that computes from the part that only decodes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import onnx

from converter.onnx_tools.edit import used_inside

# They multiply by weights: all else in a network costs little beside them.
WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul")
# They return sizes, whatever the pixels are.
_OF_SHAPES = ("Shape", "Size")
# They give values as they are, in another order or shape.
_MOVES = ("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Split", "Slice")


@dataclass(frozen=True)
class NarrowableNodes:
    """Nodes by name, in the order of execution.

    Attributes:
        nodes: those on the way from the image to the last products with weights. Neither what
            comes after these, which decodes boxes and scores, nor what computes with sizes.
        last: the products that lead to no other: they predict.
    """

    nodes: tuple[str, ...]
    last: frozenset[str]


def find_narrowable_nodes(
    graph: onnx.GraphProto, network: Sequence[onnx.NodeProto]
) -> NarrowableNodes:
    """Find the nodes of ``network``, which is a part of ``graph``, that may be narrowed."""
    seen = _of_the_image(graph)
    network = [node for node in network if node.name in seen]
    products = {node.name for node in network if node.op_type in WEIGHTED}
    while decoding := _after_softmax(network, _last(network, products)):
        products -= decoding
    leading = _leading_to(network, products)
    return NarrowableNodes(
        tuple(node.name for node in network if node.name in leading or node.name in products),
        frozenset(_last(network, products)),
    )


def _of_the_image(graph: onnx.GraphProto) -> set[str]:
    """Names of the nodes whose values depend on pixels, and not on sizes only."""
    values = {value.name for value in graph.input}
    found = set()
    for node in graph.node:
        if node.op_type not in _OF_SHAPES and values & {*node.input, *used_inside(node)}:
            values.update(node.output)
            found.add(node.name)
    return found


def _last(network: Sequence[onnx.NodeProto], products: Collection[str]) -> set[str]:
    return set(products) - _leading_to(network, products)


def _leading_to(network: Sequence[onnx.NodeProto], products: Collection[str]) -> set[str]:
    """The nodes that a product depends on."""
    needed: set[str] = set()
    found = set()
    for node in reversed(network):
        leads = not needed.isdisjoint(node.output)
        if leads:
            found.add(node.name)
        if leads or node.name in products:
            needed.update(node.input)
            needed.update(used_inside(node))
    return found


def _after_softmax(network: Sequence[onnx.NodeProto], last: Iterable[str]) -> set[str]:
    """Those of the last products that take the mean of a distribution, as YOLO's boxes are read
    off their distances: their weights are the numbers 0, 1, 2 …, and were not learnt."""
    made_by = {name: node for node in network for name in node.output}
    by_name = {node.name: node for node in network}
    found = set()
    for name in last:
        before = made_by.get(by_name[name].input[0])
        while before is not None and before.op_type in _MOVES:
            before = made_by.get(before.input[0])
        if before is not None and before.op_type == "Softmax":
            found.add(name)
    return found
