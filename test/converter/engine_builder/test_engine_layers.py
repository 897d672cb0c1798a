"""What the engine inspector reports, in the words of several versions."""

import json
from typing import Tuple

import pytest

from converter.engine_builder.engine_layers import EngineLayer, by_precision, is_unused, read_layers


def inspected(kind: str, *types: str, name: str = "network/conv") -> str:
    """One layer; all of ``types`` but the last are of its inputs."""
    tensors = [{"Name": "t", "Dimensions": [1], "Format/Datatype": text} for text in types]
    layer = {"Name": name, "LayerType": kind, "Inputs": tensors[:-1], "Outputs": tensors[-1:]}
    return json.dumps({"Layers": [layer], "Bindings": ["image"]})


@pytest.mark.parametrize(
    ("types", "precision"),
    [
        (("Row major linear FP32", "Row major linear FP32"), "fp32"),
        (("Row major linear FP32", "Channel major FP16 format where channel % 8 == 0"), "fp16"),
        (
            ("Thirty-two wide channel vectorized row major Int8 format", "Row major linear FP32"),
            "int8",
        ),
        (("Float", "Half"), "fp16"),
        (("Int32", "Int32"), "other"),
        (("BFloat16", "Float"), "bf16"),
    ],
)
def test_a_layer_has_the_narrowest_type_that_goes_in_or_out(
    types: Tuple[str, ...], precision: str
) -> None:
    (layer,) = read_layers(inspected("CaskConvolution", *types))
    assert (layer.name, layer.precision, layer.moves) == ("network/conv", precision, False)


def test_a_type_that_only_a_copy_has_is_not_used() -> None:
    layers = read_layers(inspected("Reformat", "Row major linear FP32", "Row major linear FP16"))
    assert layers[0].moves
    layers += read_layers(inspected("CaskConvolution", "Float", "Float"))
    assert is_unused("fp16", layers)
    assert not is_unused("fp32", layers)
    assert by_precision(layers) == {"fp32": {"layers": 1, "milliseconds": 0.0}}


def test_an_engine_without_details_accuses_nobody() -> None:
    layers = read_layers(json.dumps({"Layers": ["network/conv", "head/topk"]}))
    assert [layer.name for layer in layers] == ["network/conv", "head/topk"]
    assert not is_unused("fp16", layers)


def test_what_is_no_json_gives_no_layers() -> None:
    assert read_layers("") == read_layers("[]") == ()


def test_times_are_added_by_precision() -> None:
    layers = [
        EngineLayer("a", "fp16", 1.5),
        EngineLayer("b", "fp16", 0.25),
        EngineLayer("c", "fp32", 2.0),
    ]
    assert by_precision(layers)["fp16"] == {"layers": 2, "milliseconds": 1.75}
