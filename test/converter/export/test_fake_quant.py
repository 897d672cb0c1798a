"""FakeQuant nodes are taken out of graphs of every kind, and their grids found again in ONNX."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

from converter.errors import ExportError
from converter.export.fake_quant import FakeQuants, refuse_integers, take_out
from converter.export.fake_quant_ranges import FAKE_QUANT
from converter.export.follow_weights import follow_weights
from converter.export.graph_view import GraphView, canonical
from converter.export.mark_tensors import mark, take_marks
from converter.export.request_answer import ExportRequest
from converter.export.to_onnx import convert_to_onnx
from converter.export.weights import Weights
from converter.export.worker_process import ExportJob
from converter.inputs.quiet_tensorflow import tensorflow
from converter.onnx_tools.trained_grids import TrainedGrid
from test.converter.sources.models import images_of, save

tf = tensorflow()
GENERATOR = np.random.default_rng(4)
SHAPE = (1, 8, 10, 3)
IMAGE = GENERATOR.normal(size=SHAPE).astype(np.float32)
Fake = Callable[..., Any]


def rounded(values: Any, low: Any, high: Any, **options: Any) -> Any:
    return tf.quantization.fake_quant_with_min_max_vars(values, low, high, **options)


def by_channel(values: Any, low: Any, high: Any, **options: Any) -> Any:
    return tf.quantization.fake_quant_with_min_max_vars_per_channel(values, low, high, **options)


def unchanged(values: Any, low: Any, high: Any, **options: Any) -> Any:
    return values


def graph(function: Callable[[Any], Any]) -> GraphView:
    """Of ``function`` with the input ``image`` and the output ``result``."""
    with tf.Graph().as_default() as built:
        image = tf.compat.v1.placeholder(tf.float32, SHAPE, "image")
        tf.identity(function(image), "result")
    return GraphView(built.as_graph_def())


class Exported:
    """A graph without its FakeQuant nodes, in TensorFlow and in ONNX."""

    def __init__(self, view: GraphView, folder: Path) -> None:
        self.weights = Weights(folder / "weights", set_aside=True)
        self.taken: FakeQuants = take_out(view, "image:0", self.weights)
        view.keep(view.ancestors(["result:0"]) | {"image"})
        self.graph_def = view.graph_def
        marked = type(view.graph_def)()
        marked.CopyFrom(view.graph_def)
        numbers = mark(marked, self.taken.activations)
        converted = convert_to_onnx(marked, "image:0", self.weights.files, ["result:0"], 13)
        assert not converted.unsupported
        self.model = converted.model
        grids = {numbers[name]: grid for name, grid in self.taken.activations.items()}
        self.activations = take_marks(self.model, grids)
        onnx.checker.check_model(self.model, full_check=True)
        of_weights = {canonical(name): grid for name, grid in self.taken.weights.items()}
        self.of_weights = follow_weights(self.model, of_weights)

    def feed(self) -> dict[str, np.ndarray]:
        files = {name: np.load(file) for name, file in self.weights.files.items()}
        return {"image:0": IMAGE, **files}

    def onnx_values(self, names: list[str]) -> list[np.ndarray]:
        model = onnx.ModelProto()
        model.CopyFrom(self.model)
        known = {value.name for value in (*model.graph.output, *model.graph.input)}
        model.graph.output.extend(
            onnx.helper.make_empty_tensor_value_info(name) for name in names if name not in known
        )
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        given = {value.name for value in session.get_inputs()}
        feed = {name: value for name, value in self.feed().items() if name in given}
        return list(session.run(names, feed))

    def gives(self, expected: Any) -> None:
        """Check the output in TensorFlow and in ONNX."""
        with tf.Graph().as_default() as built:
            tf.import_graph_def(self.graph_def, name="")
        feed = {
            name: value
            for name, value in self.feed().items()
            if name.partition(":")[0] in {node.name for node in self.graph_def.node}
        }
        with tf.compat.v1.Session(graph=built) as session:
            found = session.run("result:0", feed)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        np.testing.assert_allclose(self.onnx_values(["result:0"])[0], expected, atol=1e-5)
        assert not {node.op_type for node in self.model.graph.node} & {
            "LeakyRelu",
            "QuantizeLinear",
            "DequantizeLinear",
        }


def check(build: Callable[[Any, Fake, Fake], Any], folder: Path) -> Exported:
    """Export the network with FakeQuant nodes, and compare it with the one without them."""
    exported = Exported(graph(lambda image: build(image, rounded, by_channel)), folder)
    exported.gives(build(tf.constant(IMAGE), unchanged, unchanged))
    return exported


def reaches(grids: dict[str, TrainedGrid]) -> list[float]:
    return sorted(round(max(-grid.low, grid.high), 1) for grid in grids.values())


KERNEL = GENERATOR.normal(0, 0.3, (3, 3, 3, 6)).astype(np.float32)
LARGEST = np.linspace(0.2, 0.7, 6, dtype=np.float32)


def test_convolutions_have_grids_of_weights_and_of_activations(tmp_path: Path) -> None:
    def build(image: Any, fake: Fake, each: Fake) -> Any:
        kernel = each(KERNEL, -LARGEST, LARGEST, narrow_range=True)
        values = tf.nn.conv2d(fake(image, -4.0, 4.0), kernel, 2, "SAME")
        return fake(tf.nn.relu(values), 0.0, 7.0) + 0.0

    exported = check(build, tmp_path)
    assert reaches(exported.activations) == [4.0, 7.0]
    convolution = next(node for node in exported.model.graph.node if node.op_type == "Conv")
    grid = exported.of_weights[convolution.input[1]]
    assert grid.axis == 0
    np.testing.assert_allclose(np.array(grid.steps) * 127, LARGEST, rtol=1e-6)


def test_a_tensor_with_a_grid_is_the_one_that_was_rounded(tmp_path: Path) -> None:
    """Through layers that tf2onnx reorders: transpositions, padding, and a concatenation."""
    inside: dict[float, Any] = {}

    def build(image: Any, fake: Fake, each: Fake) -> Any:
        def keep(values: Any, high: float) -> Any:
            if not tf.is_symbolic_tensor(values):
                inside[high] = np.asarray(values)
            return fake(values, -1.0, high)

        values = keep(tf.nn.relu(tf.nn.conv2d(image, KERNEL, 1, "SAME")), 11.0)
        pooled = tf.nn.max_pool2d(tf.pad(values, [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, 1, "VALID")
        both = keep(tf.concat([values, pooled], -1), 12.0)
        flat = keep(tf.reduce_mean(both, [1, 2]), 13.0)
        return keep(tf.nn.sigmoid(tf.matmul(flat, tf.ones([12, 4]))), 14.0) * 2.0

    exported = check(build, tmp_path)
    names = list(exported.activations)
    values = dict(zip(names, exported.onnx_values(names), strict=True))
    found = {round(exported.activations[name].high): values[name] for name in names}
    assert set(found) == set(inside) == {11, 12, 13, 14}
    for high, wanted in inside.items():
        given = found[round(high)]
        np.testing.assert_allclose(np.sort(given.ravel()), np.sort(wanted.ravel()), atol=1e-5)


DEPTHWISE = GENERATOR.normal(0, 0.3, (3, 3, 3, 2)).astype(np.float32)


@pytest.mark.parametrize("axis", ["channels", "multiplier"])
def test_depthwise_weights_keep_the_grid_of_each_channel(tmp_path: Path, axis: str) -> None:
    def build(image: Any, fake: Fake, each: Fake) -> Any:
        if axis == "multiplier":
            kernel = each(DEPTHWISE, [-0.5, -0.25], [0.5, 0.25], narrow_range=True)
        else:
            flat = tf.reshape(DEPTHWISE, [3, 3, 6])
            kernel = tf.reshape(each(flat, -LARGEST, LARGEST, narrow_range=True), [3, 3, 3, 2])
        return tf.nn.depthwise_conv2d(image, kernel, [1, 1, 1, 1], "VALID")

    exported = check(build, tmp_path)
    convolution = next(node for node in exported.model.graph.node if node.op_type == "Conv")
    grid = exported.of_weights[convolution.input[1]]
    wanted = [0.5, 0.25] * 3 if axis == "multiplier" else LARGEST
    assert grid.axis == 0
    np.testing.assert_allclose(np.array(grid.steps) * 127, wanted, rtol=1e-6)


def test_ranges_may_be_computed_but_not_from_the_image(tmp_path: Path) -> None:
    def build(image: Any, fake: Fake, each: Fake) -> Any:
        most = tf.reduce_max(tf.abs(KERNEL))
        values = tf.nn.conv2d(image, fake(KERNEL, -most, most, narrow_range=True), 1, "SAME")
        return fake(values, tf.reduce_min(values), tf.reduce_max(values)) * 1.5

    exported = check(build, tmp_path)
    assert exported.taken.count == 2
    assert not exported.activations
    assert any(
        "1 of the FakeQuant nodes compute their range from each image" in note
        for note in exported.taken.notes
    )
    assert reaches(exported.of_weights)[0] == round(float(np.abs(KERNEL).max()), 1)


def test_of_two_ranges_of_a_tensor_the_one_that_holds_counts(tmp_path: Path) -> None:
    def build(image: Any, fake: Fake, each: Fake) -> Any:
        behind = fake(fake(image, -3.0, 3.0), -5.0, 5.0)
        values = tf.nn.relu(behind * 2.0)
        return tf.concat([fake(values, 0.0, 2.0), fake(values, 0.0, 9.0)], -1) + 1.0

    assert reaches(check(build, tmp_path).activations) == [3.0, 9.0]


def test_activations_per_channel_get_one_range(tmp_path: Path) -> None:
    def build(image: Any, fake: Fake, each: Fake) -> Any:
        return each(tf.nn.relu(image), [0.0, 0.0, 0.0], [1.0, 2.0, 8.0]) * 3.0

    exported = check(build, tmp_path)
    assert reaches(exported.activations) == [8.0]
    assert all(grid.axis is None for grid in exported.activations.values())


def around_zero(values: Any, low: Any, high: Any, **options: Any) -> Any:
    """By channels, TensorFlow takes no range from inputs; it is that of the values."""
    given = not isinstance(low, np.ndarray)
    return tf.quantization.quantize_and_dequantize_v2(
        values, low, high, range_given=given, narrow_range=True, **options
    )


@pytest.mark.parametrize("axis", [2, 3])
def test_nodes_of_nvidias_toolkit_are_taken_out_as_well(tmp_path: Path, axis: int) -> None:
    """They round around 0, which int8 does as well, and have channels on any axis."""
    largest = np.abs(DEPTHWISE).max(axis=tuple({0, 1, 2, 3} - {axis}))

    def build(image: Any, fake: Fake, each: Fake) -> Any:
        kernel = each(DEPTHWISE, -largest, largest, axis=axis)
        values = tf.nn.depthwise_conv2d(fake(image, -4.0, 3.0), kernel, [1, 1, 1, 1], "VALID")
        return fake(tf.nn.relu(values), 0.0, 7.0) + 0.0

    exported = Exported(graph(lambda image: build(image, around_zero, around_zero)), tmp_path)
    exported.gives(build(tf.constant(IMAGE), unchanged, unchanged))
    assert reaches(exported.activations) == [4.0, 7.0]
    assert "3 FakeQuant nodes (QuantizeAndDequantizeV4)" in exported.taken.notes[0]
    assert {(grid.first, grid.last) for grid in exported.activations.values()} == {
        ((-127,), (127,))
    }
    convolution = next(node for node in exported.model.graph.node if node.op_type == "Conv")
    grid = exported.of_weights[convolution.input[1]]
    wanted = np.tile(largest, 3) if axis == 3 else np.repeat(largest, 2)
    np.testing.assert_allclose(np.array(grid.steps) * 127, wanted, rtol=1e-6)


def test_ranges_of_a_training_that_did_not_run_are_told(tmp_path: Path) -> None:
    def build(image: Any, fake: Fake, each: Fake) -> Any:
        values = fake(fake(image, 0.0, 0.0) + 0.0, -6.0, 6.0) + 0.0
        return fake(fake(values, np.nan, 1.0) + 0.0, -6.0, 5.0)

    view = graph(lambda image: build(image, rounded, by_channel))
    taken = take_out(view, "image:0", Weights(tmp_path / "weights", set_aside=True))
    assert reaches(taken.activations) == [6.0, 6.0]
    first, *told = taken.notes
    assert first.startswith("4 FakeQuant nodes") and "int8 uses their ranges" in first
    assert [one[:2] for one in told] == ["2 ", "1 "]
    assert "no range" in told[0] and "-6 to 6, with which tfmot begins" in told[1]


def test_rounded_weights_that_stay_in_the_graph_are_told(tmp_path: Path) -> None:
    def build(image: Any, fake: Fake, each: Fake) -> Any:
        return tf.nn.conv2d(fake(image, -4.0, 4.0), fake(KERNEL, -1.0, 1.0), 1, "SAME")

    view = graph(lambda image: build(image, rounded, by_channel))
    taken = take_out(view, "image:0", Weights(tmp_path / "weights", set_aside=False))
    assert not taken.weights and len(taken.activations) == 1
    assert "1 of the FakeQuant nodes have rounded weights" in taken.notes[1]


def test_nodes_in_loops_and_branches_are_taken_out_as_well(tmp_path: Path) -> None:
    def build(image: Any, fake: Fake, each: Fake) -> Any:
        values = tf.while_loop(
            lambda turn, _: turn < 3,
            lambda turn, kept: (turn + 1, fake(kept * 0.5, -1.0, 1.0)),
            (tf.constant(0), image),
        )[1]
        return fake(values, -2.0, 2.0)

    view = graph(lambda image: build(image, rounded, by_channel))
    taken = take_out(view, "image:0", Weights(tmp_path / "weights", set_aside=True))
    assert taken.count == 2
    assert not any(node.op in FAKE_QUANT for node in view.operators())
    with tf.Graph().as_default() as built:
        tf.import_graph_def(view.graph_def, name="")
    with tf.compat.v1.Session(graph=built) as session:
        found = session.run("result:0", {"image:0": IMAGE})
    np.testing.assert_allclose(found, IMAGE * 0.125, atol=1e-6)


def test_a_network_of_whole_numbers_is_refused_with_what_to_export() -> None:
    def build(image: Any) -> Any:
        with tf.name_scope("block"):
            whole, low, high = tf.quantization.quantize(image, -1.0, 1.0, tf.qint8)
            return tf.quantization.dequantize(whole, low, high)

    with pytest.raises(ExportError, match=r"QuantizeV2 in layer block.*export it in float"):
        refuse_integers(graph(build))
    refuse_integers(graph(lambda image: rounded(image, -1.0, 1.0)))


def test_the_export_refuses_a_network_of_whole_numbers(tmp_path: Path) -> None:
    def predict(images: Any) -> dict[str, Any]:
        whole, low, high = tf.quantization.quantize(images, -1.0, 1.0, tf.qint8)
        return {"values": tf.quantization.dequantize(whole, low, high)}

    model = save(tmp_path / "model", tf.Module(), predict, images_of(*SHAPE))
    request = ExportRequest(
        saved_model=str(model),
        tags=("serve",),
        inputs={"images": "serving_default_images:0"},
        outputs={"values": "PartitionedCall:0"},
        image="images",
        image_shape=SHAPE,
        encoded=False,
        values={},
        opset=13,
        highest_opset=13,
        keep_suppression=False,
        set_aside=True,
        folder=str(tmp_path),
    )
    with pytest.raises(ExportError, match="whole numbers already"):
        ExportJob(request).run()
