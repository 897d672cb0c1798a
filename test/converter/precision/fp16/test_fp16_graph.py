"""Networks in float16: valid for every runtime, and a twin that shows what a GPU computes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from converter.precision.float32_model import Float32Model
from converter.precision.fp16.fp16_graph import can_be_float16, narrow
from test.converter.precision.models import (
    colored_cells,
    constant,
    constants_of,
    kernel,
    network,
    read,
    run,
    two_layers,
)

HALF, FLOAT = TensorProto.FLOAT16, TensorProto.FLOAT
GENERATOR = np.random.default_rng(4)


def able(source: Float32Model) -> set[str]:
    """All nodes that can be narrowed."""
    return {node.name for node in source.nodes(source.body) if can_be_float16(node, source)}


def typed(source: Float32Model) -> onnx.ModelProto:
    """In float16, and taken by the checker."""
    model = narrow(source, able(source))
    onnx.checker.check_model(model, full_check=True)
    return model


def types(model: onnx.ModelProto) -> dict[str, int]:
    """The types of all tensors whose type the checker can infer, by name."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = (*graph.value_info, *graph.input, *graph.output)
    known = {value.name: value.type.tensor_type.elem_type for value in values}
    return known | {tensor.name: tensor.data_type for tensor in graph.initializer}


def casts(model: onnx.ModelProto) -> Counter[tuple[str, int]]:
    """What is cast to which type, with how often."""
    found = [node for node in model.graph.node if node.op_type == "Cast"]
    return Counter((node.input[0], node.attribute[0].i) for node in found)


def test_weights_are_float16_and_the_stages_around_the_network_float32(tmp_path: Path) -> None:
    model = typed(read(tmp_path, colored_cells(*two_layers())))
    known = types(model)
    made = [node for node in model.graph.node if node.op_type != "Cast"]
    weights = [name for node in made if node.op_type == "Conv" for name in node.input[1:]]
    assert {known[name] for name in weights} == {HALF}
    for node in made:
        stage, _, name = node.output[0].partition("/")
        inside = stage == "network" and name in ("planes", "first", "active", "seen", "contrasts")
        assert (known[node.output[0]] == HALF) == (inside or name == "means"), node.output[0]
    assert not any(tensor.name.endswith(("weight", "widen")) for tensor in model.graph.initializer)


def test_each_tensor_is_cast_once_at_each_border(tmp_path: Path) -> None:
    """Two nodes in float16 read the input, two in float32 what the first of them gives."""
    source = read(
        tmp_path,
        network(
            f"""net (float[1, 3, 2, 2] x) => (float[1, 3, 2, 2] y, float[1, 3, 2, 2] z)
            <{kernel("w", np.eye(3))}> {{
                first = Conv (x, w)
                second = Conv (x, w)
                one = Relu (first)
                other = Neg (first)
                sum = Add (one, other)
                y = Conv (sum, w)
                z = Conv (second, w)
            }}"""
        ),
    )
    float32 = {f"network/model/{name}" for name in ("one", "other")}
    model = narrow(source, set(source.body) - float32)
    onnx.checker.check_model(model, full_check=True)
    assert casts(model) == {
        ("network/x", HALF): 1,
        ("network/first", FLOAT): 1,
        ("network/one", HALF): 1,
        ("network/other", HALF): 1,
        ("network/y", FLOAT): 1,
        ("network/z", FLOAT): 1,
    }
    image = np.ones((1, 3, 2, 2), np.float32)
    np.testing.assert_array_equal(run(model, {"network/x": image})[1], image)


