"""The opset of a bundle: the lowest one that a network takes, and who is told about a later one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest

from converter.commands import prepare
from converter.export.export import Export
from test.converter.command_line import run_here
from test.converter.report.parsed import Page
from test.converter.sources.conversion import Conversion
from test.converter.sources.models import CLASSES, Classifier, images_of, save, tf
from trt_inference.bundles.bundle import load_bundle

Predict = Callable[[Any], Any]
NANO = "jetson-nano (Jetson Nano and TX2 with JetPack 4.6, TensorRT 8.2)"


def saved(folder: Path, layer: Predict, **more: Predict) -> tuple[Path, Predict]:
    """A SavedModel of the classifier with ``layer`` behind it, and the same to be called with
    pixels. ``more`` are further outputs, of the image."""
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        with tf.name_scope("model/last"):
            values = layer(classifier(images * 2 - 1))
        scores = values / tf.reduce_sum(values, -1, keepdims=True)
        return {"scores": scores, **{name: function(images) for name, function in more.items()}}

    model = save(folder, classifier, predict, images_of(None, 32, 48, 3))
    return model, lambda rgb: predict(tf.constant(rgb[None] / np.float32(255)))["scores"]


def add_up(scores: Any) -> Any:
    """tf2onnx has this from opset 16 on."""
    last = tf.concat([tf.zeros([1, 1], tf.int32), tf.fill([1, 1], CLASSES - 1)], 1)
    return tf.tensor_scatter_nd_add(scores, last, tf.ones([1]))


def whole_numbers(scores: Any) -> Any:
    """ONNX has a Relu of them from opset 14 on."""
    return tf.cast(tf.nn.relu(tf.cast(scores * 20, tf.int32) - 2), tf.float32)


def file_of(bundle: Path) -> onnx.ModelProto:
    return onnx.load(str(bundle / "fp32.onnx"))


def opsets(bundle: Path) -> tuple[int, int, int]:
    """Of the ONNX file, of the manifest, and the file's IR version."""
    model = file_of(bundle)
    (imported,) = model.opset_import
    return imported.version, load_bundle(bundle).source["opset"], model.ir_version


def test_a_bundle_is_for_every_board(tmp_path: Path, conversion: Conversion) -> None:
    """Opset 13 is all of TensorRT 8.2, and IR version 7 all of ONNX Runtime 1.8."""
    model, predict = saved(tmp_path / "model", tf.identity)
    result = conversion(model)
    conversion.gives(predict)
    assert opsets(conversion.bundle) == (13, 13, 7)
    assert "opset 13, IR version 7\n      runs on all boards: jetson-nano (" in result.output
    page = Page(conversion.bundle / "report" / "index.html")
    assert (page.facts["ONNX opset"], page.facts["ONNX IR version"]) == ("13", "7")
    assert "Why no earlier opset" not in page.facts


class Need(NamedTuple):
    """A layer, the opset and the IR version that it needs, and what is reported: why, and what the
    Jetson Nano has against it."""

    layer: Predict
    opset: int
    ir: int
    reason: str
    nano: str


@pytest.mark.parametrize(
    "need",
    [
        Need(
            add_up,
            16,
            8,
            "TensorScatterAdd needs opset 16 (layer model/last)",
            "refuses ScatterND of layer model/last (takes no reduction); ",
        ),
        Need(
            whole_numbers,
            14,
            7,
            "Relu of int32 needs opset 14 (layer model/last)",
            "refuses Relu of layer model/last (takes floating-point only); ",
        ),
    ],
    ids=["operator", "type"],
)
def test_a_network_that_needs_more_gets_no_more_than_it_needs(
    need: Need, tmp_path: Path, conversion: Conversion, capsys: pytest.CaptureFixture[str]
) -> None:
    model, predict = saved(tmp_path / "model", need.layer)
    output = conversion(model).output
    conversion.gives(predict)
    assert opsets(conversion.bundle) == (need.opset, need.opset, need.ir)
    page = Page(conversion.bundle / "report" / "index.html")
    assert page.facts["Why no earlier opset"] == need.reason
    _, _, answer, why = page.row("jetson-nano")
    assert answer == "no"
    assert why.startswith(need.nano)
    assert why.endswith(f"takes opset 13, the model has {need.opset}")
    for text in (output, run_here(capsys, "inspect", model).output):
        assert f"opset {need.opset}, IR version {need.ir}\n      {need.reason}\n" in text
        assert f"not on {NANO}: it {why}" in text
    refused = conversion.try_to(model, "--target", "jetson-nano", "--overwrite")
    refused.refused(f"opset {need.opset}", "boards that take it")


def test_boards_of_a_later_opset_are_listed(tmp_path: Path, conversion: Conversion) -> None:
    model, _ = saved(tmp_path / "model", tf.identity)
    output = conversion(model, "--target", "jetpack6", "--opset", "16").output
    (runs,) = [line for line in output.splitlines() if line.startswith("      runs on ")]
    assert [name in runs for name in ("jetson-nano", "jetpack5", "jetpack6", "desktop")] == [
        False,
        True,
        True,
        True,
    ]
    assert output.count("      not on ") == 1


