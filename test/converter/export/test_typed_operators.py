"""What operators take from a later opset on, against the texts of ONNX' change log."""

from __future__ import annotations

import onnx
import onnx.parser
import pytest

from converter.export.opsets import OpsetNeed, describe_needs
from converter.export.typed_operators import types_of_later_opsets


def needs(graph: str, opset: int = 13, highest: int = 17) -> tuple[OpsetNeed, ...]:
    text = f'<ir_version: 7, opset_import: ["" : {opset}]>\n{graph}'
    return types_of_later_opsets(onnx.parser.parse_model(text), highest)


def one(operator: str, kind: str, inputs: str = "x") -> str:
    return f"g ({kind}[4] x) => ({kind}[4] y) {{ [a] y = {operator} ({inputs}) }}"


@pytest.mark.parametrize(
    ("operator", "kind", "inputs", "opset"),
    [
        ("Relu", "int32", "x", 14),
        ("Add", "uint8", "x, x", 14),
        ("Mul", "int8", "x, x", 14),
        ("LeakyRelu", "bfloat16", "x", 16),
    ],
)
def test_types_that_came_later_are_named(operator: str, kind: str, inputs: str, opset: int) -> None:
    found = needs(one(operator, kind, inputs))
    assert found == (OpsetNeed(f"{operator} of {kind}", opset, "a"),)
    assert needs(one(operator, kind, inputs), opset) == ()


def test_a_type_that_is_computed_is_known() -> None:
    graph = "g (float[4] x) => (int32[4] y) { [a] i = Cast <to = 6> (x) [b] y = Relu (i) }"
    assert needs(graph) == (OpsetNeed("Relu of int32", 14, "b"),)


@pytest.mark.parametrize(
    ("operator", "kind", "inputs"),
    [
        ("Relu", "float", "x"),
        ("Max", "uint8", "x, x"),
        ("Relu", "string", "x"),  # no opset has it
        ("HardSwish", "float", "x"),  # came later itself
        ("TensorScatterAdd", "float", "x"),  # still TensorFlow's
    ],
)
def test_a_later_opset_is_named_only_where_it_helps(operator: str, kind: str, inputs: str) -> None:
    assert needs(one(operator, kind, inputs)) == ()


def test_one_that_is_not_allowed_does_not_help() -> None:
    assert needs(one("Relu", "int32"), highest=13) == ()


def test_each_operator_is_described_once_with_its_first_layers() -> None:
    found = [OpsetNeed("Add of uint8", 14, f"Stateful/m/block_{n % 4}/add_{n}") for n in range(8)]
    assert describe_needs([*found, OpsetNeed("Relu of int32", 14, "Relu")]) == (
        "Add of uint8 needs opset 14 (layer Stateful/m/block_0, Stateful/m/block_1, "
        "Stateful/m/block_2 and 1 more)",
        "Relu of int32 needs opset 14 (layer at the top of the graph)",
    )