WITH_TYPES = {
    "sizes of a resize": (
        'a = Resize <mode = "nearest"> (x, , scales)',
        "float[4] scales = {1, 1, 2, 2}",
    ),
    "a constant node": ("c = Constant <value = float[1] {0.5}> () a = Add (x, c)", ""),
    "a list of floats": ("c = Constant <value_floats = [0.5]> () a = Add (x, c)", ""),
    "one float": ("c = Constant <value_float = 0.5> () a = Add (x, c)", ""),
    "filled with a value": (
        "s = Shape (x) c = ConstantOfShape <value = float[1] {0.5}> (s) a = Add (x, c)",
        "",
    ),
    "filled with zeros": ("s = Shape (x) c = ConstantOfShape (s) a = Add (x, c)", ""),
    "a cast": ("s = Shape (x) f = Cast <to = 1> (s) r = ReduceMax (f) a = Add (x, r)", ""),
    "a comparison": ("g = Greater (x, half) a = Where (g, x, half)", constant("half", 0.5)),
    "several outputs": ("a, i = TopK <axis = 3> (x, k)", "int64[1] k = {2}"),
    "a range": (
        "r = Range (zero, two, one) a = Add (x, r)",
        f"{constant('zero', 0)}, {constant('one', 1)}, {constant('two', 2)}",
    ),
    "numbers that are quantised": (
        "q = QuantizeLinear (x, step, zero) a = DequantizeLinear (q, step, zero)",
        f"{constant('step', 0.5)}, int8 zero = {{0}}",
    ),
}


@pytest.mark.parametrize("name", WITH_TYPES)
def test_operators_with_types_of_their_own(name: str, tmp_path: Path) -> None:
    """They are valid, and the numbers, which float16 has all, are the same."""
    nodes, constants = WITH_TYPES[name]
    weights = kernel("w", [[1, 0.5], [0, 2]])
    declared = f"{weights}, {constants}" if constants else weights
    source = read(
        tmp_path,
        network(
            f"net (float[1, 2, 2, 2] x) => (float[1, 2, N, M] y) <{declared}> "
            f"{{ {nodes} y = Conv (a, w) }}"
        ),
    )
    image = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2) / 2
    (expected,) = run(source.model, {"network/x": image})
    (found,) = run(typed(source), {"network/x": image})
    np.testing.assert_array_equal(found, expected)


def test_the_oldest_operator_set(tmp_path: Path) -> None:
    """It is that of TensorRT 8.2, on the first Jetsons."""
    source = read(
        tmp_path,
        network(
            f"""net (float[1, 2, 2, 2] x) => (float[1, 2, 2, 2] y) <{kernel("w", np.eye(2))},
            float one = {{1}}, float[4] scales = {{1, 1, 2, 2}}, float nought = {{0}},
            int64[8] pads = {{0, 0, 1, 1, 0, 0, 0, 0}}, int64[2] axes = {{2, 3}}> {{
                a = Conv (x, w)
                b = Resize (a, , scales)
                c = Pad (b, pads, nought)
                d = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c)
                e = ReduceSum (d, axes)
                f = Clip (e, nought, one)
                g = Mul (x, f)
                y = Conv (g, w)
            }}""",
            opset=13,
        ),
    )
    image = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2) / 8
    (expected,) = run(source.model, {"network/x": image})
    (found,) = run(typed(source), {"network/x": image})
    np.testing.assert_array_equal(found, expected)


def test_scales_of_a_resize_stay_float32(tmp_path: Path) -> None:
    nodes, constants = WITH_TYPES["sizes of a resize"]
    source = read(
        tmp_path,
        network(
            f"net (float[1, 2, 2, 2] x) => (float[1, 2, 4, 4] y) "
            f"<{kernel('w', np.eye(2))}, {constants}> {{ {nodes} y = Conv (a, w) }}"
        ),
    )
    model = typed(source)
    (resize,) = (node for node in model.graph.node if node.op_type == "Resize")
    known = types(model)
    assert [known[name] for name in (resize.input[0], resize.input[2], resize.output[0])] == [
        HALF,
        FLOAT,
        HALF,
    ]


BRANCH = """net (float[1, 3, 2, 2] x, bool yes) => (float[1, 3, 2, 2] y) <{weights}> {{
    c = Conv (x, w)
    i = If (yes) <
        then_branch = yes_graph () => (float[1, 3, 2, 2] t) {{ t = Neg (c) }},
        else_branch = no_graph () => (float[1, 3, 2, 2] e) {{ d = Add (c, c) e = Relu (d) }}
    >
    y = Conv (i, w)
}}"""
LOOP = """net (float[1, 3, 2, 2] x, bool yes) => (float[1, 3, 2, 2] y)
<{weights}, int64 turns = {{3}}> {{
    c = Conv (x, w)
    zero = Sub (c, c)
    i = Loop (turns, yes, zero) <
        body = turn (int64 number, bool go, float[1, 3, 2, 2] before)
            => (bool on, float[1, 3, 2, 2] after) {{ on = Identity (go) after = Add (before, c) }}
    >
    y = Conv (i, w)
}}"""


