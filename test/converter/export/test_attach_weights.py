"""Weights that were set aside come back, with what was to be done to them done."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from converter.export.attach_weights import attach
from converter.onnx_tools import storage
from converter.onnx_tools.text import model_from_text

KERNEL = np.random.default_rng(0).random((3, 3, 2, 5), np.float32)  # height, width, in, out
OFFSET = np.random.default_rng(1).random((10,), np.float32)


def network() -> onnx.ModelProto:
    """As tf2onnx writes it with weights for inputs: a kernel that is turned around, an offset
    that is reshaped and doubled, and an image."""
    return model_from_text(
        17,
        """
        network (float[1, 2, 6, 6] image, float[3, 3, 2, 5] kernel, float[10] offset)
            => (float[1, 5, 4, 4] result)
        <int64[4] shape = {1, 5, 1, 2}, int64[1] start = {0}, int64[1] end = {1},
         int64[1] axis = {3}, float two = {2}>
        {
            turned = Transpose <perm = [3, 2, 0, 1]> (kernel)
            pairs = Reshape (offset, shape)
            first = Slice (pairs, start, end, axis)
            doubled = Mul (first, two)
            values = Conv (image, turned)
            result = Add (values, doubled)
        }
        """,
    )


@pytest.fixture
def attached(tmp_path: Path) -> onnx.ModelProto:
    files = {}
    for name, values in (("kernel", KERNEL), ("offset", OFFSET)):
        files[name] = tmp_path / f"{name}.npy"
        np.save(files[name], values)
    model = network()
    attach(model, files, tmp_path)
    return model


def run(file: Path, image: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(file))
    (result,) = session.run(None, {"image": image})
    return result


def test_only_the_image_is_an_input_and_no_work_on_weights_is_left(
    attached: onnx.ModelProto,
) -> None:
    assert [value.name for value in attached.graph.input] == ["image"]
    assert [node.op_type for node in attached.graph.node] == ["Conv", "Add"]


@pytest.mark.parametrize("largest", [1 << 20, 100])
def test_the_network_computes_the_same_in_one_file_or_two(
    attached: onnx.ModelProto, largest: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "LARGEST_FILE", largest)
    (tmp_path / "bundle").mkdir()
    file = tmp_path / "bundle" / "fp32.onnx"
    second = storage.save(attached, tmp_path, file)
    assert (second is None) == (largest > KERNEL.nbytes)
    for stray in ("kernel.npy", "offset.npy", "network.weights"):
        (tmp_path / stray).unlink()  # what was written stands alone
    image = np.random.default_rng(2).random((1, 2, 6, 6), np.float32)
    expected = np.zeros((1, 5, 4, 4))
    for y in range(4):
        for x in range(4):
            window = image[0, :, y : y + 3, x : x + 3].transpose(1, 2, 0)
            expected[0, :, y, x] = np.einsum("hwi,hwio->o", window, KERNEL) + 2 * OFFSET[::2]
    np.testing.assert_allclose(run(file, image), expected, rtol=1e-5)


def test_a_constant_that_grows_is_computed_not_stored(tmp_path: Path) -> None:
    model = model_from_text(
        17,
        """
        network (float[4] weight, float[4, 1000] image) => (float[4, 1000] result)
        <int64[2] column = {4, 1}, int64[2] size = {4, 1000}>
        {
            tall = Reshape (weight, column)
            wide = Expand (tall, size)
            result = Mul (image, wide)
        }
        """,
    )
    np.save(tmp_path / "weight.npy", np.arange(4, dtype=np.float32))
    attach(model, {"weight": tmp_path / "weight.npy"}, tmp_path)
    assert [node.op_type for node in model.graph.node] == ["Expand", "Mul"]
