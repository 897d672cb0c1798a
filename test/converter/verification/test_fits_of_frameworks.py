"""The robot's pictures are those that a network was trained on with TensorFlow and Keras."""

from __future__ import annotations

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf

from trt_inference.bundles.bundle import Fitting
from trt_inference.inference.frame import Frame
from trt_inference.inference.preprocess import Preprocessor

SIZES = [(480, 640), (427, 640), (640, 427), (300, 301), (100, 100), (720, 1280)]


def picture(height: int, width: int) -> np.ndarray:
    """Soft shapes with fine detail."""
    noise = np.random.default_rng(height + width).normal(0, 1, (height, width, 3))
    layers = ((0.7, 40), (3, 60), (12, 300))
    values = 128 + sum(cv2.GaussianBlur(noise, (0, 0), size) * gain for size, gain in layers)
    return np.clip(values, 0, 255).astype(np.uint8)


def prepared(image: np.ndarray, height: int, width: int, fitting: Fitting) -> np.ndarray:
    buffer = np.zeros((height, width, 3), np.uint8)
    Preprocessor(buffer, fitting)(Frame(image))
    return buffer


@pytest.mark.parametrize("size", SIZES)
def test_a_crop_is_that_of_keras(size: tuple[int, int]) -> None:
    image = picture(*size)
    for height, width in ((224, 224), (160, 224)):
        cropped = prepared(image, height, width, Fitting("center-crop"))
        layer = keras.layers.Resizing(height, width, crop_to_aspect_ratio=True)
        smart = keras.preprocessing.image.smart_resize(image.astype(np.float32), (height, width))
        assert np.abs(cropped - np.asarray(layer(image.astype(np.float32)))).max() <= 1
        assert np.abs(cropped - smart).max() <= 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("side", [64, 160, 224])
def test_area_is_near_to_tensorflows_antialiasing(size: tuple[int, int], side: int) -> None:
    image = picture(*size)
    expected = tf.image.resize(image, (side, side), antialias=True).numpy()
    of_robot = np.abs(prepared(image, side, side, Fitting("stretch", resize="area")) - expected)
    linear = np.abs(prepared(image, side, side, Fitting("stretch")) - expected)
    if side <= min(size):
        assert of_robot.mean() <= 0.5 * linear.mean()
    assert of_robot.mean() <= 1.5