def test_what_no_tensorrt_adds_up_is_for_no_board(tmp_path: Path, conversion: Conversion) -> None:
    """TensorRT 10 refuses ScatterND with a reduction, 8 takes it for one without."""
    model, _ = saved(tmp_path / "model", add_up)
    output = conversion(model).output
    assert "runs on no board that has TensorRT" in output
    (line,) = [line for line in output.splitlines() if "refuses this ScatterND" in line]
    assert line.startswith("TensorRT 8.2 to 11.1 refuses this ScatterND (node ")
    assert "layer model/last): it takes no reduction. Add up with tf.matmul" in line


def test_an_einsum_does_not_need_more(tmp_path: Path, conversion: Conversion) -> None:
    model, _ = saved(
        tmp_path / "model",
        tf.identity,
        products=lambda images: tf.einsum("nhwc,nhwd->ncd", images, images),
    )
    conversion(model, "--outputs", "scores", "products", "--head", "classification")
    assert opsets(conversion.bundle)[0] == 13


def test_an_output_that_is_left_out_asks_for_nothing(
    tmp_path: Path, conversion: Conversion
) -> None:
    """Operators on bits need opset 18, and no TensorRT has them."""
    model, predict = saved(
        tmp_path / "model",
        tf.identity,
        bits=lambda images: tf.bitwise.bitwise_and(
            tf.cast(add_up(tf.reduce_mean(images, [2, 3])), tf.int32), 3
        ),
    )
    assert "output bits is left out: it needs BitwiseAnd" in conversion(model).output
    conversion.gives(predict)
    assert opsets(conversion.bundle)[0] == 13


def test_the_opset_that_is_asked_for_is_taken(tmp_path: Path, conversion: Conversion) -> None:
    model, predict = saved(tmp_path / "model", tf.identity)
    output = conversion(model, "--opset", 17).output
    conversion.gives(predict)
    assert opsets(conversion.bundle) == (17, 17, 8)
    refused = f"not on {NANO}: it takes opset 13, the model has 17: convert without --opset"
    assert refused in output
    conversion.try_to(model, "--opset", 17, "--target", "jetson-nano", "--overwrite").refused(
        "--opset 17", "takes opset 13 at most"
    )


@pytest.mark.parametrize(
    ("layer", "texts"),
    [
        (add_up, ("ONNX has it from opset 16 on", "(layer model/last)", "--opset 16")),
        (whole_numbers, ("Relu of int32 needs opset 14", "opset 13", "tf.cast", "--opset 14")),
    ],
)
def test_an_opset_that_does_not_suffice_is_refused_with_the_one_that_does(
    layer: Predict, texts: tuple[str, ...], tmp_path: Path, conversion: Conversion
) -> None:
    model, _ = saved(tmp_path / "model", layer)
    conversion.try_to(model, "--opset", 13).refused(*texts)


def exchange_scores(exported: Export) -> None:
    """As a wrong conversion of an operator would."""
    graph = exported.model.graph
    name = graph.output[0].name
    for node in graph.node:
        node.output[:] = ["right" if output == name else output for output in node.output]
    order = np.arange(CLASSES)[::-1].copy()
    graph.initializer.append(onnx.numpy_helper.from_array(order, "order"))
    graph.node.append(onnx.helper.make_node("Gather", ["right", "order"], [name], axis=1))


@pytest.fixture
def exported_at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[int]]:
    """Lets exports at some opsets be wrong, and gives the opsets of all that follow."""
    real = prepare.export

    def damage(*wrong: int) -> list[int]:
        seen = []

        def export(*arguments: Any) -> Export:
            exported = real(*arguments)
            seen.append(exported.answer.opset)
            if exported.answer.opset in wrong:
                exchange_scores(exported)
            return exported

        monkeypatch.setattr(prepare, "export", export)
        return seen

    return damage


def test_a_later_opset_is_taken_where_the_lowest_one_differs_from_tensorflow(
    tmp_path: Path, conversion: Conversion, exported_at: Callable[..., list[int]]
) -> None:
    model, predict = saved(tmp_path / "model", tf.identity)
    seen = exported_at(13)
    result = conversion(model, "--activation", "none")
    conversion.gives(predict)
    assert seen == [13, 17]
    assert opsets(conversion.bundle) == (17, 17, 8)
    assert "at opset 13 the model differs from TensorFlow" in result.output


def test_a_later_opset_that_computes_the_same_is_not_verified_again(
    tmp_path: Path, conversion: Conversion, exported_at: Callable[..., list[int]]
) -> None:
    model, _ = saved(tmp_path / "model", tf.identity)
    seen = exported_at(13, 17)
    result = conversion.try_to(model, "--activation", "none")
    result.refused("fault of the export")
    assert seen == [13, 17]
    assert result.output.count("compare with TensorFlow") == 1
    seen.clear()
    conversion.try_to(model, "--activation", "none", "--opset", "13").refused("fault")
    assert seen == [13]
