"""The size that a graph resizes its image to, where the input takes any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import read_source
from converter.errors import SavedModelError
from converter.export.own_fit import OwnFit
from test.converter.sources.models import Classifier, classify, images_of, save, tf


def fixed(method: str) -> Callable[[Any], Any]:
    """As fixed_shape_resizer of the Object Detection API: each image is resized by itself."""

    def resize(images: Any) -> Any:
        def one(image: Any) -> Any:
            return tf.image.resize(image, [48, 80], method=method)

        return tf.map_fn(one, tf.cast(images, tf.float32), fn_output_signature=tf.float32)

    return resize


def ratio_and_padding(images: Any) -> Any:
    """As keep_aspect_ratio_resizer with pad_to_max_dimension: the longer side becomes 64."""

    def one(image: Any) -> Any:
        sides = tf.cast(tf.shape(image)[:2], tf.float32)
        scale = tf.minimum(64.0 / tf.reduce_min(sides), 64.0 / tf.reduce_max(sides))
        sizes = tf.cast(tf.round(sides * scale), tf.int32)
        found = tf.image.resize(image, sizes)
        missing = 64 - sizes
        return tf.ensure_shape(
            tf.pad(found, [[0, missing[0]], [0, missing[1]], [0, 0]]), (64, 64, 3)
        )

    return tf.map_fn(one, tf.cast(images, tf.float32), fn_output_signature=tf.float32)


def cut_and_padded(images: Any) -> Any:
    """As EfficientDet of AutoML: what the rounded sides have too much is cut off before padding."""
    sides = tf.cast(tf.shape(images)[1:3], tf.float32)
    sizes = tf.cast(sides * (64.0 / tf.reduce_max(sides)), tf.int32)
    found = tf.image.resize(tf.cast(images, tf.float32), sizes)[:, 0:64, 0:64, :]
    return tf.image.pad_to_bounding_box(found, 0, 0, 64, 64)


def ratio_by_condition(images: Any) -> Any:
    """The same as the Object Detection API writes it: one branch for upright images."""

    def one(image: Any) -> Any:
        height, width = tf.unstack(tf.shape(image)[:2])

        def as_long_as(side: Any) -> Any:
            scale = 64.0 / tf.cast(side, tf.float32)
            sizes = tf.round(tf.cast(tf.shape(image)[:2], tf.float32) * scale)
            return tf.image.resize(image, tf.cast(sizes, tf.int32))

        found = tf.cond(height < width, lambda: as_long_as(width), lambda: as_long_as(height))
        found = tf.image.pad_to_bounding_box(found, 0, 0, 64, 64)
        return tf.ensure_shape(found, (64, 64, 3))

    return tf.map_fn(one, tf.cast(images, tf.float32), fn_output_signature=tf.float32)


def by_condition(images: Any) -> Any:
    """As that without padding: the size is the image's."""
    return tf.cond(
        tf.shape(images)[1] < tf.shape(images)[2],
        lambda: tf.image.resize(images, tf.shape(images)[1:3] // 2),
        lambda: tf.image.resize(images, [48, 80]),
    )


def with_pad(images: Any) -> Any:
    return tf.image.resize_with_pad(tf.cast(images, tf.float32), 48, 80)


def normalised_first(images: Any) -> Any:
    return tf.image.resize(tf.cast(images, tf.float32) / 127.5 - 1, [48, 80])


def antialiased(images: Any) -> Any:
    return tf.image.resize(tf.cast(images, tf.float32), [48, 80], antialias=True)


def padded_last(images: Any) -> Any:
    """Zeros are the middle of the range, -1 to 1."""
    return ratio_and_padding(tf.cast(images, tf.float32) / 127.5 - 1)


def by_keras(**options: Any) -> Callable[[Any], Any]:
    layer = tf.keras.layers.Resizing(48, 80, **options)
    return lambda images: layer(tf.cast(images, tf.float32))


def wide_crop(images: Any) -> Any:
    """Three quarters of the largest middle part of that aspect ratio."""
    sides = tf.cast(tf.shape(images)[1:3], tf.float32)
    scale = tf.reduce_min(sides / (48.0, 80.0))
    sizes = tf.cast(tf.minimum(sides, scale * (0.75 * 48.0, 0.75 * 80.0)), tf.int32)
    top, left = tf.unstack((tf.shape(images)[1:3] - sizes) // 2)
    cropped = tf.image.crop_to_bounding_box(images, top, left, sizes[0], sizes[1])
    return tf.image.resize(cropped, [48, 80])


def patches(images: Any) -> Any:
    """A slice behind the resize that is none of its borders, and padding behind that."""
    found = tf.image.resize(images, [96, 160])[:, ::2, ::2, :]
    rest = 48 - tf.shape(found)[1]
    return tf.pad(found, [[0, 0], [0, rest], [0, 0], [0, 0]])


ALL = OwnFit("stretch")
RIGHT_AND_BELOW = OwnFit("letterbox-top-left", border=(0.0,) * 3)
OWN = {
    "bilinear": (fixed("bilinear"), (48, 80), ALL),
    "nearest": (fixed("nearest"), (48, 80), ALL),
    "bicubic": (fixed("bicubic"), (48, 80), ALL),
    "area": (fixed("area"), (48, 80), OwnFit("stretch", "area")),
    "ratio and padding": (ratio_and_padding, (64, 64), RIGHT_AND_BELOW),
    "cut and padded": (cut_and_padded, (64, 64), RIGHT_AND_BELOW),
    "ratio by condition": (ratio_by_condition, (64, 64), RIGHT_AND_BELOW),
    "padded last": (padded_last, (64, 64), replace(RIGHT_AND_BELOW, border=(127.5,) * 3)),
    "resize_with_pad": (with_pad, (48, 80), OwnFit("letterbox", border=(0.0,) * 3)),
    "normalised first": (normalised_first, (48, 80), ALL),
    "antialiased": (antialiased, (48, 80), OwnFit("stretch", "area")),
    "Resizing": (by_keras(), (48, 80), ALL),
    "Resizing and crop": (by_keras(crop_to_aspect_ratio=True), (48, 80), OwnFit("center-crop")),
    "Resizing and padding": (
        by_keras(pad_to_aspect_ratio=True, fill_value=30, antialias=True),
        (48, 80),
        OwnFit("letterbox", "area", border=(30.0,) * 3),
    ),
}


def cropped(images: Any) -> Any:
    return tf.image.resize(tf.image.central_crop(images, 0.8), [48, 80])


def two_sizes(images: Any) -> Any:
    small = tf.image.resize(images, [24, 40])
    return tf.image.resize(small, [48, 80]) + tf.image.resize(images, [48, 80])


def by_the_image(images: Any) -> Any:
    """As keep_aspect_ratio_resizer without padding."""
    sides = tf.cast(tf.shape(images)[1:3], tf.float32)
    return tf.image.resize(images, tf.cast(sides * (64.0 / tf.reduce_max(sides)), tf.int32))


def beside(images: Any) -> Any:
    """Of the image as it is, something is used too."""
    return tf.image.resize(images, [48, 80]) + tf.reduce_mean(images)


def half(images: Any) -> Any:
    return tf.image.resize(images, tf.shape(images)[1:3] // 2)


OPEN = (cropped, wide_crop, two_sizes, by_the_image, by_condition, beside, half)


def model(folder: Path, resize: Callable[[Any], Any], dtype: Any = tf.uint8) -> Path:
    classifier = Classifier()

    def predict(images: Any) -> dict[str, Any]:
        return {"scores": classify(resize(images), classifier.weights)}

    return save(folder, classifier, predict, images_of(1, None, None, 3, dtype=dtype))


@pytest.mark.parametrize(("resize", "size", "fit"), OWN.values(), ids=OWN.keys())
def test_that_size_is_taken_and_how_pictures_are_fitted_into_it(
    resize: Callable[[Any], Any], size: tuple[int, int], fit: OwnFit, tmp_path: Path
) -> None:
    source = read_source(SourceOptions(model(tmp_path, resize)))
    assert source.image.size == size
    assert source.own_size is not None and source.own_size.fit is not None
    found = source.own_size.fit
    assert found.border == (None if fit.border is None else pytest.approx(fit.border, abs=0.1))
    assert replace(found, border=fit.border) == fit
    assert f"{size[1]}x{size[0]}, because the graph itself resizes" in source.image.size_note


@pytest.mark.parametrize("resize", OPEN)
def test_any_other_size_is_asked_for(resize: Callable[[Any], Any], tmp_path: Path) -> None:
    saved_model = model(tmp_path, resize, tf.float32)
    with pytest.raises(SavedModelError, match=r"has no fixed size.*--input-size"):
        read_source(SourceOptions(saved_model))


def test_a_slice_that_leaves_pixels_out_behind_the_resize_does_not_hide_the_size(
    tmp_path: Path,
) -> None:
    assert read_source(SourceOptions(model(tmp_path, patches))).image.size == (96, 160)


def test_the_option_chooses_another(tmp_path: Path) -> None:
    saved_model = model(tmp_path, fixed("bilinear"))
    source = read_source(SourceOptions(saved_model, input_size=(96, 128)))
    assert source.image.size == (96, 128)
    assert not source.image.size_note
    assert source.own_size is None


def test_files_are_decoded_to_that_size(tmp_path: Path) -> None:
    classifier = Classifier()

    def one(file: Any) -> Any:
        pixels = tf.io.decode_jpeg(file, channels=3)
        return tf.image.resize(tf.cast(pixels, tf.float32), [48, 80])

    def predict(image_bytes: Any) -> dict[str, Any]:
        images = tf.map_fn(one, image_bytes, fn_output_signature=tf.float32)
        return {"scores": classify(images / 127.5 - 1, classifier.weights)}

    spec = tf.TensorSpec([None], tf.string, "image_bytes")
    source = read_source(SourceOptions(save(tmp_path, classifier, predict, spec)))
    assert source.image.size == (48, 80)
