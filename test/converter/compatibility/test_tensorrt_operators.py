"""The table of what TensorRT takes, against the published matrix, and what is missing in models."""

from __future__ import annotations

import onnx
import onnx.parser
import pytest

from converter.compatibility.tensorrt_operators import Missing, limit, missing_operators, takes
from converter.compatibility.tensorrt_versions import VERSIONS
from converter.inputs.pixels import Pixels
from converter.stages.input_stage import input_stage

SUPPRESSION = """
detector (float[1, 8, 4] boxes, float[1, 3, 8] scores) => (int64[kept, 3] chosen)
{
    best = Relu (scores)
    [suppress] chosen = NonMaxSuppression (boxes, best)
}
"""

LOOP = """
repeat (int64 turns, bool first, float[8] values) => (float[8] result)
{
    result = Loop (turns, first, values) <body = turn (int64 i, bool go, float[8] carried)
        => (bool again, float[8] passed)
        {
            again = Identity (go)
            [distinct] seen = Unique (carried)
            passed = Identity (carried)
        }>
}
"""

LOOKUP = """
names (int64[8] classes) => (string[8] texts)
{
    texts = ai.onnx.ml.LabelEncoder <keys_int64s = [0, 1], values_strings = ["a", "b"]> (classes)
}
"""

MANY = """
codes (int64[8] a, int64 depth, float[2] values) => (float[8, d] r)
{
    [one] p = OneHot (a, depth, values)
    [two] q = OneHot (a, depth, values)
    r = OneHot (a, depth, values)
    [four] s = OneHot (a, depth, values)
}
"""


def model(graph: str) -> onnx.ModelProto:
    return onnx.parser.parse_model(
        f'<ir_version: 8, opset_import: ["" : 17, "ai.onnx.ml" : 3]>\n{graph}'
    )


def the_one(graph: str) -> Missing:
    (missing,) = missing_operators(model(graph))
    return missing


@pytest.mark.parametrize(
    "operator, before, since",
    [
        ("Einsum", "8.0", "8.2"),
        ("Xor", "8.2", "8.4"),
        ("NonZero", "8.4", "8.5"),
        ("LayerNormalization", "8.5", "8.6"),
        ("Gelu", "8.6", "10.0"),
        ("DeformConv", "10.0", "10.3"),
        ("STFT", "10.3", "10.13"),
        ("Attention", "10.13", "11.1"),
    ],
)
def test_operators_are_taken_from_their_version_on(operator: str, before: str, since: str) -> None:
    assert takes(since, operator)
    assert not takes(before, operator)


def test_what_the_matrix_leaves_out_and_the_parser_has_is_taken() -> None:
    assert takes("8.2", "Reciprocal")


def test_a_suppression_is_missing_before_8_5() -> None:
    missing = the_one(SUPPRESSION)
    assert (missing.operator, missing.count, missing.nodes) == (
        "NonMaxSuppression",
        1,
        ("suppress",),
    )
    assert missing.lacking == ("8.0", "8.2", "8.4")
    assert missing.remedy.startswith("use TensorRT 8.5 or newer, or end the network before it")


def test_the_body_of_a_loop_is_searched() -> None:
    missing = the_one(LOOP)
    assert (missing.operator, missing.nodes) == ("Unique", ("distinct",))
    assert missing.lacking == VERSIONS
    assert "mask" in missing.remedy


def test_operators_of_other_domains_are_missing_everywhere() -> None:
    missing = the_one(LOOKUP)
    assert (missing.operator, missing.nodes) == ("ai.onnx.ml.LabelEncoder", ("texts",))
    assert missing.lacking == VERSIONS
    assert "labels" in missing.remedy


def test_an_operator_is_told_once_with_its_first_nodes() -> None:
    missing = the_one(MANY)
    assert (missing.operator, missing.count, missing.nodes) == ("OneHot", 4, ("one", "two", "r"))


def test_there_is_a_remedy_for_operators_that_nobody_thought_of() -> None:
    graph = "g (float[2, 2] a) => (float b) { b = Det (a) }"
    assert "end the network before it" in the_one(graph).remedy


def test_nothing_is_missing_for_the_input_stage() -> None:
    assert missing_operators(input_stage(320, 320, Pixels(), 17)) == ()


@pytest.mark.parametrize(
    ("attribute", "operator", "lacking"),
    [
        ("", "ScatterND", ("8.0",)),
        ('<reduction = "none">', "ScatterND", ("8.0",)),
        ('<reduction = "add">', "ScatterND with reduction", VERSIONS),
    ],
)
def test_scattering_that_adds_up_is_in_no_version(
    attribute: str, operator: str, lacking: tuple[str, ...]
) -> None:
    """Those before 10 do not look at the attribute, and would overwrite."""
    missing = the_one(
        "scatter (float[8] data, int64[3, 1] places, float[3] values) => (float[8] result)\n"
        f"{{ result = ScatterND {attribute} (data, places, values) }}"
    )
    assert (missing.operator, missing.lacking) == (operator, lacking)
    assert ("tf.matmul" in missing.remedy) == (operator != "ScatterND")


def test_limits_hold_from_their_version_to_the_next() -> None:
    assert [limit(version, "Pad") for version in ("8.0", "8.2", "10.0", "10.3", "10.13")] == [
        "zeros, two axes only",
        "",
        "constant axes",
        "constant axes",
        "",
    ]
    assert limit("10.3", "Relu") == ""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_limits_how_many_are_picked(version: str) -> None:
    assert "3840" in limit(version, "TopK")
