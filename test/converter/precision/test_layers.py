"""Layers of a network: what is narrowed together, and what it is called."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from converter.precision.float32_model import Float32Model, short_name
from converter.precision.layers import MOST_LAYERS, split_into_layers
from test.converter.precision.models import kernel, network, read


def chain(folder: Path, count: int) -> Float32Model:
    """Something before the first convolution, and an activation after each."""
    lines = ["r0 = Neg (x)"]
    for number in range(1, count + 1):
        lines += [f"c{number} = Conv (r{number - 1}, w)", f"r{number} = Relu (c{number})"]
    return read(
        folder,
        network(
            f"net (float[1, 2, 1, 1] x) => (float[1, 2, 1, 1] r{count}) "
            f"<{kernel('w', np.eye(2))}> {{ {' '.join(lines)} }}"
        ),
    )


def test_what_follows_a_product_is_in_its_layer_and_what_comes_first_in_the_first(
    tmp_path: Path,
) -> None:
    source = chain(tmp_path, 3)
    layers = split_into_layers(source, source.body)
    assert [layer.name for layer in layers] == ["model/c1", "model/c2", "model/c3"]
    assert [[name.rpartition("/")[2] for name in layer.nodes] for layer in layers] == [
        ["r0", "c1", "r1"],
        ["c2", "r2"],
        ["c3"],
    ]


def test_nodes_that_are_not_asked_for_are_in_no_layer(tmp_path: Path) -> None:
    source = chain(tmp_path, 3)
    layers = split_into_layers(source, {"network/model/c2", "network/model/r2"})
    assert [layer.nodes for layer in layers] == [("network/model/c2", "network/model/r2")]
    assert split_into_layers(source, {"network/model/r2"}) == ()


def test_neighbours_are_together_where_there_are_many(tmp_path: Path) -> None:
    source = chain(tmp_path, 150)
    layers = split_into_layers(source, source.body)
    assert MOST_LAYERS / 2 < len(layers) <= MOST_LAYERS
    assert tuple(name for layer in layers for name in layer.nodes) == source.body
    assert layers[0].name == "model/c1 … model/c3"
    assert len({layer.name for layer in layers}) == len(layers)
    exactly = chain(tmp_path, MOST_LAYERS)
    assert len(split_into_layers(exactly, exactly.body)) == MOST_LAYERS


def test_names_are_those_of_the_model() -> None:
    name = "network/StatefulPartitionedCall/StatefulPartitionedCall/model_1/conv2d_1/Conv2D"
    assert short_name(name) == "model_1/conv2d_1/Conv2D"
    assert short_name("network/StatefulPartitionedCall") == "network/StatefulPartitionedCall"
