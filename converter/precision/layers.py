"""The layers of a network: each product with weights, and what follows it up to the next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from converter.precision.float32_model import Float32Model, short_name
from converter.precision.narrowable_nodes import WEIGHTED

# More would take too long to try one by one.
MOST_LAYERS = 64


@dataclass(frozen=True)
class Layer:
    """Nodes that are narrowed or kept together; the name is that of the product."""

    name: str
    nodes: tuple[str, ...]


def split_into_layers(source: Float32Model, names: Collection[str]) -> tuple[Layer, ...]:
    """The nodes of ``names`` in layers, in the order of execution, neighbours together where
    there would be more than ``MOST_LAYERS``."""
    layers: list[Layer] = []
    waiting: list[str] = []
    for node in source.nodes(names):
        if node.op_type in WEIGHTED:
            layers.append(Layer(short_name(node.name), (*waiting, node.name)))
            waiting = []
        elif layers:
            layers[-1] = Layer(layers[-1].name, (*layers[-1].nodes, node.name))
        else:
            waiting.append(node.name)
    step = -(-len(layers) // MOST_LAYERS) or 1
    return tuple(_together(layers[first : first + step]) for first in range(0, len(layers), step))


def _together(layers: list[Layer]) -> Layer:
    names = layers[0].name if len(layers) == 1 else f"{layers[0].name} … {layers[-1].name}"
    return Layer(names, tuple(name for layer in layers for name in layer.nodes))
