"""Each limit of TensorRT, against a model that breaks it and one that does not."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from converter.compatibility.limits.all_limits import LIMITS, limit_texts
from converter.compatibility.limits.limit import Limit
from converter.compatibility.refusals import find_refusals
from test.converter.compatibility.limit_cases import ALL, CASES, Case
from test.converter.compatibility.onnx_text import parsed
from trt_inference.bundles.tensorrt_operators import takes
from trt_inference.bundles.tensorrt_versions import VERSIONS

INPUTS = """
    float[1, 1, 8, 8] image, float[1, 1, 4, 4, 4] five, float[1, 1, 2, 2, 2, 2] six,
    float[2, 4] rows, float[4, 2] columns, float[1, 4096] long, float[2, 1] thin,
    float[N, 4] loose, int64[N, 4] loose_ids, int64[N] loose_lengths, int64[2] lengths,
    float[3, 1, 4] steps, float[8] eight, float[3] three, int32[4] ids, int32[2, 2] row_ids,
    int32[1, 1, 8, 8] labels, bool[4] flags, uint8[2, 4] bytes, float[1, 1, 3, 3] weights,
    float[1] one_value, int64[1] axis, int64[2] shares, int64[4] margins, float[4] factors,
    int64[4] goal, float end, float[1, 8, 8, 2] at_4, float[1, 4, 4, 4, 3] at_5
"""

CONSTANTS: dict[str, np.ndarray] = {
    "twice": np.array([1, 1, 2, 2], np.float32),
    "three_twice": np.array([1, 2, 2, 2], np.float32),
    "all_twice": np.array([2, 2, 2, 2], np.float32),
    "four_halves": np.full([4], 0.5, np.float32),
    "four_zeros": np.zeros([4], np.int8),
    "sizes": np.array([1, 1, 16, 16], np.int64),
    "kernel": np.ones([1, 1, 3, 3], np.float32),
    "kernel_3d": np.ones([1, 1, 2, 2, 2], np.float32),
    "kernel_4d": np.ones([1, 1, 2, 2, 2, 2], np.float32),
    "one": np.ones([1], np.float32),
    "v": np.ones([1], np.float32),
    "w4": np.ones([4], np.float32),
    "lstm_w": np.ones([1, 8, 4], np.float32),
    "lstm_r": np.ones([1, 8, 2], np.float32),
    "gru_w": np.ones([2, 6, 4], np.float32),
    "gru_r": np.ones([2, 6, 2], np.float32),
    "places": np.array([[1], [3], [5]], np.int64),
    "three_places": np.array([1, 3, 5], np.int64),
    "two": np.array([2], np.int64),
    "first": np.array([1], np.int64),
    "none_axis": np.array([0], np.int64),
    "both_axes": np.array([0, 1], np.int64),
    "whole_none": np.array(0, np.int64),
    "whole_one": np.array(1, np.int64),
    "one_time": np.array([1], np.int64),
    "one_and_one": np.array([1, 1], np.int64),
    "pads": np.array([0, 1, 0, 1], np.int64),
    "k_3840": np.array([3840], np.int64),
    "k_3841": np.array([3841], np.int64),
    "half": np.array(0.5, np.float32),
    "none": np.array(0.0, np.float32),
    "yes": np.array(True),
    "no": np.array(False),
    "range": np.array([0, 1], np.float32),
    "zero": np.array(0, np.int8),
    "shift": np.array(3, np.int8),
    "zero_byte": np.array(0, np.uint8),
    "whole_bias": np.array([1, 2], np.int32),
    "whole_zero": np.array(0, np.int32),
}


def limit_graph(nodes: str, opset: int) -> onnx.ModelProto:
    """The nodes behind the inputs and constants that they use, with the output ``y``.

    The type of ``y`` is the one that ONNX infers.
    """
    model = parsed(f"g ({INPUTS}) => (y) {{ {nodes} }}", opset)
    used = {name for node in model.graph.node for name in node.input}
    kept = [value for value in model.graph.input if value.name in used]
    del model.graph.input[:]
    model.graph.input.extend(kept)
    for name in used & set(CONSTANTS):
        model.graph.initializer.append(numpy_helper.from_array(CONSTANTS[name], name))
    inferred = onnx.shape_inference.infer_shapes(model)
    model.graph.output[0].CopyFrom(inferred.graph.output[0])
    return model


def refusing(nodes: str, opset: int) -> tuple[str, ...]:
    """The versions that refuse a node because of a limit, not because they lack an operator."""
    refusals = find_refusals(limit_graph(nodes, opset))
    lacking = {version for one in refusals if one.limit for version in one.lacking}
    return tuple(version for version in VERSIONS if version in lacking)


def test_the_cases_are_about_the_versions_of_the_table() -> None:
    assert VERSIONS == ALL


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_node_is_refused_by_the_versions_whose_parsers_refuse_it(case: Case) -> None:
    assert refusing(case.refused, case.opset) == case.refusing


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_node_that_breaks_no_limit_is_taken(case: Case) -> None:
    assert refusing(case.taken, case.opset) == ()


IF = """
    y = If (decided) <
        then_branch = yes () => (float[{}] {}) {{ {} = Relu (rows) }},
        else_branch = no () => (float[{}] {}) {{ {} = Neg (rows) }}
    >
