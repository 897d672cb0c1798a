"""Ranges of tensors against NumPy, on images that the robot's own code prepares."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from converter.errors import PrecisionError
from converter.precision.float32_model import read_float32
from converter.precision.int8.calibration import PERCENTILE, calibrate
from converter.precision.precision_results import Calibration
from test.converter.precision.models import (
    colored_cells,
    constant,
    kernel,
    samples,
    two_layers,
    write_bundle,
)
from trt_inference.bundles.bundle import Bundle, load_bundle
from trt_inference.bundles.manifest import read_manifest
from trt_inference.inference.frame import Frame
from trt_inference.inference.preprocess import Preprocessor

# What comes of red, green and blue has both signs.
MIX = np.array([[1, -0.5, -1], [0.25, 0.5, -2], [-1, -1, 1]], np.float32)
TENSOR = "network/mixed"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    constants, nodes = two_layers()
    model = colored_cells(
        f"{constants}, {kernel('mix', MIX)}",
        f"mixed = Conv (planes, mix) {nodes.replace('planes,', 'mixed,')}",
    )
    folder = tmp_path_factory.mktemp("calibration")
    return load_bundle(write_bundle(folder / "bundle", model))


def prepared(bundle: Bundle, frames: Sequence[np.ndarray]) -> np.ndarray:
    """What the robot gives to the engine: uint8 ``[n, h, w, 3]``."""
    spec = bundle.input
    buffers = np.zeros((len(frames), spec.height, spec.width, 3), np.uint8)
    for buffer, frame in zip(buffers, frames, strict=True):
        Preprocessor(buffer, spec.fitting)(Frame(frame))
    return buffers


def magnitudes(bundle: Bundle, frames: Sequence[np.ndarray]) -> np.ndarray:
    """Absolute values of ``TENSOR`` on all images, by NumPy."""
    colors = prepared(bundle, frames)[..., ::-1].astype(np.float32) / 255
    return np.abs(colors @ MIX.T)


def found(bundle: Bundle, frames: Sequence[np.ndarray], method: str) -> tuple[float, Calibration]:
    source = read_float32(bundle.model_file("fp32"))
    ranges, calibration = calibrate(source, [TENSOR], bundle, samples(*frames), method)
    assert set(ranges) == {TENSOR}
    return ranges[TENSOR], calibration


def noise(count: int, least: int = 0, most: int = 256, seed: int = 1) -> list[np.ndarray]:
    """Pictures that are not of the input's proportions."""
    return list(np.random.default_rng(seed).integers(least, most, (count, 48, 100, 3), np.uint8))


def test_minmax_is_the_largest_absolute_value(bundle: Bundle) -> None:
    """The second picture alone has it; its values are below zero."""
    frames = noise(3, 100, 150)
    frames[1] = np.full_like(frames[1], (255, 0, 0))  # blue: at most -2
    value, calibration = found(bundle, frames, "minmax")
    assert value == pytest.approx(magnitudes(bundle, frames).max(), rel=1e-5)
    assert value == pytest.approx(2, rel=1e-5)
    assert (calibration.method, calibration.images) == ("minmax", 3)


@pytest.mark.parametrize("order", [1, -1])
def test_percentile_is_that_of_absolute_values(order: int, bundle: Bundle) -> None:
    """One pixel has much larger values than all others, in the first picture or in the last."""
    frames = list(np.random.default_rng(1).integers(0, 64, (4, 64, 64, 3), np.uint8))
    frames[-1][5, 5] = (255, 0, 0)
    frames = frames[::order]
    values = magnitudes(bundle, frames)
    expected = [np.percentile(values, PERCENTILE, method=m) for m in ("lower", "higher")]
    value, _ = found(bundle, frames, "percentile")
    one_bin = values.max() / 1000
    assert expected[0] - one_bin <= value <= expected[1] + one_bin
    assert value < values.max() / 2


