"""What is computed from weights alone leaves the bodies of loops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from converter.export.attach_weights import attach
from converter.onnx_tools.edit import all_graphs, all_nodes
from converter.onnx_tools.text import model_from_text
from test.converter.export.raw_graphs import convert_graph, tf

GENERATOR = np.random.default_rng(9)
IMAGE = GENERATOR.random((1, 2, 6, 6), np.float32)
KERNEL = GENERATOR.normal(size=(3, 3, 2, 4)).astype(np.float32)  # height, width, in, out
ROUNDS = 3


def network() -> onnx.ModelProto:
    """A loop as ConvLSTM has it: it hands its kernel from round to round, and takes it to pieces
    in each of them. A branch in it does so with another weight."""
    return model_from_text(
        13,
        """
        network (float[1, 2, 6, 6] image, float[3, 3, 2, 4] kernel)
            => (float[1, 2, 6, 6] result)
        <int64 rounds = {3}, bool yes = {1}, int64[2] parts = {2, 2}, float[2] gains = {0.5, 2.0},
         int64[4] spread = {1, 2, 1, 1}>
        {
            result, same = Loop (rounds, yes, image, kernel) <body = turn (
                int64 round, bool go, float[1, 2, 6, 6] state, float[3, 3, 2, 4] weight
            ) => (bool on, float[1, 2, 6, 6] next, float[3, 3, 2, 4] weight_again)
            <float two = {2.0}>
            {
                first, second = Split <axis = 3> (weight, parts)
                sum = Add (first, second)
                turned = Transpose <perm = [3, 2, 0, 1]> (sum)
                convolved = Conv <pads = [1, 1, 1, 1]> (state, turned)
                level = ReduceMax <keepdims = 0> (state)
                bright = Greater (level, two)
                scaled = If (bright) <then_branch = less () => (float[1, 2, 6, 6] low) {
                    wide = Reshape (gains, spread)
                    low = Mul (convolved, wide)
                }, else_branch = more () => (float[1, 2, 6, 6] high) {
                    high = Identity (convolved)
                }>
                next = Tanh (scaled)
                on = Identity (go)
                weight_again = Identity (weight)
            }>
        }
        """,
    )


def expected() -> np.ndarray:
    """The same, written out."""
    kernel = (KERNEL[..., :2] + KERNEL[..., 2:]).transpose(3, 2, 0, 1)
    state = IMAGE
    for _ in range(ROUNDS):
        padded = np.pad(state, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
        convolved = np.einsum("ncyxij,ocij->noyx", windows, kernel)
        gains = np.array([0.5, 2.0], np.float32)[None, :, None, None] if state.max() > 2 else 1
        state = np.tanh(convolved * gains)
    return state


@pytest.fixture(params=["set aside", "in the graph"])
def attached(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A model whose kernel was in a file, or a constant of the graph."""
    model, files = network(), {}
    if request.param == "set aside":
        files["kernel"] = tmp_path / "kernel.npy"
        np.save(files["kernel"], KERNEL)
    else:
        model.graph.initializer.append(onnx.numpy_helper.from_array(KERNEL, "kernel"))
        del model.graph.input[1]
    attach(model, files, tmp_path)
    file = tmp_path / "network.onnx"
    onnx.save(model, str(file))
    onnx.checker.check_model(str(file), full_check=True)
    return file


def test_the_loop_computes_the_same(attached: Path) -> None:
    (result,) = onnxruntime.InferenceSession(str(attached)).run(None, {"image": IMAGE})
    np.testing.assert_allclose(result, expected(), atol=1e-5)


def test_kernels_in_loops_are_constants(attached: Path) -> None:
    model = onnx.load(str(attached), load_external_data=False)
    constants = {one.name for one in model.graph.initializer}
    nodes = list(all_nodes(model.graph))
    (kernel,) = (node.input[1] for node in nodes if node.op_type == "Conv")
    assert kernel in constants
    assert not {"Split", "Transpose", "Reshape"} & {node.op_type for node in nodes}
    (loop,) = (node for node in nodes if node.op_type == "Loop")
    assert list(loop.input) == ["rounds", "yes", "image"]


def test_loops_of_tensorflow_have_constant_kernels(tmp_path: Path) -> None:
    kernel = GENERATOR.normal(0, 0.3, (3, 3, 3, 6)).astype(np.float32)
    image = GENERATOR.random((2, 8, 8, 3), np.float32)

    def repeat(images: tf.Tensor) -> dict[str, tf.Tensor]:
        def turn(number: tf.Tensor, state: tf.Tensor, weight: tf.Tensor) -> tuple[tf.Tensor, ...]:
            plus, minus = tf.split(weight, 2, axis=3)
            following = tf.tanh(tf.nn.conv2d(state, plus - minus, 1, "SAME"))
            return number + 1, following, weight

        start = [0, images, tf.constant(kernel)]
        return {"end": tf.while_loop(lambda number, *_: number < 90, turn, start)[1]}

    exported = convert_graph(repeat, image)
    np.testing.assert_allclose(exported.found["end"], exported.expected["end"], atol=1e-5)
    attach(exported.model, {}, tmp_path)
    constants = {
        one.name for graph in all_graphs(exported.model.graph) for one in graph.initializer
    }
    kernels = [n.input[1] for n in all_nodes(exported.model.graph) if n.op_type == "Conv"]
    assert kernels and set(kernels) <= constants
