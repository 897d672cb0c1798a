"""The range of the pixels is found in the graph or measured on pictures, or it is assumed.

Keras itself computes the moving averages here, while it runs the networks as in training.
"""

from pathlib import Path
from typing import Optional, Tuple

import cv2
import keras
import numpy as np
import pytest
from keras import Input, Model, layers

from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import export_network, read_source
from converter.inputs.dataset import Dataset, Sample
from converter.inputs.finding import Finding
from converter.inputs.pixels import PRESETS, PixelOptions, Pixels
from converter.preprocessing.find_pixels import MeasureAccuracy, find_pixels

SIDE = 32
NOTHING_STATED = PixelOptions()


def picture(generator: np.random.Generator) -> np.ndarray:
    """Coloured blobs of all sizes with an edge: uint8 [SIDE, SIDE, 3], BGR."""
    values = np.full((SIDE, SIDE, 3), generator.uniform(60, 190, 3))
    for cells in (2, 4, 8, 16):
        blobs = generator.normal(0, 30, (cells, cells, 3))
        values += cv2.resize(blobs, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    values[:, generator.integers(SIDE) :] += generator.normal(0, 40, 3)
    return np.clip(values, 0, 255).astype(np.uint8)


def pictures() -> np.ndarray:
    generator = np.random.default_rng(0)
    return np.stack([picture(generator) for _ in range(48)])


def dataset(synthetic: bool = False, paler: bool = False) -> Dataset:
    """Half of what the networks have seen; ``paler`` ones are between grey and white."""
    seen = pictures()[:24]
    images = 127 + seen // 2 if paler else seen
    samples = [Sample(f"{number}.png", None, image) for number, image in enumerate(images)]
    return Dataset(tuple(samples), None, synthetic)


def pixels_of(preset: str) -> Pixels:
    options = PRESETS[preset]
    channels, mean, std = options.channels or "rgb", options.mean or (0,), options.std or (1,)
    times = 3 // len(mean), 3 // len(std)
    return Pixels(channels, options.scale or 1, mean * times[0], std * times[1])


def save_network(
    folder: Path, preset: Optional[str], left: float = 0.0, scaling: Optional[float] = None
) -> Path:
    """Convolutions with batch normalisations that have seen pictures of ``preset``, with ``left``
    of the beginning left in their averages; None for no training."""
    keras.utils.set_random_seed(3)
    image = values = Input((SIDE, SIDE, 3), name="image")
    if scaling is not None:
        values = layers.Rescaling(scaling)(values)
    for filters in (16, 24, 24):
        values = layers.Conv2D(filters, 3, padding="same", use_bias=False)(values)
        values = layers.BatchNormalization(momentum=left)(values)
        values = layers.ReLU()(values)
    scores = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(values))
    model = Model(image, scores)
    if preset is not None:
        model(pixels_of(preset).apply(pictures()), training=True)
    model.export(str(folder), verbose=False)
    return folder


def found_in(
    saved_model: Path,
    given: PixelOptions = NOTHING_STATED,
    pictures_given: bool = True,
    accuracy: Optional[MeasureAccuracy] = None,
    paler: bool = False,
) -> Tuple[Pixels, Optional[Finding]]:
    options = SourceOptions(saved_model)
    scratch = saved_model.parent / f"scratch {saved_model.name} {pictures_given}"
    scratch.mkdir()
    exported, network = export_network(read_source(options), options, scratch)
    return find_pixels(exported, network, given, dataset(not pictures_given, paler), accuracy)


@pytest.mark.parametrize(
    ("preset", "left"),
    [
        ("zero-to-one", 0.0),
        ("minus-one-to-one", 0.0),
        ("minus-one-to-one", 0.7),
        ("zero-to-255", 0.7),
        ("imagenet", 0.3),
        ("caffe", 0.0),
    ],
)
def test_stored_statistics_show_the_range(preset: str, left: float, tmp_path: Path) -> None:
    pixels, finding = found_in(save_network(tmp_path / "network", preset, left))
    assert pixels == pixels_of(preset)
    assert finding is not None
    assert not finding.assumed
    assert len(finding.rows) == len(PRESETS)
    assert f"({preset})" in finding.text


def test_without_pictures_or_training_the_range_is_assumed(tmp_path: Path) -> None:
    trained = save_network(tmp_path / "trained", "zero-to-255")
    untrained = save_network(tmp_path / "untrained", None)
    for pixels, finding in (found_in(trained, pictures_given=False), found_in(untrained)):
        assert pixels == Pixels()
        assert finding is not None
        assert finding.assumed
        assert "--pixels" in finding.text


def test_pictures_without_dark_pixels_show_no_range(tmp_path: Path) -> None:
    trained = save_network(tmp_path / "trained", "zero-to-one")
    pixels, finding = found_in(trained, paler=True)
    assert pixels == Pixels()
    assert finding is not None
    assert finding.assumed
    assert "no dark" in finding.text


def test_annotations_that_contradict_the_statistics_leave_it_open(tmp_path: Path) -> None:
    trained = save_network(tmp_path / "trained", "minus-one-to-one")

    def accuracy(pixels: Pixels) -> Tuple[float, float]:
        return (0.9, 0.9) if pixels == Pixels() else (0.3, 0.3)

    pixels, finding = found_in(trained, accuracy=accuracy)
    assert pixels == Pixels()
    assert finding is not None
    assert finding.assumed
    assert "0.900 0.900" in finding.rows[0]


def test_the_graph_decides_before_what_is_measured(tmp_path: Path) -> None:
    own = save_network(tmp_path / "own", "zero-to-255", scaling=1 / 255)
    pixels, finding = found_in(own, PixelOptions(channels="bgr"), pictures_given=False)
    assert pixels == Pixels("bgr", 1.0)
    assert finding is not None
    assert not finding.assumed
    assert "multiplies them by 0.00392" in finding.text


@pytest.mark.parametrize(("preset", "cautioned"), [("zero-to-one", True), ("zero-to-255", False)])
def test_what_the_user_states_is_taken_and_cautioned_about(
    preset: str, cautioned: bool, tmp_path: Path
) -> None:
    own = save_network(tmp_path / "own", None, scaling=1 / 255)
    pixels, finding = found_in(own, PRESETS[preset])
    assert pixels == pixels_of(preset)
    assert (finding is not None) == cautioned
    assert finding is None or "zero-to-255" in finding.text