"""
LOOP = """
    y = Loop ({}, go, rows) <body = turn (int64 i, bool more, float[a, b] old)
        => (bool again, float[{}] new)
        {{ again = Identity (more)  new = Relu (old) }}>
"""
COLLECT = """
    last, all = Loop ({}, go, rows) <body = turn (int64 i, bool more, float[2, 4] old)
        => (bool again, float[2, 4] new, float[2, 4] kept)
        {{ again = Identity (more)  new = Relu (old)  kept = Relu (old) }}>
    y = Relu ({})
"""
SCAN = """
    y = Scan <num_scan_inputs = 1, body = turn (float[4] row) => (float[4] out)
        {{ out = Relu (row) }}> (rows)
"""
SCAN_WITH_STATE = """
    s, y = Scan <num_scan_inputs = 1, body = turn (float[4] sum, float[4] row)
        => (float[4] next, float[4] out) {{ next = Add (sum, row)  out = Relu (row) }}> (w4, rows)
"""
MOST = np.array(np.iinfo(np.int64).max)


@pytest.mark.parametrize(
    ("nodes", "versions"),
    [
        # builtin_op_importers.cpp:2139@8.0-GA, 2086@8.2-GA; scopes of their own in 8.4-GA
        (IF.format("2, 4", "a", "a", "2, 4", "a", "a"), ("8.0", "8.2")),
        (IF.format("2, 4", "a", "a", "2, 4", "b", "b"), ()),
        # builtin_op_importers.cpp:2145@8.0-GA; operators.md@10.1-GA: the same rank
        # TensorRT 8.5.3 and 8.6.0: the same shape
        (IF.format("2, 4", "a", "a", "3, 4", "b", "b"), ("8.0", "8.5", "8.6")),
        (IF.format("2, 4", "a", "a", "8", "b", "b"), ALL),
        # NvInfer.h:4613@v10.3.0: "must have the same dimensions as input 0"
        (LOOP.format("turns", "3, 4"), ALL),
        (LOOP.format("turns", "2, 4"), ()),
        # builtin_op_importers.cpp:2270 and 2349@8.0-GA: 1024 turns where there is no limit
        (COLLECT.format("turns", "all"), ()),
        (COLLECT.format("", "all"), ALL),
        (COLLECT.format("most", "all"), ALL),
        # builtin_op_importers.cpp:3912@8.0-GA: stateVars.at(0)
        (SCAN.format(), ALL),
        (SCAN_WITH_STATE.format(), ()),
    ],
)
def test_loops_and_branches_are_refused_for_what_they_carry_and_return(
    nodes: str, versions: tuple[str, ...]
) -> None:
    inputs = "float[2, 4] rows, bool decided, bool go, int64 turns"
    model = parsed(f"g ({inputs}) => (float[m, n, o] y) {{ {nodes} }}")
    for name, value in (("most", MOST), ("w4", CONSTANTS["w4"])):
        model.graph.initializer.append(numpy_helper.from_array(value, name))
    found = find_refusals(model)
    lacking = {version for one in found if one.limit for version in one.lacking}
    assert tuple(version for version in VERSIONS if version in lacking) == versions


def test_what_is_quantised_to_uint8_is_told_once_for_each_operator() -> None:
    nodes = """
        q = QuantizeLinear (rows, half, zero_byte)
        y = DequantizeLinear (q, half, zero_byte)
    """
    found = find_refusals(limit_graph(nodes, 13))
    assert [(one.operator, one.limit) for one in found] == [
        ("DequantizeLinear", "int8, not uint8"),
        ("QuantizeLinear", "int8, not uint8"),
    ]


def test_a_kernel_that_is_dequantised_from_constants_is_constant() -> None:
    nodes = """
        q = QuantizeLinear (kernel, half, zero)
        k = DequantizeLinear (q, half, zero)
        y = Conv <kernel_shape = [3, 3]> (image, k)
    """
    assert refusing(nodes, 17) == ()


def test_the_transpose_of_weights_is_weights_in_the_parsers_before_8_4() -> None:
    """builtin_op_importers.cpp:4434@8.0-GA, 4500@8.2-GA; a layer from 4492@8.4-GA on."""
    nodes = "s = Transpose (twice)  y = Upsample <mode = {}> (image, s)"
    assert refusing(nodes.format('"nearest"'), 9) == ()
    bias = "b = Transpose (one)  y = Conv <kernel_shape = [3, 3]> (image, kernel, b)"
    assert refusing(bias, 17) == ("8.4",)


def test_the_order_of_kinds_is_no_matter_for_what_is_said_of_an_operator() -> None:
    assert limit_texts("Pad", "8.2") == (
        "no wrapping around",
        "paddings of all axes",
        "no negative padding",
    )
    assert "k up to 3840" in limit_texts("TopK", VERSIONS[-1])
    assert limit_texts("Flatten", "8.0") == ()


@pytest.mark.parametrize("limit", LIMITS, ids=lambda one: f"{one.operators[0]}: {one.text}")
def test_a_limit_names_operators_its_source_and_versions_in_order(limit: Limit) -> None:
    numbers = [tuple(map(int, one.split("."))) for one in (limit.since, limit.until) if one]
    assert numbers == sorted(set(numbers))
    assert limit.source
    assert not limit.remedy.endswith(".")
    for operator in set(limit.operators) - {"*"}:
        assert any(takes(version, operator) and limit.holds_in(version) for version in VERSIONS)
