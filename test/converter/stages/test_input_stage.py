"""The input stage against NumPy."""

from __future__ import annotations

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

from converter.inputs.pixels import Pixels
from converter.onnx_tools.model_inputs_outputs import NetworkInput
from converter.stages.input_stage import input_stage


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


def test_a_network_of_one_channel_gets_the_grey_of_opencv() -> None:
    images = random_images(2, 90, 70)
    expected = [cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None] for image in images]
    for found in (run(Pixels("grey", 1.0), images), Pixels("grey", 1.0).apply(images)):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("layout", "axes"), [("NCHW", (0, 3, 1, 2)), ("HWC", None), ("CHW", (0, 3, 1, 2))]
)
def test_the_layout_is_the_networks(layout: str, axes: tuple[int, ...] | None) -> None:
    images = random_images(1, 4, 6)
    model = input_stage(4, 6, Pixels("bgr", 1.0), 17, NetworkInput(layout))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (found,) = session.run(["pixels"], {"image": images})
    expected = images if axes is None else images.transpose(axes)
    np.testing.assert_array_equal(found, expected if layout.startswith("N") else expected[0])


def test_whole_numbers_are_rounded_to_not_cut_off() -> None:
    images = random_images(1, 4, 6)
    ending = NetworkInput("NHWC", onnx.TensorProto.INT8)
    model = input_stage(4, 6, Pixels("bgr", 0.5, (64.2,) * 3), 17, ending)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    (found,) = session.run(["pixels"], {"image": images})
    assert found.dtype == np.int8
    np.testing.assert_allclose(found, images * 0.5 - 64.2, atol=0.501)


def test_minus_one_to_one_reaches_both_ends() -> None:
    images = np.array([0, 255], np.uint8).reshape(1, 1, 2, 1).repeat(3, axis=3)
    found = run(Pixels("rgb", 1 / 127.5, (1.0, 1.0, 1.0)), images)
    np.testing.assert_allclose(found[0, 0, :, 0], [-1, 1], atol=1e-6)


@pytest.mark.parametrize("channels", ["rgb", "bgr"])
def test_graph_and_numpy_give_the_same(channels: str) -> None:
    images = random_images(3, 5, 7)
    pixels = Pixels(channels, 1 / 200, (0.1, 0.2, 0.3), (0.9, 1.1, 0.5))
    np.testing.assert_allclose(run(pixels, images), pixels.apply(images), atol=2e-6)
