"""What is said of nodes that some TensorRT refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from converter.compatibility.refusals import Refusal
from converter.tables.refusal_wording import layers, refusal_text, version_range

CUBIC = Refusal(
    "Resize",
    1,
    ("network/Resize__9",),
    ("8.0", "8.2", "8.4"),
    "use TensorRT 8.5 or newer, or resize bilinearly",
    limit="no cubic interpolation",
    origins=(("StatefulPartitionedCall/model/up/resize/ResizeBicubic",),),
)


def test_a_refusal_names_versions_node_layer_limit_and_remedy() -> None:
    assert refusal_text(CUBIC) == (
        "TensorRT 8.0 to 8.4 refuses this Resize (node network/Resize__9, layer model/up/resize): "
        "it takes no cubic interpolation. Use TensorRT 8.5 or newer, or resize bilinearly."
    )


def test_a_missing_operator_is_told_from_a_limit() -> None:
    missing = replace(CUBIC, operator="Mod", limit="", count=2, nodes=("a", "b"))
    assert refusal_text(missing).startswith(
        "TensorRT 8.0 to 8.4 does not have Mod (2 nodes, layer model/up/resize): use TensorRT 8.5"
    )


def test_many_nodes_of_a_layer_are_told_once_and_of_many_layers_the_first() -> None:
    names = tuple((f"model/layer_{number}/conv/Conv2D",) for number in range(5))
    many = replace(CUBIC, count=40, origins=names)
    assert "40 nodes, layers model/layer_0/conv, model/layer_1/conv, model/layer_2/conv and 2" in (
        refusal_text(many)
    )


@pytest.mark.parametrize(
    ("origin", "layer"),
    [
        (("model/up/resize/ResizeBicubic",), "model/up/resize"),
        (("PartitionedCall/PartitionedCall/MaxPoolWithArgmax",), "MaxPoolWithArgmax"),
        (("Add_1",), "Add_1"),
        (("model/a/Relu", "model/b/Neg"), "model/a to model/b"),
        (("model/a/Relu", "model/a/Neg"), "model/a"),
        (("", "model/b/Neg"), "before model/b"),
        (("model/a/Relu", ""), "after model/a"),
    ],
)
def test_the_layer_is_that_of_the_tensorflow_model(origin: tuple[str, ...], layer: str) -> None:
    assert layers(replace(CUBIC, origins=(origin,))) == (layer,)


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        (("8.2",), "8.2"),
        (("8.0", "8.2", "8.4"), "8.0 to 8.4"),
        (("8.0", "8.5", "8.6"), "8.0, 8.5 to 8.6"),
        (("8.2", "10.3.0.30"), "8.2, 10.3.0.30"),
    ],
)
def test_versions_beside_each_other_are_told_as_a_range(
    versions: tuple[str, ...], text: str
) -> None:
    assert version_range(versions) == text
