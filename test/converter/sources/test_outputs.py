"""Outputs beside the one that counts, and operators that have no counterpart in ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from test.converter.sources.conversion import Conversion, frames
from test.converter.sources.models import Classifier, images_of, save, tf
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector


def fractions(rgb: np.ndarray) -> Any:
    return tf.constant(rgb[None] / np.float32(255))


def save_with_many_outputs(folder: Path, classifier: Classifier, **others: Any) -> Path:
    """The outputs have odd types, come from another input, or from none; ``others`` are functions
    of image and scores."""

    def predict(images: Any, threshold: Any) -> dict[str, Any]:
        scores = classifier(images)
        best = tf.argmax(scores, axis=-1)
        return {
            "best": best,
            "certain": tf.reduce_max(scores, axis=-1) > 0.5,
            "exact": tf.cast(scores, tf.float64),
            "mean": tf.reduce_mean(images),
            "scores": scores,
            "short": tf.cast(best, tf.int16),
            "text": tf.strings.as_string(best),
            "threshold": threshold * 2,
            "version": tf.constant(3),
            **{name: function(images, scores) for name, function in others.items()},
        }

    threshold = tf.TensorSpec((), tf.float32, name="threshold")
    return save(folder, classifier, predict, images_of(None, 32, 48, 3), threshold)


def test_outputs_of_other_types_do_not_matter(tmp_path: Path, conversion: Conversion) -> None:
    classifier = Classifier()
    model = save_with_many_outputs(tmp_path / "model", classifier)
    result = conversion(model, "--set", "threshold=0.5")
    assert "output text is left out: it gives texts" in result.output
    conversion.gives(lambda rgb: classifier(fractions(rgb)))


def test_outputs_of_other_ranks_do_not_matter_once_the_head_is_named(
    tmp_path: Path, conversion: Conversion
) -> None:
    classifier = Classifier()
    model = save_with_many_outputs(
        tmp_path / "model",
        classifier,
        pixels=lambda images, _: tf.cast(images[None] * 255, tf.uint8),
        column=lambda _, scores: scores[..., None],
        spectrum=lambda images, _: tf.signal.fft(tf.cast(images[..., 0], tf.complex64)),
    )
    conversion(model, "--set", "threshold=0.5", "--head", "classification")
    conversion.gives(lambda rgb: classifier(fractions(rgb)))


def test_every_node_without_a_counterpart_is_named(tmp_path: Path, conversion: Conversion) -> None:
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        with tf.name_scope("colors"):
            hues = [tf.image.rgb_to_hsv(images), tf.image.rgb_to_hsv(1 - images)]
        with tf.name_scope("statistics"):
            return {"scores": classifier(hues[0] - hues[1]) + tf.math.lgamma(images[0, 0, :1, 0])}

    model = save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3))
    there = sorted(tmp_path.iterdir())
    conversion.try_to(model).refused(
        "3 nodes",
        "RGBToHSV",
        "Lgamma",
        "colors/RGBToHSV (layer colors)",
        "colors/RGBToHSV_1 (layer colors)",
        "statistics/Lgamma (layer statistics)",
        "convert colors before the network",
        "the special functions do not convert",
    )
    assert sorted(tmp_path.iterdir()) == there


def test_an_output_without_a_counterpart_is_left_out_beside_a_good_one(
    tmp_path: Path, conversion: Conversion
) -> None:
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        each = tf.map_fn(tf.image.rgb_to_hsv, images)
        return {
            "hues": tf.reduce_mean(tf.image.rgb_to_hsv(images), [1, 2]),
            "hues_one_by_one": tf.reduce_mean(each, [1, 2]),
            "scores": classifier(images),
        }

    model = save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3))
    result = conversion(model)
    assert "output hues, hues_one_by_one is left out: it needs RGBToHSV" in result.output
    conversion.gives(lambda rgb: classifier(fractions(rgb)))


@pytest.mark.parametrize("numbers", [False, True])
def test_a_class_map_beside_image_info_is_segmentation(
    numbers: bool, tmp_path: Path, conversion: Conversion
) -> None:
    """As TF Model Garden exports it: beside the map, sizes and scale of the image, [N, 4, 2]."""
    module = tf.Module()
    module.weight = tf.Variable(
        np.random.default_rng(3).normal(0, 2, (3, 3, 3, 5)), dtype="float32"
    )

    def predict(images: Any) -> dict[str, Any]:
        logits = tf.nn.conv2d(images - 0.5, module.weight, 2, "SAME")
        given = tf.argmax(logits, -1) if numbers else tf.nn.softmax(logits)
        sizes = tf.constant([[32.0, 48.0], [32.0, 48.0], [1.0, 1.0], [0.0, 0.0]])
        info = tf.tile(sizes[None], [tf.shape(images)[0], 1, 1])
        return {"map": given, "image_info": info}

    result = conversion(save(tmp_path / "model", module, predict, images_of(None, 32, 48, 3)))
    assert "head: segmentation" in result.output
    assert "does not read image_info: float32 [?, 4, 2]" in " ".join(result.output.split())
    with Detector.open(load_bundle(conversion.bundle), "onnxruntime") as detector:
        for frame in frames():
            small = cv2.resize(frame, (48, 32))
            rgb = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
            given = predict(fractions(rgb))["map"].numpy()[0]
            best = given if numbers else given.argmax(axis=-1)
            cells = best.repeat(2, axis=0).repeat(2, axis=1)
            assert (detector.detect(small).class_map == cells).mean() > 0.99
