"""Weights of eight bits are the very numbers of the training, even with a scale folded in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from converter.onnx_tools.trained_grids import TrainedGrid, write_grids
from converter.precision.float32_model import Float32Model
from converter.precision.int8.int8_graph import activations, find_quantizable_nodes, quantize_graph
from converter.precision.trained_weights import trained_weights
from test.converter.precision.models import constant, constants_of, kernel, network, read

GENERATOR = np.random.default_rng(9)
WEIGHTS = GENERATOR.normal(0, 0.3, (4, 4, 3, 3)).astype(np.float32)
LARGEST = np.array([0.3, 0.5, 0.4, 0.9], np.float32)
PER_CHANNEL = TrainedGrid(tuple((LARGEST / 127).tolist()), (-127,) * 4, (127,) * 4, axis=0)
NAME = "network/w"


def source(folder: Path, nodes: str, *constants: str, grid: TrainedGrid) -> Float32Model:
    declared = ", ".join([constant("w", WEIGHTS), kernel("eye", np.eye(4)), *constants])
    model = network(
        "net (float[1, 4, 6, 6] x) => (float[1, K, N, M] y) "
        f"<{declared}> {{ c = Conv (x, w) {nodes} y = Conv (a, eye) }}"
    )
    write_grids(model, {NAME: grid})
    return read(folder, model)


def weights_of_int8(source: Float32Model) -> np.ndarray:
    """Scales times whole numbers of the first convolution."""
    places = find_quantizable_nodes(source)
    ranges = dict.fromkeys(activations(source, places), 1.0)
    model = quantize_graph(source, places, ranges, {place.node for place in places})
    onnx.checker.check_model(model, full_check=True)
    constants = constants_of(model)
    node = next(
        one
        for one in model.graph.node
        if one.op_type == "DequantizeLinear" and one.input[0] in constants
    )
    whole, scales, zeros = (constants[name] for name in node.input)
    assert whole.dtype == np.int8 and not zeros.any()
    found: np.ndarray = whole * scales[:, None, None, None]
    return found


def rounded() -> np.ndarray:
    """By the definition, in float64."""
    step = (LARGEST / 127).astype(np.float64)[:, None, None, None]
    found: np.ndarray = np.clip(np.rint(WEIGHTS / step), -127, 127) * step
    return found


SCALE = np.array([-0.7, 1.3, 0.01, -2.0], np.float32)


@pytest.mark.parametrize("nodes", ["a = Relu (c)", "m = Mul (c, s) a = Relu (m)"])
def test_channels_are_on_their_trained_numbers(nodes: str, tmp_path: Path) -> None:
    scale = constant("s", SCALE.reshape(1, 4, 1, 1))
    found = weights_of_int8(source(tmp_path, nodes, scale, grid=PER_CHANNEL))
    factor = SCALE[:, None, None, None] if "Mul" in nodes else 1.0
    np.testing.assert_allclose(found, rounded() * factor, rtol=1e-6)


def test_batch_normalisation_as_one_operator_is_folded_in(tmp_path: Path) -> None:
    mean, variance = GENERATOR.normal(size=4), np.array([0.5, 1.0, 2.0, 4.0])
    given = zip("gbmv", (SCALE, SCALE, mean, variance), strict=True)
    nodes = "n = BatchNormalization <epsilon = 0.001> (c, g, b, m, v) a = Relu (n)"
    constants = [constant(name, values) for name, values in given]
    found = weights_of_int8(source(tmp_path, nodes, *constants, grid=PER_CHANNEL))
    factor = (SCALE / np.sqrt(variance + 0.001))[:, None, None, None]
    np.testing.assert_allclose(found, rounded() * factor, rtol=1e-5)


def test_one_grid_for_all_channels_is_the_scale_of_each(tmp_path: Path) -> None:
    grid = TrainedGrid((0.004,), (-127,), (127,))
    found = weights_of_int8(source(tmp_path, "a = Relu (c)", grid=grid))
    expected = np.clip(np.rint(WEIGHTS / 0.004), -127, 127) * 0.004
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_few_bits_stay_few(tmp_path: Path) -> None:
    grid = TrainedGrid((0.1,), (-7,), (7,))
    found = weights_of_int8(source(tmp_path, "a = Relu (c)", grid=grid))
    expected = np.clip(np.rint(WEIGHTS / 0.1), -7, 7) * 0.1
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_grid_that_int8_does_not_hold_is_met_as_far_as_it_goes() -> None:
    weights = np.linspace(-0.2, 1.0, 13, dtype=np.float32)
    tensor = onnx.numpy_helper.from_array(weights, "w")
    graph = onnx.helper.make_graph([], "g", [], [], [tensor])
    found = trained_weights(graph, {"w": TrainedGrid((0.004,), (-20,), (235,))})["w"]
    assert not found.is_exact
    np.testing.assert_allclose(found.scales, 0.94 / 127, rtol=1e-6)
    expected = np.clip(weights, -0.08, 0.94)
    np.testing.assert_allclose(found.levels * found.scales[0], expected, atol=0.94 / 127 * 0.8)


def test_channels_of_another_axis_are_no_scales_of_outputs(tmp_path: Path) -> None:
    grid = TrainedGrid(PER_CHANNEL.steps, PER_CHANNEL.first, PER_CHANNEL.last, axis=1)
    found = weights_of_int8(source(tmp_path, "a = Relu (c)", grid=grid))
    step = np.abs(WEIGHTS).max(axis=(1, 2, 3), keepdims=True) / 127
    np.testing.assert_allclose(found, np.rint(WEIGHTS / step) * step, rtol=1e-5)
