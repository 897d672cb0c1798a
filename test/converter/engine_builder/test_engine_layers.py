"""What the engine inspector reports, in the words of several versions."""

import json
from typing import Any, Callable, Dict, Sequence, Tuple

import pytest

from converter.engine_builder.engine_layers import (
    EngineLayer,
    by_precision,
    is_unused,
    may_be_unused,
    read_layers,
    time_layers,
)
from test.tensorrt_double.install import install

Tensor = Callable[[str], Dict[str, object]]


def before_11(text: str) -> Dict[str, object]:
    """A tensor as TensorRT before 11 describes it."""
    return {"Name": "t", "Dimensions": [1], "Format/Datatype": text}


def since_11(text: str) -> Dict[str, object]:
    """From "Migrating IEngineInspector Usage from TensorRT 10.x to 11.x": the format may name
    another type than the one that counts."""
    form = "Row major linear FP32 format (kLINEAR)"
    return {"Name": "t", "Dimensions": [1], "Format": form, "DataType": text}


def inspected(
    kind: str, *types: str, name: str = "network/conv", tensor: Tensor = before_11
) -> str:
    """One layer; all of ``types`` but the last are of its inputs."""
    tensors = [tensor(text) for text in types]
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
        # An image is uint8, and no int8.
        (("Row major linear UInt8 format", "Row major linear FP32"), "fp32"),
        (("UInt8", "Half"), "fp16"),
        (("Row major linear BOOL", "Int64"), "other"),
        (("Channel major INT8 format where column stride % 32 == 0", "Float"), "int8"),
        (("FP8", "Half"), "fp8"),
        (("Row major linear FP4 format (kLINEAR)", "FP8"), "fp4"),
        (("FP4E2M1", "Half"), "fp4"),
        (("Int4", "Half"), "int4"),
        (("Double", "Double"), "fp64"),
        (("E8M0", "FP8"), "fp8"),
    ],
)
def test_a_layer_has_the_narrowest_type_that_goes_in_or_out(
    types: Tuple[str, ...], precision: str
) -> None:
    (layer,) = read_layers(inspected("CaskConvolution", *types))
    assert (layer.name, layer.precision, layer.moves) == ("network/conv", precision, False)


@pytest.mark.parametrize(
    ("types", "precision"),
    [
        (("Float", "Float"), "fp32"),
        (("Float", "Half"), "fp16"),
        (("Half", "Int8"), "int8"),
        (("UInt8", "Float"), "fp32"),
        (("Int64", "Bool"), "other"),
        (("BFloat16", "BFloat16"), "bf16"),
        (("FP8", "FP4"), "fp4"),
        (("E5M2", "Half"), "fp8"),
    ],
)
def test_the_type_stands_beside_the_format_from_11_on(
    types: Tuple[str, ...], precision: str
) -> None:
    (layer,) = read_layers(inspected("CaskConvolution", *types, tensor=since_11))
    assert layer.precision == precision
    assert is_unused("fp16", [layer]) == (precision != "fp16")


@pytest.mark.parametrize(
    "types",
    [
        ("Half", "N/A due to dynamic shapes"),
        ("Unknown format", "Float"),
        ("Float", ""),
        ("Float", "Posit16"),  # what is to come
        (),
    ],
)
@pytest.mark.parametrize("tensor", [before_11, since_11])
def test_a_layer_with_a_type_that_is_not_known_accuses_nobody(
    types: Sequence[str], tensor: Tensor
) -> None:
    layers = read_layers(inspected("CaskConvolution", *types, tensor=tensor))
    layers += read_layers(inspected("CaskConvolution", "Float", "Float", name="other"))
    assert [layer.precision for layer in layers] == ["unknown", "fp32"]
    assert not is_unused("fp16", layers)
    assert (may_be_unused("fp16", layers), may_be_unused("fp32", layers)) == (1, 0)
    assert by_precision(layers)["unknown"]["layers"] == 1


def test_a_tensor_that_is_described_in_another_way_accuses_nobody() -> None:
    for tensor in ({"Name": "t", "Format": "Row major linear FP16 format"}, "t", None):
        layer = {"Name": "conv", "LayerType": "Conv", "Inputs": [tensor], "Outputs": [tensor]}
        (found,) = read_layers(json.dumps({"Layers": [layer]}))
        assert found.precision == "unknown"


def test_what_the_profiler_alone_knows_is_not_known_unless_it_moves() -> None:
    layer = EngineLayer("conv", "fp32")
    copies = "Reformatting CopyNode for Input Tensor 0 to conv"
    with install("8.6.1") as double:
        timed = time_layers(double.tensorrt, Profiled({"conv": 1.0, copies: 2.0}), [], [layer], 2)
        assert is_unused("fp16", timed)
        timed = time_layers(double.tensorrt, Profiled({"conv": 1.0, "pool": 2.0}), [], [layer], 2)
        assert not is_unused("fp16", timed)
    assert [(one.name, one.precision, one.milliseconds) for one in timed] == [
        ("conv", "fp32", 1.0),
        ("pool", "unknown", 2.0),
    ]


class Profiled:
    """An execution context whose layers take these milliseconds."""

    def __init__(self, milliseconds: Dict[str, float]) -> None:
        self.profiler: Any = None
        self._milliseconds = milliseconds

    def execute_v2(self, bindings: Sequence[int]) -> None:
        for name, value in self._milliseconds.items():
            self.profiler.report_layer_time(name, value)


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
