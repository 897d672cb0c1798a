"""Inputs that are image files, outputs that are texts, and tables of names."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from test.converter.sources.conversion import Conversion
from test.converter.sources.graphs import Graph, Tensors, v1
from test.converter.sources.models import Classifier, classify, images_of, save, tf

SIZE = ("--input-size", "64x40")


def png(rgb: np.ndarray) -> bytes:
    """A file without loss."""
    return cv2.imencode(".png", rgb[..., ::-1])[1].tobytes()


def prepared(pixels: Any) -> Any:
    """Decoded uint8 of any size → float32 ``[32, 48, 3]`` of -1 to 1."""
    resized = tf.image.resize(tf.cast(pixels, tf.float32), (32, 48))
    return tf.ensure_shape(resized / 127.5 - 1, (32, 48, 3))


def decode_jpeg(file: Any) -> Any:
    return prepared(tf.io.decode_jpeg(file, channels=3))


def decode_any(file: Any) -> Any:
    return prepared(tf.io.decode_image(file, channels=3, expand_animations=False))


def decode_either(file: Any) -> Any:
    decoded = tf.cond(
        tf.io.is_jpeg(file),
        lambda: tf.io.decode_jpeg(file, channels=3),
        lambda: tf.io.decode_png(file, channels=3),
    )
    return prepared(decoded)


def one(decode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda file: decode(file)[None]


def many(decode: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda files: tf.map_fn(decode, files, fn_output_signature=tf.float32)


DECODERS: dict[str, tuple[tuple[int | None, ...], Callable[[Any], Any], str]] = {
    "one file": ((), one(decode_jpeg), "DecodeJpeg"),
    "one file of any kind": ((), one(decode_any), "DecodeImage"),
    "one file of two kinds": ((), one(decode_either), "StatelessIf"),
    "a list of files": ((None,), many(decode_jpeg), "DecodeJpeg"),
}


def test_files_that_are_decoded_to_grey_are_reported(
    tmp_path: Path, conversion: Conversion
) -> None:
    classifier = Classifier(channels=1)

    def predict(file: Any) -> dict[str, Any]:
        grey = tf.image.resize(tf.io.decode_png(file, channels=1), (32, 48)) / 127.5 - 1
        return {"scores": classifier(tf.ensure_shape(grey, (32, 48, 1))[None])}

    spec = tf.TensorSpec((), tf.string, name="files")
    model = save(tmp_path / "model", classifier, predict, spec)
    conversion.try_to(model, *SIZE).refused("decodes images to 1 channels", "--channels grey")
    conversion(model, *SIZE, "--channels", "grey")

    def expected(rgb: np.ndarray) -> np.ndarray:
        grey = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))[1].tobytes()
        return predict(tf.constant(grey))["scores"]

    conversion.gives(expected)


@pytest.mark.parametrize(("shape", "read", "operator"), DECODERS.values(), ids=DECODERS.keys())
def test_the_robot_gives_pixels_where_tensorflow_takes_files(
    shape: tuple[int | None, ...],
    read: Callable[[Any], Any],
    operator: str,
    tmp_path: Path,
    conversion: Conversion,
) -> None:
    classifier = Classifier()

    def predict(files: Any) -> dict[str, Any]:
        return {"scores": classifier(read(files))}

    spec = tf.TensorSpec(shape, tf.string, name="files")
    result = conversion(save(tmp_path / "model", classifier, predict, spec), *SIZE)
    assert f"the decoding of image files ({operator}) is cut away" in result.output
    conversion.gives(lambda rgb: predict(tf.fill([1] * len(shape), png(rgb)))["scores"])


@pytest.mark.parametrize("decode", [decode_jpeg, decode_either])
def test_a_loop_of_tensorflow_1_over_files_converts(
    decode: Callable[[Any], Any], tmp_path: Path, conversion: Conversion
) -> None:
    def build(weights: Tensors) -> tuple[Tensors, Tensors]:
        files = v1.placeholder(tf.string, (None,), "files")
        images = v1.map_fn(decode, files, fn_output_signature=tf.float32)
        return {"files": files}, {"scores": classify(images, weights)}

    graph = Graph(build, "ref", control_flow=1)
    result = conversion(graph.save_simply(tmp_path / "model"), *SIZE)
    assert "the decoding of image files" in result.output
    conversion.gives(lambda rgb: graph.run("scores", files=[png(rgb)]))


class Named(tf.Module):
    """A classifier that knows the names of its classes, and other numbers for them."""

    def __init__(self) -> None:
        super().__init__()
        self.classifier = Classifier()
        numbers = tf.range(5, dtype=tf.int64)
        names = tf.constant(["ant", "bee", "cow", "dog", "eel"])
        initialisers = [
            tf.lookup.KeyValueTensorInitializer(numbers, values) for values in (names, numbers + 7)
        ]
        self.names, self.others = (
            tf.lookup.StaticHashTable(pairs, pairs._values[0]) for pairs in initialisers
        )

    def best(self, images: Any) -> Any:
        return tf.argmax(self.classifier(images), axis=-1)


def test_names_from_a_table_are_left_out(tmp_path: Path, conversion: Conversion) -> None:
    named = Named()

    def predict(images: Any) -> dict[str, Any]:
        best = named.best(images)
        return {
            "name": named.names.lookup(best),
            "number": named.others.lookup(best),
            "scores": named.classifier(images),
        }

    model = save(tmp_path / "model", named, predict, images_of(None, 32, 48, 3))
    result = conversion(model, "--pixels", "minus-one-to-one")
    assert "output name is left out: it gives texts" in result.output
    assert "output number is left out: it needs LookupTableFindV2" in result.output
    conversion.gives(lambda rgb: named.classifier(rgb[None] / np.float32(127.5) - 1))


def test_a_table_on_the_way_to_the_only_output_is_refused(
    tmp_path: Path, conversion: Conversion
) -> None:
    named = Named()

    def predict(images: Any) -> dict[str, Any]:
        with tf.name_scope("numbering"):
            return {"number": named.others.lookup(named.best(images))}

    model = save(tmp_path / "model", named, predict, images_of(None, 32, 48, 3))
    conversion.try_to(model).refused(
        "LookupTableFindV2", "numbering", "return class numbers instead of looking up names"
    )
    assert not conversion.bundle.exists()


def test_texts_alone_are_refused(tmp_path: Path, conversion: Conversion) -> None:
    named = Named()

    def predict(images: Any) -> dict[str, Any]:
        return {"name": named.names.lookup(named.best(images))}

    model = save(tmp_path / "model", named, predict, images_of(None, 32, 48, 3))
    conversion.try_to(model).refused("all outputs of the signature are texts")
