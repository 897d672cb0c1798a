"""What is told of the nodes that some TensorRT refuses: where they are, and where they are not."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from converter.compatibility.limits.origin import NETWORK_PREFIX
from converter.compatibility.refusals import Refusal, find_bundle_refusals, find_refusals
from converter.inputs.pixels import Pixels
from converter.onnx_tools.node_names import NETWORK
from converter.stages.input_stage import input_stage
from test.converter.compatibility.onnx_text import parsed
from trt_inference.bundles.tensorrt_versions import VERSIONS

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
codes (float[8] a, float[8] b) => (float[8] r)
{
    [one] p = Mod <fmod = 1> (a, b)
    [two] q = Mod <fmod = 1> (p, b)
    r = Mod <fmod = 1> (q, b)
    [four] s = Mod <fmod = 1> (r, b)
}
"""

BRANCHES = """
choose (float[4] x, bool c) => (float[4] y)
{{
    y = If ({condition}) <
        then_branch = yes () => (float[4] a) {{ a = Relu (x) }},
        else_branch = no () => (float[4] b) {{ [only_there] b = Det (x) }}
    >
}}
"""


def the_one(graph: str) -> Refusal:
    (refusal,) = find_refusals(parsed(graph))
    return refusal


def test_a_suppression_is_missing_before_8_5() -> None:
    refusal = the_one(SUPPRESSION)
    assert (refusal.operator, refusal.count, refusal.nodes) == (
        "NonMaxSuppression",
        1,
        ("suppress",),
    )
    assert refusal.lacking == ("8.0", "8.2", "8.4")
    assert refusal.limit == ""
    assert refusal.remedy.startswith("use TensorRT 8.5 or newer, or end the network before it")


def test_the_body_of_a_loop_is_searched() -> None:
    refusal = the_one(LOOP)
    assert (refusal.operator, refusal.nodes) == ("Unique", ("distinct",))
    assert refusal.lacking == VERSIONS
    assert "mask" in refusal.remedy


def test_a_limit_in_the_body_of_a_loop_sees_types_and_constants_of_the_graph_around_it() -> None:
    graph = """
    repeat (int64 turns, bool first, int64[1] count, float[8] values) => (float[8] result)
    <int64[1] two = {2}>
    {
        result = Loop (turns, first, values) <body = turn (int64 i, bool go, float[8] carried)
            => (bool again, float[8] passed)
            {
                again = Identity (go)
                [given] a, b = TopK (carried, two)
                [computed] c, d = TopK (carried, count)
                [whole] e = Sigmoid (i)
                passed = Identity (carried)
            }>
    }
    """
    found = {one.nodes: (one.limit, one.lacking) for one in find_refusals(parsed(graph))}
    assert found == {
        ("computed",): ("a constant k", ("8.0", "8.2", "8.4", "8.5")),
        ("whole",): ("floating-point only", VERSIONS),
    }


@pytest.mark.parametrize(("condition", "count"), [("c", 1), ("sure", 0), ("never", 1)])
def test_of_a_constant_condition_only_the_branch_that_is_taken_is_searched(
    condition: str, count: int
) -> None:
    model = parsed(BRANCHES.format(condition=condition))
    for name, value in (("sure", True), ("never", False)):
        model.graph.initializer.append(numpy_helper.from_array(np.array(value), name))
    assert [one.operator for one in find_refusals(model)] == ["Det"] * count


def test_operators_of_other_domains_are_missing_everywhere() -> None:
    refusals = find_refusals(parsed(LOOKUP))
    assert {one.operator for one in refusals} == {"ai.onnx.ml.LabelEncoder"}
    assert [one.lacking for one in refusals if not one.limit] == [VERSIONS]
    assert any("labels" in one.remedy for one in refusals)


def test_nodes_that_are_refused_for_one_reason_are_told_together() -> None:
    refusal = the_one(MANY)
    assert (refusal.operator, refusal.count) == ("Mod", 4)
    assert refusal.nodes == ("one", "two", "r", "four")


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("model/up/resize/Resize", ("model/up/resize/Resize",)),
        ("model/up/resize/Resize__67", ("model/up/resize/Resize",)),
        ("network/model/up/resize/Resize__67", ("model/up/resize/Resize",)),
        ("Add_1_Det__14", ("Add_1",)),
        ("network/Add_1_Det__14", ("Add_1",)),
        ("Det__12", ("model/before/Relu", "model/after/Neg")),
        ("network/Det__12", ("model/before/Relu", "model/after/Neg")),
    ],
)
def test_the_tensorflow_operator_is_found_behind_the_names_of_tf2onnx(
    name: str, origin: tuple[str, ...]
) -> None:
    graph = helper.make_graph(
        [
            helper.make_node("Relu", ["x"], ["Relu__3:0"], "model/before/Relu"),
            helper.make_node("Transpose", ["Relu__3:0"], ["Transpose__4:0"], "Transpose__4"),
            helper.make_node("Det", ["Transpose__4:0"], [f"{name}:0"], name),
            helper.make_node("Neg", [f"{name}:0"], ["model/after/Neg:0"], "model/after/Neg"),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 2])],
        [helper.make_tensor_value_info("model/after/Neg:0", TensorProto.FLOAT, [])],
    )
    (refusal,) = find_refusals(helper.make_model(graph))
    assert refusal.origins == (origin,)


