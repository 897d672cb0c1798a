"""Classifiers that were made for one way to fit a picture, on pictures that show the difference."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import (
    export_network,
    read_source,
    recognise_head,
    run_on_images,
)
from converter.conversion import Source
from converter.heads.base import Head
from converter.inputs.class_folders import ClassFolders
from converter.inputs.dataset import Dataset
from converter.inputs.finding import Finding
from converter.inputs.pixels import PRESETS, Pixels
from converter.inputs.sample import Sample
from converter.preprocessing.find_fit import find_fit
from test.converter.sources.models import images_of, save, tf
from trt_inference.bundles.bundle import Fitting

SIDE = 48
HEIGHT, WIDTH = 64, 96
STRETCHED = Fitting("stretch")
Scores = Callable[[Any], Any]


class Exported:
    """A network that takes 48x48 pixels in [0, 1], with its head."""

    def __init__(self, folder: Path, scores: Scores) -> None:
        def predict(images: Any) -> dict[str, Any]:
            return {"scores": tf.nn.softmax(20 * scores(images))}

        spec = images_of(None, SIDE, SIDE, 3)
        options = SourceOptions(save(folder / "model", tf.Module(), predict, spec))
        source = read_source(options)
        (folder / "export").mkdir()
        exported, self.network = export_network(source, options, folder / "export")
        noise = Sample(
            "noise", None, np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
        )
        seen = run_on_images(self.network, Pixels(), Dataset((noise,), None, False), STRETCHED)
        answer = exported.answer
        self.head: Head = recognise_head(seen, source, answer, None, options).head

    def fit(self, dataset: Dataset) -> tuple[Fitting, Finding]:
        return find_fit(self.network, self.head, Pixels(), dataset, None)


def dataset(*frames: tuple[str, np.ndarray]) -> Dataset:
    """Pictures with the names of their classes."""
    names = tuple(sorted({name for name, _ in frames}))
    samples = tuple(
        Sample(f"{name}/{number}", None, frame, name) for number, (name, frame) in enumerate(frames)
    )
    return Dataset(samples, None, False, names, ClassFolders(names, assumed=True))


def accuracies(finding: Finding) -> dict[tuple[str, str], float]:
    assert finding.columns == ("fit", "resize", "top-1", "images")
    return {(fit, resize): float(top_1) for fit, resize, top_1, _ in finding.rows}


def edges(count: int) -> Dataset:
    """A bright bar at the left edge or at the right one: gone when the middle is cut out."""
    frames = []
    for number in range(count):
        for name, columns in (("left", slice(0, 6)), ("right", slice(WIDTH - 6, WIDTH))):
            frame = np.full((HEIGHT, WIDTH, 3), number, np.uint8)
            frame[:, columns] = 255
            frames.append((name, frame))
    return dataset(*frames)


def brighter_edge(images: Any) -> Any:
    left = tf.reduce_mean(images[:, :, :3], [1, 2, 3])
    return tf.stack([left, tf.reduce_mean(images[:, :, -3:], [1, 2, 3])], axis=-1)


def shapes(count: int, bar: int = 6) -> Dataset:
    """A square or a rectangle half as wide again, which a stretch makes a square; and a bar at the
    edge, which is not there in the middle of the picture."""
    frames = []
    generator = np.random.default_rng(1)
    for _ in range(count):
        for name, width in (("square", 20), ("wide", 30)):
            frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            frame[:, :bar] = 255
            top, left = generator.integers(8, 36), generator.integers(26, 40)
            frame[top : top + 20, left : left + width] = 255
            frames.append((name, frame))
    return dataset(*frames)


def aspect_ratio(images: Any, middle: float = 1.25) -> Any:
    """Of what is bright: how many columns and rows it covers."""
    bright = tf.cast(images[..., 0] > 0.5, tf.float32)
    columns = tf.reduce_sum(tf.reduce_max(bright, 1), -1)
    rows = tf.reduce_sum(tf.reduce_max(bright, 2), -1)
    return tf.stack([middle * rows - columns, columns - middle * rows], axis=-1)


def test_the_most_accurate_fit_is_taken_where_it_is_clearly_better(tmp_path: Path) -> None:
    fitting, finding = Exported(tmp_path, aspect_ratio).fit(shapes(20))
    assert (fitting.fit, fitting.crop_fraction) == ("center-crop", 1.0)
    assert not finding.assumed
    found = accuracies(finding)
    assert len(found) == 8
    assert found["center-crop", "linear"] == 1
    assert found["stretch", "linear"] == found["letterbox", "linear"] == 0.5
    assert "1.000 on 40" in finding.text and "0.500 of stretch" in finding.text
    assert fitting.resize == "linear"  # antialiased it is as good


def test_the_usual_fit_is_no_assumption_where_all_others_are_clearly_worse(
    tmp_path: Path,
) -> None:
    """Made for stretched shapes, of which others see the squares as wide."""
    made = Exported(tmp_path, lambda images: aspect_ratio(images, 0.83))
    fitting, finding = made.fit(shapes(20, bar=0))
    assert fitting == STRETCHED
    assert accuracies(finding)["stretch", "linear"] == 1
    assert not finding.assumed and "0.500 of letterbox" in finding.text


def test_the_usual_fit_is_kept_where_none_is_better(tmp_path: Path) -> None:
    fitting, finding = Exported(tmp_path, brighter_edge).fit(edges(10))
    assert fitting == STRETCHED
    assert finding.assumed and "--fit changes it" in finding.text
    found = accuracies(finding)
    assert found["stretch", "linear"] == 1 and found["center-crop", "linear"] == 0.5


def test_what_few_pictures_show_may_be_chance(tmp_path: Path) -> None:
    """Five pictures more are right, which one of seven fits is by chance in every fifth case."""
    exported = Exported(tmp_path, aspect_ratio)
    fitting, finding = exported.fit(shapes(5))
    assert accuracies(finding)["center-crop", "linear"] == 1
    assert fitting == STRETCHED and finding.assumed
    fitting, finding = exported.fit(shapes(8))
    assert fitting.fit == "center-crop"


def test_without_annotated_pictures_the_usual_fit_is_assumed(tmp_path: Path) -> None:
    frames = Dataset(edges(1).samples, None, False)
    fitting, finding = Exported(tmp_path, brighter_edge).fit(frames)
    assert fitting == STRETCHED
    assert finding.assumed and not finding.rows
    assert "--fit" in finding.text and "folder of pictures for each class" in finding.text


def own(folder: Path, **options: Any) -> Source:
    """A Keras model that fits pictures itself, and normalises them before."""
    layers = tf.keras.layers
    inputs = layers.Input((None, None, 3))
    resized = layers.Resizing(SIDE, SIDE, **options)(inputs)
    outputs = layers.Dense(3, "softmax")(layers.GlobalAveragePooling2D()(resized))
    tf.keras.Model(inputs, outputs).export(folder, verbose=False)
    return read_source(SourceOptions(folder))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, STRETCHED),
        ({"crop_to_aspect_ratio": True, "antialias": True}, Fitting("center-crop", resize="area")),
        ({"pad_to_aspect_ratio": True, "fill_value": 0}, Fitting("letterbox", 128)),
    ],
)
def test_the_fit_of_the_graph_comes_first(
    options: dict[str, Any], expected: Fitting, tmp_path: Path
) -> None:
    """Zeros are the grey of 127.5 where -1 to 1 enters."""
    source = own(tmp_path / "model", **options)
    pixels = PRESETS["minus-one-to-one"].resolve(source.image, False)
    nothing: Any = None
    fitting, finding = find_fit(nothing, nothing, pixels, edges(1), source.own_size)
    assert fitting == expected
    assert not finding.assumed
    assert "graph itself" in finding.text and "resizing" in finding.text
