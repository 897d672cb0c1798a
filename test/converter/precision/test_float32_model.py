"""What may be narrowed of a bundle's model, and what comes after it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converter.errors import PrecisionError
from converter.precision.float32_model import read_float32
from test.converter.precision.models import (
    colored_cells,
    kernel,
    network,
    operators,
    read,
    two_layers,
)
from test.task_bundles import write_classification_bundle


def test_the_body_ends_with_the_last_product(tmp_path: Path) -> None:
    """Not with the decoding, nor with the stages around the network."""
    source = read(tmp_path, colored_cells(*two_layers()))
    names = [node.output[0] for node in source.nodes(source.body)]
    made = ("planes", "first", "active", "seen", "means", "contrasts")
    assert names == [f"network/{name}" for name in made]
    assert set(source.outputs) == {"head/all_boxes", "head/class_scores"}
    after = {node.output[0] for node in source.model.graph.node} - set(names)
    assert {"network/boxes_of_batch", "network/predictions", "boxes", "scores"} <= after


def test_both_predictions_belong_to_the_body_and_their_decoding_does_not(tmp_path: Path) -> None:
    model = network(
        f"""net (float[1, 3, 2, 2] x) => (float[1, 3, 2, 2] boxes, float[1, 3, 2, 2] scores)
        <{kernel("w", np.eye(3))}> {{
            trunk = Conv (x, w)
            box = Conv (trunk, w)
            boxes = Exp (box)
            size = Shape (boxes)
            class = Conv (trunk, w)
            flat = Reshape (class, size)
            scores = Softmax (flat)
        }}"""
    )
    source = read(tmp_path, model)
    names = [name.removeprefix("network/model/") for name in source.body]
    assert names == ["trunk", "box", "class"]
    assert source.outputs == ("network/boxes", "network/scores")


def test_a_normalisation_after_a_convolution_is_in_its_weights(tmp_path: Path) -> None:
    model = network(
        f"""net (float[1, 3, 2, 2] x) => (float[1, 3, 2, 2] y)
        <{kernel("w", np.eye(3))}, {kernel("v", np.eye(3))},
        float[3, 1, 1] scale = {{1, 2, 3}}> {{
            c = Conv (x, w)
            s = Mul (c, scale)
            y = Conv (s, v)
        }}"""
    )
    source = read(tmp_path, model)
    assert operators(source.model) == ["Conv", "Conv", "Identity"]
    assert source.is_float(source.model.graph.node[0].input[1])


def test_a_model_without_a_network_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """The graph of another converter, and a network without products."""
    foreign = write_classification_bundle(tmp_path / "foreign") / "fp32.onnx"
    with pytest.raises(PrecisionError, match="use fp32, or convert the model again"):
        read_float32(foreign)
    with pytest.raises(PrecisionError, match="nothing to narrow"):
        read(tmp_path, network("net (float[1, 3] x) => (float[1, 3] y) { y = Relu (x) }"))


def test_nodes_without_names_of_their_own_are_told_apart(tmp_path: Path) -> None:
    model = network(
        f"""net (float[1, 3, 2, 2] x) => (float[1, 3, 2, 2] y) <{kernel("w", np.eye(3))}> {{
            first = Conv (x, w)
            second = Conv (first, w)
            y = Conv (second, w)
        }}"""
    )
    model.graph.node[0].name = ""
    model.graph.node[2].name = model.graph.node[1].name
    source = read(tmp_path, model)
    assert len(set(source.body)) == len(source.body) == 3
