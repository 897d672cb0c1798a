"""Operators that tf2onnx does not know, types that robots do not have, and outputs to choose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from test.converter.sources.conversion import Conversion
from test.converter.sources.models import (
    CLASSES,
    Classifier,
    classify,
    images_of,
    random_weights,
    save,
    tf,
)

GENERATOR = np.random.default_rng(8)
PATCH = 4
DENSE = GENERATOR.normal(0, 0.2, (PATCH * PATCH * 3, CLASSES)).astype(np.float32)


def fractions(rgb: np.ndarray) -> np.ndarray:
    return rgb[None] / np.float32(255)


def test_operators_without_a_counterpart_are_replaced_by_others(
    tmp_path: Path, conversion: Conversion
) -> None:
    """Patches of a vision transformer, an exact gelu, log1p and expm1."""

    def predict(images: Any) -> dict[str, Any]:
        sizes, strides = [1, PATCH, PATCH, 1], [1, 3, 2, 1]
        patches = tf.image.extract_patches(images, sizes, strides, [1, 1, 1, 1], "VALID")
        values = tf.nn.gelu(tf.matmul(patches, DENSE), approximate=False)
        values = tf.math.expm1(0.5 * values) + tf.math.log1p(tf.abs(values))
        return {"scores": tf.nn.softmax(6 * tf.reduce_max(values, [1, 2]))}

    conversion(save(tmp_path / "model", tf.Module(), predict, images_of(None, 32, 48, 3)))
    conversion.gives(lambda rgb: predict(tf.constant(fractions(rgb)))["scores"])


def test_images_of_any_batch_are_resized_smoothly(tmp_path: Path, conversion: Conversion) -> None:
    """As Keras' Resizing does with ``lanczos3``: the factor is computed from the shape, whose
    batch is open."""
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        smaller = tf.image.resize(images, [20, 28], "lanczos3", antialias=True)
        return {"scores": classifier(smaller * 2 - 1)}

    conversion(save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3)))
    conversion.gives(lambda rgb: predict(tf.constant(fractions(rgb)))["scores"])


def by_the_batch(images: Any, dtype: Any = tf.float32, layout: str = "NHWC") -> tuple[Any, Any]:
    """Normalised images, and their means, as a layer gives them in training mode."""
    values = tf.cast(images, dtype)
    values, means, *_ = tf.raw_ops.FusedBatchNormV3(
        x=values if layout == "NHWC" else tf.transpose(values, [0, 3, 1, 2]),
        scale=[0.5, 0.6, 0.7],
        offset=[0.1, 0.2, 0.3],
        mean=tf.zeros(3),
        variance=tf.ones(3),
        exponential_avg_factor=0.01,
        data_format=layout,
    )
    values = values if layout == "NHWC" else tf.transpose(values, [0, 2, 3, 1])
    return tf.cast(values, tf.float32), means


@pytest.mark.parametrize(
    ("dtype", "layout"), [(tf.float16, "NHWC"), (tf.float32, "NHWC"), (tf.float32, "NCHW")]
)
def test_statistics_of_the_batch_are_computed_and_told_of(
    dtype: Any,
    layout: str,
    tmp_path: Path,
    conversion: Conversion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A Keras model that was exported in training mode. TensorFlow has channels last alone where
    it does not optimise a graph."""
    classifier = Classifier()

    def predict(images: Any, layout: str = layout) -> dict[str, Any]:
        values, _ = by_the_batch(images, dtype, layout)
        return {"scores": classifier(values + images * 2 - 1)}

    result = conversion(save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3)))
    monkeypatch.setattr("test.converter.sources.conversion.TOLERANCE", 1e-3)
    conversion.gives(lambda rgb: predict(tf.constant(fractions(rgb)), "NHWC")["scores"])
    assert "training=False" in result.output
    nodes = onnx.load(conversion.bundle / "fp32.onnx", load_external_data=False).graph.node
    assert "BatchNormalization" not in {node.op_type for node in nodes}  # TensorRT: constants only


def test_statistics_of_the_batch_that_other_layers_take_are_named(
    tmp_path: Path, conversion: Conversion
) -> None:
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        with tf.name_scope("my_layer"):
            values, means = by_the_batch(images)
        return {"scores": classifier(values + means)}

    model = save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3))
    result = conversion.try_to(model)
    result.refused("layer my_layer normalises by the mean", "export the model with training=False")
    assert "report it" not in result.output


def test_noise_of_the_training_is_the_first_thing_that_is_told(
    tmp_path: Path, conversion: Conversion
) -> None:
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        return {"scores": classifier(images * 2 - 1 + tf.random.normal(tf.shape(images)))}

    model = save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3))
    result = conversion.try_to(model)
    result.refused("error: the graph has RandomStandardNormal", "export with training=False")
    assert "report it" not in result.output


def test_picks_along_an_axis_and_signs_convert(tmp_path: Path, conversion: Conversion) -> None:
    """As the suppressions of KerasCV and KerasHub have them: in a batch of any size, and the sign
    by its bit, which ``keras.ops.argmax`` looks at."""
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        scores = classifier(images * 2 - 1)
        order = tf.argsort(-scores, axis=1)
        ranked = tf.experimental.numpy.take_along_axis(scores, order, axis=1)
        back = tf.argsort(order, axis=1)
        scores = tf.experimental.numpy.take_along_axis(ranked, back, axis=1)
        bits = tf.bitwise.bitwise_and(tf.bitcast(scores - 0.05, tf.int32), tf.int32.min)
        return {"scores": tf.where(bits < 0, 0.0, scores)}

    conversion(save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3)))
    conversion.gives(lambda rgb: predict(fractions(rgb))["scores"])


