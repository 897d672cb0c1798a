"""Each way in which a bundle can differ from its source model is seen, with any images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from converter.errors import ParityError
from converter.heads.yolo.recognise import YoloHead
from converter.inputs.dataset import Dataset, load_dataset
from converter.inputs.image_input import find_image
from converter.inputs.pixels import Pixels
from converter.inputs.sample import Sample
from converter.inputs.saved_model import read_saved_model
from converter.verification.check_parity import check
from converter.verification.source_model import SourceModel
from converter.verification.tensorflow_reference import Reference
from converter.verification.verification_results import Verification
from converter.verification.verify import verify
from test.changed_bundles import replace_model
from test.color_bundle import LABELS, write_color_bundle
from test.converter import color_model
from test.converter.color_model import color_head, color_network, load_color_network
from test.converter.networks import CONTRAST, color_rows, tf
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector


def no_bar(samples: Iterable[Sample], _: str) -> Iterable[Sample]:
    return samples


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The color network in TensorFlow, with the names of the one in ONNX."""
    module, folder = tf.Module(), tmp_path_factory.mktemp("reference")
    function = tf.function(
        lambda images: {"predictions": tf.transpose(color_rows(images, CONTRAST), [0, 2, 1])},
        input_signature=[tf.TensorSpec((None, 64, 64, 3), tf.float32, name="images")],
    )
    tf.saved_model.save(module, str(folder), signatures=function)
    saved_model = read_saved_model(folder)
    signature = saved_model.signature("serving_default")
    return Reference(saved_model, signature, find_image(signature))


@pytest.fixture(params=["synthetic images", "pictures"])
def dataset(request: pytest.FixtureRequest, pictures: Path) -> Dataset:
    if request.param == "synthetic images":
        return load_dataset(None, None, LABELS, 10)
    return load_dataset(pictures, pictures / "annotations.json", LABELS, 10)


def made_now(folder: Path) -> Path:
    """A color bundle with the model that the converter makes as the test has changed it."""
    return replace_model(write_color_bundle(folder), color_model.color_model())


def measure(reference: Reference, dataset: Dataset, bundle: Path) -> Verification:
    """``bundle`` against TensorFlow, with the network in ONNX that ``color_bundle`` makes."""
    network = load_color_network()
    source = SourceModel(reference, network, color_head(network), Pixels())
    with Detector.open(load_bundle(bundle), "onnxruntime") as detector:
        return verify(source, detector, dataset, no_bar)


def test_a_right_bundle_is_accepted(reference: Reference, dataset: Dataset, tmp_path: Path) -> None:
    verification = measure(reference, dataset, write_color_bundle(tmp_path / "right"))
    check(verification)
    assert verification.agreement.images == len(dataset.samples)
    assert verification.synthetic == (dataset.annotations is None)


def test_accuracy_before_and_after_is_one_where_everything_is_found(
    reference: Reference, pictures: Path, tmp_path: Path
) -> None:
    annotated = load_dataset(pictures, pictures / "annotations.json", LABELS, 3)
    verification = measure(reference, annotated, write_color_bundle(tmp_path / "right"))
    assert verification.before is not None
    assert verification.before == verification.after
    assert verification.before.map_50_95 == pytest.approx(1.0)
    assert verification.agreement.matched == 3 * 5  # five cells in each picture


def edited(model: onnx.ModelProto, name: str, change: Any) -> onnx.ModelProto:
    """``model`` with ``change`` applied to the values of its constant ``name``."""
    for constant in model.graph.initializer:
        if constant.name == name:
            values = change(onnx.numpy_helper.to_array(constant))
            constant.CopyFrom(onnx.numpy_helper.from_array(values, name))
            return model
    raise KeyError(name)


SOUND_STAGE = YoloHead.stage


@pytest.mark.parametrize(
    ("constant", "change"),
    [
        ("half", lambda values: values * 2),  # boxes twice as large
        ("scale", lambda values: values / 64),  # fractions for pixels
        ("scale", lambda values: values * np.float32([1, 1.05, 1, 1.05])),  # a little off
        ("four", lambda values: values + 1),  # classes that are one too low
    ],
)
def test_a_head_that_is_decoded_wrongly_is_refused(
    constant: str,
    change: Any,
    reference: Reference,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if constant == "four":  # the first class is lost, the last comes twice
        monkeypatch.setattr(YoloHead, "stage", with_classes_rotated)
    else:
        monkeypatch.setattr(
            YoloHead,
            "stage",
            lambda head, opset: edited(SOUND_STAGE(head, opset), constant, change),
        )
    bundle = made_now(tmp_path / "wrong")
    with pytest.raises(ParityError, match="fault of the conversion"):
        check(measure(reference, dataset, bundle))


def with_classes_rotated(head: YoloHead, opset: int) -> onnx.ModelProto:
    model = SOUND_STAGE(head, opset)
    (scores,) = [node for node in model.graph.node if "class_scores" in node.output]
    scores.output[0] = "sliced"
    order = onnx.numpy_helper.from_array(np.array([1, 2, 0]), "rotated")
    model.graph.initializer.append(order)
    model.graph.node.append(
        onnx.helper.make_node("Gather", ["sliced", "rotated"], ["class_scores"], axis=2)
    )
    return model


@pytest.mark.parametrize(
    "pixels",
    [
        Pixels("bgr"),
        Pixels("rgb", 1 / 250),
        Pixels("rgb", 1 / 255, (0.1, 0.0, 0.0)),
        Pixels("rgb", 1 / 255, (0.0, 0.0, 0.0), (1.0, 1.0, 0.9)),
    ],
)
def test_wrong_pixels_in_the_graph_are_refused(
    pixels: Pixels,
    reference: Reference,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(color_model, "Pixels", lambda: pixels)
    bundle = made_now(tmp_path / "wrong")
    with pytest.raises(ParityError, match="fault of the conversion"):
        check(measure(reference, dataset, bundle))


@pytest.mark.parametrize(
    ("factor", "expected_error"),
    [(0.5, "output predictions differs"), (0.99, "scores of the bundle differ")],
)
def test_a_network_that_was_exported_wrongly_is_refused(
    factor: float,
    expected_error: str,
    reference: Reference,
    dataset: Dataset,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Beside boxes of 60 pixels, a small error of the scores is little in the output; the
    candidates show it."""

    def damaged() -> onnx.ModelProto:
        return edited(color_network(), "weight", lambda values: values * np.float32(factor))

    monkeypatch.setattr(color_model, "color_network", damaged)
    bundle = made_now(tmp_path / "wrong")
    with pytest.raises(ParityError, match=expected_error):
        check(measure(reference, dataset, bundle))


def test_scores_that_are_no_probabilities_are_refused(
    reference: Reference, dataset: Dataset, tmp_path: Path
) -> None:
    verification = measure(reference, dataset, write_color_bundle(tmp_path / "right"))
    logits = [
        replace(parity, magnitude=6.5) if parity.name == "scores" else parity
        for parity in verification.candidates
    ]
    with pytest.raises(ParityError, match=r"scores reach 6\.5.*sigmoid or softmax"):
        check(replace(verification, candidates=tuple(logits)))
