"""Where numbers of eight bits go, and that they are what NumPy makes of the weights and images."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import pytest

from converter.precision.float32_model import Float32Model
from converter.precision.int8.int8_graph import activations, find_quantizable_nodes, quantize_graph
from test.converter.precision.models import constant, constants_of, kernel, network, read, run

GENERATOR = np.random.default_rng(6)
EYE = kernel("eye", np.eye(4))
RANGE = 2.0  # of every activation


def spread(*shape: int, axis: int) -> np.ndarray:
    """Random weights; along ``axis`` each channel is three times as large as the one before."""
    sizes = [1] * len(shape)
    sizes[axis] = shape[axis]
    factors = 3.0 ** np.arange(shape[axis]).reshape(sizes)
    return (GENERATOR.normal(size=shape) * factors).astype(np.float32)


def quantized(source: Float32Model) -> onnx.ModelProto:
    """With all places, and taken by the checker."""
    places = find_quantizable_nodes(source)
    ranges = dict.fromkeys(activations(source, places), RANGE)
    model = quantize_graph(source, places, ranges, {place.node for place in places})
    onnx.checker.check_model(model, full_check=True)
    return model


def rounded(values: np.ndarray, largest: np.ndarray | float) -> np.ndarray:
    """On 255 levels up to ``largest``."""
    step = np.asarray(largest, np.float64) / 127
    return (np.clip(np.rint(values / step), -128, 127) * step).astype(np.float32)


LAYERS = {
    "Conv": ("Conv (x, w)", (4, 4, 3, 3), 0),
    "Conv in groups": ("Conv <group = 2> (x, w)", (4, 2, 3, 3), 0),
    "depthwise Conv": ("Conv <group = 4> (x, w)", (4, 1, 3, 3), 0),
    "ConvTranspose": ("ConvTranspose (x, w)", (4, 4, 2, 2), 1),
    "MatMul": ("MatMul (x, w)", (6, 5), 1),
}
GEMMS = {
    "Gemm": ("Gemm (x, w, b)", (6, 5), 1),
    "Gemm of transposed weights": ("Gemm <transB = 1> (x, w, b)", (5, 6), 0),
}


def one_layer(name: str) -> tuple[onnx.ModelProto, np.ndarray, int]:
    """It is followed by a product, which predicts; and its weights with the axis of channels."""
    call, shape, axis = {**LAYERS, **GEMMS}[name]
    weights = spread(*shape, axis=axis)
    if name in GEMMS:
        size, end = "1, 6", "y = MatMul (a, e)"
        more = [constant("b", GENERATOR.normal(size=5)), constant("e", np.eye(5))]
    elif call.startswith("MatMul"):
        size, end, more = "1, 4, 6, 6", "y = MatMul (a, e)", [constant("e", np.eye(5))]
    else:
        size, end, more = "1, 4, 6, 6", "y = Conv (a, eye)", [EYE]
    result = "1, N" if name in GEMMS else "1, 4, N, M"
    declared = ", ".join([constant("w", weights), *more])
    model = network(
        f"net (float[{size}] x) => (float[{result}] y) <{declared}> {{ a = {call} {end} }}"
    )
    return model, weights, axis


@pytest.mark.parametrize("name", [*LAYERS, *GEMMS])
def test_a_layer_computes_with_rounded_weights_and_images(name: str, tmp_path: Path) -> None:
    model, weights, axis = one_layer(name)
    source = read(tmp_path, model)
    shape = tuple(size.dim_value for size in model.graph.input[0].type.tensor_type.shape.dim)
    image = GENERATOR.uniform(-1.2 * RANGE, 1.2 * RANGE, shape).astype(np.float32)
    others = tuple(index for index in range(weights.ndim) if index != axis)
    largest = np.abs(weights).max(axis=others, keepdims=True)
    for tensor in model.graph.initializer:
        if tensor.name == "network/w":
            tensor.CopyFrom(onnx.numpy_helper.from_array(rounded(weights, largest), tensor.name))
    (expected,) = run(model, {"network/x": rounded(image, RANGE)})
    (found,) = run(quantized(source), {"network/x": image})
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())
    (float32,) = run(source.model, {"network/x": image})
    assert np.abs(found - float32).max() > 1e-3 * np.abs(expected).max()


@pytest.mark.parametrize("name", [*LAYERS, *GEMMS])
def test_weights_are_within_half_a_step_of_their_channel(name: str, tmp_path: Path) -> None:
    model, weights, axis = one_layer(name)
    found = quantized(read(tmp_path, model))
    values = constants_of(found)
    (node,) = (n for n in found.graph.node if n.op_type == "DequantizeLinear" and n.attribute)
    scales, zeros = (values[name] for name in node.input[1:])
    whole = stored_bytes(found, node.input[0])
    assert node.attribute[0].i == axis
    assert (whole.dtype, zeros.dtype) == (np.int8, np.int8)
    assert not zeros.any() and whole.min() >= -127
    steps = scales.reshape([-1 if index == axis else 1 for index in range(weights.ndim)])
    assert (np.abs(whole * steps - weights) <= steps / 2 * (1 + 1e-5)).all()
    others = tuple(index for index in range(weights.ndim) if index != axis)
    np.testing.assert_array_equal(np.abs(whole).max(axis=others), 127)


def stored_bytes(model: onnx.ModelProto, name: str) -> np.ndarray:
    """An initializer, or what QuantizeLinear makes of one."""
    values = constants_of(model)
    if name in values:
        return values[name]
    (node,) = (one for one in model.graph.node if name in one.output)
    given, scales, _ = (values[one] for one in node.input)
    axis = node.attribute[0].i
    steps = scales.reshape([-1 if index == axis else 1 for index in range(given.ndim)])
    return np.rint(given / steps).astype(np.int8)


@pytest.mark.parametrize("name", [*LAYERS, *GEMMS])
def test_constants_of_bytes_go_into_convolutions_alone(name: str, tmp_path: Path) -> None:
    """TensorRT 8.6.0 was seen to fail at other products with them."""
    made = quantized(read(tmp_path, one_layer(name)[0]))
    bytes_of = {n for n, v in constants_of(made).items() if v.dtype == np.int8 and v.ndim > 1}
    assert bool(bytes_of) == ("Conv" in name)


@pytest.mark.parametrize("name", LAYERS)
def test_a_kernel_has_its_size_in_the_node(name: str, tmp_path: Path) -> None:
    """Parsers of TensorRT look for it there alone where a node makes the weights."""
    model, weights, _ = one_layer(name)
    assert not any(given.name == "kernel_shape" for given in model.graph.node[0].attribute)
    made = quantized(read(tmp_path, model))
    made_by_nodes = {name for node in made.graph.node for name in node.output}
    found = [
        [list(given.ints) for given in node.attribute if given.name == "kernel_shape"]
        for node in made.graph.node
        if node.op_type in ("Conv", "ConvTranspose") and node.input[1] in made_by_nodes
    ]
    assert found == [[list(weights.shape[2:])]] * (weights.ndim == 4 and name != "MatMul")


def test_a_size_that_is_there_stays_alone(tmp_path: Path) -> None:
    weights = constant("w", spread(4, 4, 3, 3, axis=0))
    model = network(
        f"net (float[1, 4, 6, 6] x) => (float[1, 4, N, M] y) <{weights}, {EYE}> "
        "{ a = Conv <kernel_shape = [3, 3]> (x, w) y = Conv (a, eye) }"
    )
    (first, _) = (
        one for one in quantized(read(tmp_path, model)).graph.node if one.op_type == "Conv"
    )
    assert [given.name for given in first.attribute] == ["kernel_shape"]


def test_channels_of_zeros_stay_zeros(tmp_path: Path) -> None:
    weights = np.array([[0, 1e-43], [1, 2]], np.float32)
    model = network(
        f"net (float[1, 2, 1, 1] x) => (float[1, 2, 1, 1] y) <{kernel('w', weights)}> "
        "{ a = Conv (x, w) y = Conv (a, w) }"
    )
    image = np.ones((1, 2, 1, 1), np.float32)
    made = quantized(read(tmp_path, model))
    assert all((v > 0).all() for name, v in constants_of(made).items() if "scale" in name)
    (found,) = run(made, {"network/x": image})
    np.testing.assert_allclose(found.ravel(), [0, 6], rtol=2e-2, atol=1e-30)


def small(nodes: str, outputs: str = "float[1, 4, N, M] y", *constants: str) -> onnx.ModelProto:
    """``nodes`` of 4 channels; ``eye`` are weights that change nothing."""
    declared = ", ".join([EYE, *constants])
    return network(f"net (float[1, 4, 2, 2] x) => ({outputs}) <{declared}> {{ {nodes} }}")


def inputs(model: onnx.ModelProto) -> dict[str, list[str]]:
    """The inputs of each node by its output, without constants and prefixes."""
    constants = constants_of(model)
    return {
        node.output[0].removeprefix("network/"): [
            name.removeprefix("network/") for name in node.input if name not in constants
        ]
        for node in model.graph.node
    }


def products(model: onnx.ModelProto) -> dict[str, bool]:
    """By output: whether both factors are numbers of eight bits."""
    return {
        node.output[0].removeprefix("network/"): all(
            name.endswith("/dequantized") for name in node.input[:2]
        )
        for node in model.graph.node
        if node.op_type in ("Conv", "ConvTranspose", "Gemm", "MatMul")
    }


def test_an_activation_function_stays_with_its_product(tmp_path: Path) -> None:
    model = quantized(
        read(tmp_path, small("a = Conv (x, eye) r = Relu (a) b = Conv (r, eye) y = Conv (b, eye)"))
    )
    found = inputs(model)
    assert found["r"] == ["a"]
    assert found["r/int8"] == ["r"]
    assert "a/int8" not in found
    assert products(model) == {"a": True, "b": True, "y": False}


@pytest.mark.parametrize("sum_of", ["b, r", "r, b"])
def test_the_shortcut_of_a_sum_is_quantised(sum_of: str, tmp_path: Path) -> None:
    model = quantized(
        read(
            tmp_path,
            small(
                f"a = Conv (x, eye) r = Relu (a) b = Conv (r, eye) s = Add ({sum_of}) "
                "t = Relu (s) y = Conv (t, eye)"
            ),
        )
    )
    found = inputs(model)
    assert sorted(found["s"]) == ["b", "r/dequantized"]
    assert found["t"] == ["s"]
    assert "b/int8" not in found
    # For the second convolution, the sum, and nobody else.
    assert Counter(node.op_type for node in model.graph.node)["QuantizeLinear"] == 2


def test_one_of_two_products_is_the_shortcut(tmp_path: Path) -> None:
    model = quantized(
        read(
            tmp_path,
            small("a = Conv (x, eye) b = Conv (x, eye) s = Add (a, b) y = Conv (s, eye)"),
        )
    )
    assert sorted(inputs(model)["s"]) in (["a", "b/dequantized"], ["a/dequantized", "b"])


@pytest.mark.parametrize(
    "nodes",
    [
        "b = Conv (x, eye) r = Relu (b) s = Add (x, r) y = Conv (s, eye)",
        "b = Conv (x, eye) s = Add (x, b) t = Mul (s, b) y = Conv (t, eye)",
        "b = Conv (x, eye) s = Add (b, pixels) y = Conv (s, eye)",
        "b = MatMul (x, pixels) s = Add (x, b) y = Conv (s, eye)",
    ],
    ids=["behind an activation", "the product is used twice", "a constant", "no convolution"],
)
def test_other_sums_stay(nodes: str, tmp_path: Path) -> None:
    pixels = "float[2, 2] pixels = {1, 2, 3, 4}"
    model = quantized(read(tmp_path, small(nodes, "float[1, 4, N, M] y", pixels)))
    assert all("dequantized" not in name for name in inputs(model)["s"])
    assert products(model) == {"b": True, "y": False}


def test_products_that_predict_stay_float(tmp_path: Path) -> None:
    model = quantized(
        read(
            tmp_path,
            small(
                "a = Conv (x, eye) box = Conv (a, eye) boxes = Exp (box) b = Conv (a, eye) "
                "class = Conv (b, eye) scores = Sigmoid (class)",
                "float[1, 4, 2, 2] boxes, float[1, 4, 2, 2] scores",
            ),
        )
    )
    assert products(model) == {"a": True, "box": False, "b": True, "class": False}


def test_a_tensor_that_several_layers_take_is_quantised_once(tmp_path: Path) -> None:
    """And so are weights that two layers share."""
    model = quantized(
        read(
            tmp_path,
            small("a = Conv (x, eye) b = Conv (x, eye) c = Mul (a, b) y = Conv (c, eye)"),
        )
    )
    counts = Counter(node.op_type for node in model.graph.node)
    assert (counts["QuantizeLinear"], counts["DequantizeLinear"]) == (1, 2)
    # The last convolution has them in float.
    assert constants_of(model)["network/eye"].dtype == np.float32


def test_products_whose_weights_have_no_channels_to_quantise_by_stay(tmp_path: Path) -> None:
    """Those of images, computed ones, a stack for each channel, and groups that share an axis."""
    source = read(
        tmp_path,
        small(
            "d = Conv (x, eye) a = MatMul (d, d) v = Abs (eye) b = Conv (a, v) "
            "m = MatMul (b, stack) c = ConvTranspose <group = 2> (m, g) y = Conv (c, eye)",
            "float[1, 4, N, M] y",
            constant("g", spread(4, 2, 1, 1, axis=1)),
            constant("stack", spread(1, 4, 2, 2, axis=3)),
        ),
    )
    model = quantized(source)
    assert [name for name, narrow in products(model).items() if narrow] == ["d"]
    assert run(model, {"network/x": np.ones((1, 4, 2, 2), np.float32)})[0].shape == (1, 4, 2, 2)


def test_the_oldest_operator_set(tmp_path: Path) -> None:
    """It is that of TensorRT 8.2, on the first Jetsons."""
    model = network(
        f"net (float[1, 4, 2, 2] x) => (float[1, 4, 2, 2] y) <{EYE}> "
        "{ a = Conv (x, eye) b = Conv (a, eye) y = Add (a, b) z = Conv (y, eye) }",
        opset=13,
    )
    image = np.full((1, 4, 2, 2), 0.5, np.float32)
    (found,) = run(quantized(read(tmp_path, model)), {"network/x": image})
    np.testing.assert_allclose(found, 1, atol=0.05)


def test_only_chosen_layers_are_quantised(tmp_path: Path) -> None:
    source = read(tmp_path, small("a = Conv (x, eye) b = Conv (a, eye) y = Conv (b, eye)"))
    places = find_quantizable_nodes(source)
    ranges = dict.fromkeys(activations(source, places), RANGE)
    model = quantize_graph(source, places, ranges, {"network/model/b"})
    assert products(model) == {"a": False, "b": True, "y": False}
    untouched = quantize_graph(source, places, ranges, set())
    assert [node.op_type for node in untouched.graph.node] == ["Conv", "Conv", "Conv", "Identity"]
