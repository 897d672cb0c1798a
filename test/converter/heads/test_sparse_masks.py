"""Masks that cover little of the image are class maps, and peaks of points are none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from converter.errors import HeadError
from converter.heads.evidence import Recognised
from converter.heads.segmentation.recognise import recognise
from test.converter.heads.stages import evidence

SIZE = (128, 160)


def found(values: np.ndarray, name: str = "out", **others: np.ndarray) -> Recognised:
    recognised = recognise(evidence({name: values.astype(np.float32), **others}, size=SIZE))
    assert recognised is not None
    return recognised


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def empty(classes: int, logit: float = -7.0) -> np.ndarray:
    return np.random.default_rng(1).normal(logit, 0.5, (2, *SIZE, classes))


def blobs(classes: int) -> np.ndarray:
    """Logits with one rectangle of another size for each class and image."""
    generator, logits = np.random.default_rng(2), empty(classes)
    for image, channel in np.ndindex(2, classes):
        height, width = generator.integers(4, 24, 2)
        top, left = (generator.integers(0, side - 24) for side in SIZE)
        logits[image, top : top + height, left : left + width, channel] = 5
    return logits


def lanes(classes: int) -> np.ndarray:
    """Logits with lines that are one cell wide."""
    logits = empty(classes, -6.0)
    for row in range(0, SIZE[0], 20):
        logits[:, row, :, row // 20 % classes] += 10
    return logits


@pytest.mark.parametrize("draw", [blobs, lanes])
@pytest.mark.parametrize("classes", [2, 4, 8, 17])
@pytest.mark.parametrize("as_logits", [False, True])
def test_masks_of_a_small_part_of_the_image_are_class_maps(
    draw: Any, classes: int, as_logits: bool
) -> None:
    values = draw(classes) if as_logits else sigmoid(draw(classes))
    recognised = found(values)
    assert recognised.head.classes == classes
    assert "most cells have no score above 0.5" in recognised.reason


def regions(classes: int, margin: float) -> np.ndarray:
    """Logits for a softmax that are all low, of regions of one class each."""
    generator = np.random.default_rng(3)
    best = np.kron(generator.integers(0, classes, (2, 8, 10)), np.ones((1, 16, 16), int))
    return generator.normal(-9, 1.5, (2, *SIZE, classes)) + margin * np.eye(classes)[best]


@pytest.mark.parametrize(("classes", "margin"), [(3, 3), (12, 5), (12, 9)])
def test_logits_of_a_softmax_may_all_be_negative(classes: int, margin: float) -> None:
    recognised = found(regions(classes, margin))
    assert recognised.head.classes == classes
    assert "no score above" not in recognised.reason


def test_the_best_of_them_beside_scores_shows_that_they_are_of_classes() -> None:
    values = regions(12, 2)
    with pytest.raises(HeadError, match="heatmaps"):
        found(values)
    assert found(values, classes=values.argmax(axis=-1)).head.classes == 12
    assert found(values, classes=values.argmax(axis=-1)[..., None]).head.classes == 12


def peaks(points: int, width: float, persons: int = 1) -> np.ndarray:
    """For each point of each person exp(-d^2 / (2 * width^2)), the highest where they overlap."""
    generator, values = np.random.default_rng(4), np.zeros((2, *SIZE, points))
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    for image, channel, _ in np.ndindex(2, points, persons):
        top, left = (generator.uniform(0, side) for side in SIZE)
        peak = np.exp(-((y - top) ** 2 + (x - left) ** 2) / (2 * width**2))
        values[image, ..., channel] = np.maximum(values[image, ..., channel], peak)
    return values


@pytest.mark.parametrize(
    ("width", "persons"), [(0.5, 1), (0.5, 4), (1.0, 4), (2.0, 1), (2.0, 4), (3.0, 3), (5.0, 1)]
)
@pytest.mark.parametrize("points", [5, 17])
@pytest.mark.parametrize("kind", ["sigmoid", "linear", "logits"])
def test_peaks_of_any_width_are_heatmaps(
    kind: str, points: int, width: float, persons: int
) -> None:
    values = peaks(points, width, persons)
    if kind == "linear":
        values = values * 1.05 + np.random.default_rng(5).normal(0, 0.01, values.shape)
    if kind == "logits":
        near = values.clip(1e-3, 0.97)
        values = np.log(near / (1 - near)) + np.random.default_rng(5).normal(0, 0.3, near.shape)
    with pytest.raises(HeadError, match=r"heatmaps of key points.*--labels or --head segmentation"):
        found(values)


@pytest.mark.parametrize("as_logits", [False, True])
def test_untrained_heatmaps_without_a_name_are_asked_about(as_logits: bool) -> None:
    """A bias makes nearly all of each map low; some maps are lower than others."""
    generator = np.random.default_rng(6)
    logits = generator.normal(-3, 1, (2, *SIZE, 16)) + generator.normal(0, 0.8, 16)
    with pytest.raises(HeadError, match="heatmaps of key points"):
        found(logits if as_logits else sigmoid(logits))


def test_discs_of_the_points_of_persons_are_heatmaps() -> None:
    """Of a model that is trained with discs around the points instead of Gaussians."""
    with pytest.raises(HeadError, match="heatmaps of key points"):
        found(np.where(peaks(17, 5.0) > 0.5, 0.98, 0.01))
