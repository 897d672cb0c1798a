"""The input stage against NumPy."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from converter.graph.input_stage import Pixels, input_stage


def run(pixels: Pixels, images: np.ndarray, opset: int = 17) -> np.ndarray:
    model = input_stage(*images.shape[1:3], pixels, opset)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["pixels"], {"image": images})[0]


def random_images(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (*shape, 3), np.uint8)


@pytest.mark.parametrize("opset", [13, 17, 18])
def test_each_channel_is_scaled_shifted_and_divided(opset: int) -> None:
    images = random_images(2, 6, 10)
    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    expected = np.empty(images.shape)
    for channel in range(3):
        blue_green_red = images[..., 2 - channel].astype(np.float64)
        expected[..., channel] = (blue_green_red / 255 - mean[channel]) / std[channel]
    found = run(Pixels("rgb", 1 / 255, mean, std), images, opset)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_a_network_trained_on_bgr_gets_the_cameras_order() -> None:
    images = random_images(1, 4, 4)
    np.testing.assert_array_equal(run(Pixels("bgr", 1.0), images), images.astype(np.float32))


def test_a_network_trained_on_rgb_gets_red_first() -> None:
    red = np.zeros((1, 2, 2, 3), np.uint8)
    red[..., 2] = 200
    found = run(Pixels("rgb", 1.0), red)
    assert (found[..., 0] == 200).all()
    assert (found[..., 1:] == 0).all()


def test_minus_one_to_one_reaches_both_ends() -> None:
    images = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1).repeat(3, axis=3)
    found = run(Pixels("rgb", 1 / 127.5, (1.0, 1.0, 1.0)), images)
    np.testing.assert_allclose(found[0, 0, :, 0], [-1, 1], atol=1e-6)


@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_graph_and_numpy_say_the_same(channels: str) -> None:
    images = random_images(3, 5, 7)
    pixels = Pixels(channels, 1 / 200, (0.1, 0.2, 0.3), (0.9, 1.1, 0.5))
    np.testing.assert_allclose(run(pixels, images), pixels.apply(images), atol=2e-6)