def test_the_prefix_of_an_exported_network_is_the_one_that_the_converter_writes() -> None:
    assert NETWORK_PREFIX == NETWORK


def test_a_loop_that_tf2onnx_made_belongs_to_what_it_was_made_of() -> None:
    model = parsed(LOOP)
    model.graph.node[0].name = "model/crop/CropAndResize"
    body = model.graph.node[0].attribute[0].g
    for index, node in enumerate(body.node):
        node.name = f"{node.op_type}__{index}"
    body.node[1].output[0] = "Unique__1:0"
    (refusal,) = find_refusals(model)
    assert (refusal.nodes, refusal.origins) == (("Unique__1",), (("model/crop/CropAndResize",),))


def test_weights_in_another_file_are_not_looked_for() -> None:
    weights = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1, 1, 3, 3])
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="there.is.none")
    model = parsed("g (float[1, 1, 8, 8] x) => (float[1, 1, 6, 6] y) { y = Conv (x, w) }")
    model.graph.initializer.append(weights)
    assert find_refusals(model) == ()


def test_the_model_is_left_as_it_is() -> None:
    model = parsed(LOOP)
    before = model.SerializeToString(deterministic=True)
    find_refusals(model)
    assert model.SerializeToString(deterministic=True) == before


def test_a_model_whose_shapes_contradict_each_other_is_judged_by_what_is_declared() -> None:
    graph = "g (float[2, 3] x) => (float[9] y) { z = Reshape (x, s)  y = Det (z) }"
    model = parsed(graph)
    model.graph.initializer.append(numpy_helper.from_array(np.array([5, 7], np.int64), "s"))
    assert [one.operator for one in find_refusals(model)] == ["Det"]


def test_nothing_of_the_input_stage_is_refused() -> None:
    assert find_refusals(input_stage(320, 320, Pixels(), 17)) == ()


def test_other_versions_than_those_of_the_table_are_judged_by_the_changes_before_them() -> None:
    graph = """
    g (float[1, 4] x, int64[1] k, int64[2] pads, int64[1] axis) => (float[a, b] y)
    { v, i = TopK (x, k)  y = Pad (v, pads, , axis) }
    """
    versions = ("8.3", "8.6.1.6", "9.2", "10.1", "10.5", "11.4")
    found = find_refusals(parsed(graph, opset=18), versions)
    assert [(one.operator, one.limit, one.lacking) for one in found] == [
        ("Pad", "paddings of all axes", ("8.3", "8.6.1.6", "9.2")),
        ("Pad", "constant axes", ("10.1",)),
        ("TopK", "a constant k", ("8.3",)),
    ]


def test_an_operator_that_a_version_does_not_have_is_not_limited_there_as_well() -> None:
    graph = "g (float[1, 3, 4, 4, 4] x, float[1, 2, 2, 2, 3] at) => (float[a, b, c, d, e] y)"
    found = find_refusals(parsed(graph + "{ y = GridSample (x, at) }"))
    assert [(one.limit, one.lacking[0], one.lacking[-1]) for one in found] == [
        ("", "8.0", "8.4"),
        ("4D", "8.5", VERSIONS[-1]),
    ]


@pytest.mark.parametrize(("sizes", "count"), [((4, 2, 2), 0), ((4, 4), 1)])
def test_what_a_batch_of_any_size_is_reshaped_to_is_known(
    sizes: tuple[int, ...], count: int
) -> None:
    """As DepthToSpace takes four axes only; the second shape is known when the first is."""
    graph = """
    g (float[N, 16] x) => (float[a, b, c, d] y)
    <int64[1] first = {0}, int64[1] one = {1}>
    {
        s = Shape (x)  n = Slice (s, first, one)  t = Concat <axis = 0> (n, sizes)
        u = Reshape (x, t)  v = Relu (u)
        s2 = Shape (v)  w = Reshape (v, s2)
        y = DepthToSpace <blocksize = 2> (w)
    }
    """
    model = parsed(graph, opset=13)
    model.graph.initializer.append(numpy_helper.from_array(np.array(sizes, np.int64), "sizes"))
    assert [one.limit for one in find_refusals(model)] == ["4D"] * count


@pytest.mark.parametrize(("open_size", "refusing"), [("N", ()), ("M", ("8.0",))])
def test_for_8_0_the_engine_builder_gives_the_batch_a_size_and_no_other(
    open_size: str, refusing: tuple[str, ...]
) -> None:
    model = parsed(
        f"""
        gathering (float[N, {open_size}] image, int64[N, {open_size}] places)
            => (float[N, {open_size}] found)
        {{ found = GatherElements <axis = 1> (image, places) }}
        """
    )
    assert [one.lacking for one in find_refusals(model)] == [("8.0",)]
    found = find_bundle_refusals(model)
    assert tuple(version for one in found for version in one.lacking) == refusing