@pytest.mark.parametrize("dtype", [tf.float16, tf.float32])
def test_the_sign_of_zero_is_seen(dtype: Any, tmp_path: Path, conversion: Conversion) -> None:
    """As in ``keras.ops.argmax``: scores that are masked become 0 or, if negative, -0."""
    classifier = Classifier()
    whole = {tf.float16: tf.int16, tf.float32: tf.int32}[dtype]

    def predict(images: Any) -> dict[str, Any]:
        scores = classifier(images * 2 - 1)
        masked = (scores - 0.2) * tf.cast(scores > 0.3, tf.float32)
        bits, sign = tf.bitcast(tf.cast(masked, dtype), whole), tf.constant(whole.min, whole)
        return {"scores": tf.where(tf.bitwise.bitwise_and(sign, bits) < 0, 0.1, scores)}

    def expected(rgb: np.ndarray) -> np.ndarray:
        scores = np.asarray(classifier(fractions(rgb) * 2 - 1))
        return np.where(np.signbit((scores - 0.2) * (scores > 0.3)), 0.1, scores)

    conversion(save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3)))
    conversion.gives(expected)


@pytest.mark.parametrize("dtype", [tf.float16, tf.float64])
def test_scores_of_other_floats_become_float32(
    dtype: Any, tmp_path: Path, conversion: Conversion
) -> None:
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        return {"scores": tf.cast(classifier(images * 2 - 1), dtype)}

    conversion(save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3)))
    conversion.gives(lambda rgb: classifier(fractions(rgb) * 2 - 1))


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_networks_of_narrow_floats_are_held_to_their_own_rounding(
    dtype: Any, tmp_path: Path, conversion: Conversion, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = {name: tf.cast(value, dtype) for name, value in random_weights().items()}

    def predict(images: Any) -> dict[str, Any]:
        return {"scores": tf.cast(classify(tf.cast(images * 2 - 1, dtype), weights), tf.float32)}

    conversion(save(tmp_path / "model", tf.Module(), predict, images_of(None, 32, 48, 3)))
    monkeypatch.setattr("test.converter.sources.conversion.TOLERANCE", 0.03)
    exact = random_weights()
    conversion.gives(lambda rgb: classify(fractions(rgb) * 2 - 1, exact))


@pytest.mark.parametrize("batch", [True, False])
def test_an_output_that_picks_boxes_by_their_scores_is_refused(
    batch: bool, tmp_path: Path, conversion: Conversion
) -> None:
    def predict(images: Any) -> dict[str, Any]:
        cells = tf.reshape(images, [-1, 3])
        rows = tf.boolean_mask(tf.concat([cells, cells, cells], -1), cells[:, 0] > 0.5)
        return {"rows": rows[None] if batch else rows}

    model = save(tmp_path / "model", tf.Module(), predict, images_of(1, 32, 48, 3))
    conversion.try_to(model).refused("outputs of fixed sizes", "tf.boolean_mask")


def test_a_soft_suppression_is_named_where_it_cannot_stay(
    tmp_path: Path, conversion: Conversion
) -> None:
    """ONNX has none: its suppression drops what a soft one keeps with a lower score."""
    ctr = GENERATOR.uniform(0.3, 0.7, (40, 2)).astype(np.float32)
    boxes = tf.constant(np.concatenate([ctr - 0.2, ctr + 0.2], 1))

    def predict(images: Any) -> dict[str, Any]:
        scores = tf.sigmoid(tf.reshape(images, [-1])[: len(ctr)] * 2 - 1)
        kept, scores = tf.image.non_max_suppression_with_scores(
            boxes, scores, 10, 1.0, 0.1, soft_nms_sigma=0.5
        )
        return {
            "detection_boxes": tf.ensure_shape(tf.gather(boxes, kept), [10, 4])[None],
            "detection_scores": tf.ensure_shape(scores, [10])[None],
            "detection_classes": tf.ones([1, 10]),
            "num_detections": tf.constant([10.0]),
        }

    model = save(tmp_path / "model", tf.Module(), predict, images_of(1, 32, 48, 3))
    result = conversion.try_to(model)
    result.refused("Soft-NMS", "soft_nms_sigma")
    assert "report it" not in result.output


def test_eight_bits_with_a_sign_are_centred(tmp_path: Path, conversion: Conversion) -> None:
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        return {"scores": classifier((tf.cast(images, tf.float32) + 0.5) / 127.5)}

    images = images_of(None, 32, 48, 3, dtype=tf.int8)
    conversion(save(tmp_path / "model", classifier, predict, images))
    conversion.gives(lambda rgb: classifier((rgb[None].astype(np.float32) - 127.5) / 127.5))


def test_the_user_names_one_of_several_heads(tmp_path: Path, conversion: Conversion) -> None:
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        scores = classifier(images * 2 - 1)
        return {"age": scores, "gender": tf.nn.softmax(scores[:, :2])}

    model = save(tmp_path / "model", classifier, predict, images_of(None, 32, 48, 3))
    conversion.try_to(model, "--outputs", "hair").refused("no such output", "age, gender")
    conversion(model, "--outputs", "age")
    conversion.gives(lambda rgb: classifier(fractions(rgb) * 2 - 1))