@pytest.mark.parametrize("graph", [BRANCH, LOOP], ids=["If", "Loop"])
@pytest.mark.parametrize("yes", [True, False])
def test_what_a_body_takes_from_outside_has_the_type_that_it_had(
    graph: str, yes: bool, tmp_path: Path
) -> None:
    source = read(tmp_path, network(graph.format(weights=kernel("w", np.diag([1, 2, -1])))))
    model = typed(source)
    assert casts(model)["network/c", FLOAT] == 1
    image = np.arange(12, dtype=np.float32).reshape(1, 3, 2, 2)
    feeds = {"network/x": image, "network/yes": np.array(yes)}
    (expected,) = run(source.model, feeds)
    for narrowed in (model, narrow(source, able(source), rounded=True)):
        np.testing.assert_array_equal(run(narrowed, feeds)[0], expected)


def half(values: np.ndarray) -> np.ndarray:
    """Rounded to float16."""
    with np.errstate(over="ignore"):
        return values.astype(np.float16).astype(np.float32)


def test_the_twin_rounds_after_each_step(tmp_path: Path) -> None:
    """Each step in NumPy, in float32, and rounded to float16 afterwards."""
    first, second = GENERATOR.normal(size=(2, 3, 3)).astype(np.float32)
    bias = GENERATOR.normal(size=3).astype(np.float32)
    source = read(
        tmp_path,
        network(
            f"""net (float[16, 3] x) => (float[16, 3] y)
            <{constant("a", first)}, {constant("b", second)}, {constant("shift", bias)}> {{
                one = MatMul (x, a)
                two = Add (one, shift)
                three = Tanh (two)
                y = MatMul (three, b)
            }}"""
        ),
    )
    image = GENERATOR.normal(size=(16, 3)).astype(np.float32)
    one = half(half(image) @ half(first))
    three = half(np.tanh(half(one + half(bias))))
    (found,) = run(narrow(source, able(source), rounded=True), {"network/x": image})
    np.testing.assert_array_equal(found, half(three @ half(second)))
    # Which is not what float32 gives.
    assert np.abs(found - np.tanh(image @ first + bias) @ second).max() > 1e-5


def test_the_twin_overflows(tmp_path: Path) -> None:
    source = read(
        tmp_path,
        network(
            f"""net (float[1, 1, 1, 1] x) => (float[1, 1, 1, 1] y) <{kernel("up", [[300]])},
            {kernel("down", [[0.01]])}> {{ a = Conv (x, up) y = Conv (a, down) }}"""
        ),
    )
    image = np.full((1, 1, 1, 1), 300, np.float32)
    (twin,) = run(narrow(source, able(source), rounded=True), {"network/x": image})
    assert np.isposinf(twin).all()


def test_only_what_is_asked_for_is_rounded(tmp_path: Path) -> None:
    source = read(tmp_path, colored_cells(*two_layers()))
    image = np.random.default_rng(5).integers(0, 256, (1, 64, 64, 3), np.uint8)
    (expected,) = run(source.model, {"image": image}, ["scores"])
    (kept,) = run(narrow(source, set()), {"image": image}, ["scores"])
    np.testing.assert_array_equal(kept, expected)
    (rounded,) = run(narrow(source, able(source), rounded=True), {"image": image}, ["scores"])
    assert 0 < np.abs(rounded - expected).max() < 1e-2


def test_nodes_that_have_the_names_of_their_outputs(tmp_path: Path) -> None:
    model = colored_cells(*two_layers())
    for node in model.graph.node:
        node.name = node.output[0]
    source = read(tmp_path, model)
    image = np.zeros((1, 64, 64, 3), np.uint8)
    for rounded in (False, True):
        narrowed = narrow(source, able(source), rounded)
        assert run(narrowed, {"image": image}, ["scores"])[0].shape == (1, 20)


def test_the_weights_of_the_source_stay_as_they_are(tmp_path: Path) -> None:
    source = read(tmp_path, colored_cells(*two_layers()))
    before = source.model.SerializeToString(deterministic=True)
    narrow(source, able(source))
    assert source.model.SerializeToString(deterministic=True) == before
    assert constants_of(source.model)["network/widen"].dtype == np.float32