@pytest.mark.parametrize("order", [1, -1])
def test_pictures_without_anything_count_too(order: int, bundle: Bundle) -> None:
    """The large values are fewer than the percentile leaves out of all pictures, and more than it
    leaves out of the last picture alone."""
    frames = list(np.zeros((20, 64, 64, 3), np.uint8))
    frames[-1][:] = 25
    frames[-1][0, :8] = 255
    values = magnitudes(bundle, frames)
    large = values > 0.5
    assert large[-1].mean() > 1 - PERCENTILE / 100 > large.mean()
    value, _ = found(bundle, frames[::order], "percentile")
    assert value == pytest.approx(np.percentile(values, PERCENTILE), abs=float(values.max() / 1000))


def bells(height: int, width: int) -> list[np.ndarray]:
    """Pictures whose colors are spread as natural ones are: most near to black."""
    spread = np.random.default_rng(1).normal(0, 20, (4, height, width, 3))
    return list(np.abs(spread).clip(0, 255).astype(np.uint8))


def test_entropy_cuts_outliers_off(bundle: Bundle) -> None:
    frames = bells(64, 64)
    for frame in frames:
        frame[0, :2] = (255, 0, 0)
    values = magnitudes(bundle, frames)
    value, _ = found(bundle, frames, "entropy")
    assert np.median(values) < np.percentile(values, 95) < value < 0.6 * values.max()


def test_entropy_keeps_nearly_all_where_nothing_stands_out(bundle: Bundle) -> None:
    frames = bells(64, 64)
    value, _ = found(bundle, frames, "entropy")
    assert value > np.percentile(magnitudes(bundle, frames), 99)


def test_entropy_does_not_cut_at_the_borders_of_the_letterbox(bundle: Bundle) -> None:
    """They are of one value, and more than half of all pixels."""
    frames = noise(4)
    assert (prepared(bundle, frames) == bundle.input.fitting.pad_value).mean() > 0.5
    values = magnitudes(bundle, frames)
    value, _ = found(bundle, frames, "entropy")
    assert np.median(values) < value <= values.max() * 1.01
    assert (values > value).mean() < 0.1


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_nothing_but_black_has_a_range_too(method: str, bundle: Bundle) -> None:
    value, _ = found(bundle, [np.zeros((64, 64, 3), np.uint8)], method)
    assert np.isfinite(value)


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
@pytest.mark.parametrize("operator", ["Sqrt", "Log"])
def test_values_that_are_no_numbers_have_no_range(
    operator: str, method: str, tmp_path: Path
) -> None:
    """NaN, or minus infinity, where the second picture is white."""
    constants, nodes = two_layers()
    level = constant("level", {"Sqrt": 0.9, "Log": 1.0}[operator])
    model = colored_cells(
        f"{constants}, {level}",
        f"less = Sub (level, planes) bad = {operator} (less) {nodes.replace('planes,', 'bad,')}",
    )
    bundle = load_bundle(write_bundle(tmp_path / "bundle", model))
    frames = np.zeros((3, 64, 64, 3), np.uint8)
    frames[1, 0] = 255
    source = read_float32(bundle.model_file("fp32"))
    with pytest.raises(PrecisionError, match=r"bad has NaN or infinite values on 1\.png"):
        calibrate(source, ["network/bad"], bundle, samples(*frames), method)


def test_the_hash_is_that_of_the_robots_pixels(bundle: Bundle) -> None:
    frames = noise(3)
    expected = hashlib.sha256(prepared(bundle, frames).tobytes()).hexdigest()
    assert found(bundle, frames, "minmax")[1].sha256 == expected
    assert found(bundle, frames, "percentile")[1].sha256 == expected
    assert found(bundle, frames[:2], "minmax")[1].sha256 != expected
    assert found(bundle, noise(3, seed=2), "minmax")[1].sha256 != expected


def test_the_hash_changes_with_the_fit(bundle: Bundle, tmp_path: Path) -> None:
    frames = noise(3)
    entry = {**read_manifest(bundle.path)["input"], "fit": "stretch"}
    model = colored_cells(*two_layers())
    stretched = load_bundle(write_bundle(tmp_path / "bundle", model, input=entry))
    source = read_float32(stretched.model_file("fp32"))
    _, calibration = calibrate(source, ["network/planes"], stretched, samples(*frames), "minmax")
    assert calibration.sha256 == hashlib.sha256(prepared(stretched, frames).tobytes()).hexdigest()
    assert calibration.sha256 != found(bundle, frames, "minmax")[1].sha256
