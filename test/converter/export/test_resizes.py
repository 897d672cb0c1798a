"""Resizes, against TensorFlow over pairs of sizes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest

from converter.export.nearest_neighbours import nearest
from test.converter.export.raw_graphs import Exported, export_graph, tf, v1

GENERATOR = np.random.default_rng(11)
SIDE = 60
IMAGE = GENERATOR.random((2, SIDE, SIDE, 2), np.float32)
RESIZES = {
    "nearest": v1.image.resize_nearest_neighbor,
    "bilinear": v1.image.resize_bilinear,
}
CENTRES: dict[str, dict[str, bool]] = {
    "half_pixel": {"half_pixel_centers": True},
    "align_corners": {"align_corners": True},
    "asymmetric": {},
}
TOLERANCE = 2e-5
# Height and width before and after: random ones, factors that are whole, one pixel, and such that
# a place falls on the border of two pixels.
PAIRS = [
    *(GENERATOR.integers(2, SIDE, 4).tolist() for _ in range(2)),
    *([15, 15, 46, 46], [12, 15, 24, 45], [9, 8, 9, 40], [40, 30, 20, 10]),
    *([20, 7, 1, 1], [36, 60, 30, 10], [60, 1, 50, 60]),
]


def resize_all(images: Any) -> dict[str, Any]:
    """Every resize of every pair of sizes."""
    results = {}
    for (name, resize), (centres, options) in itertools.product(RESIZES.items(), CENTRES.items()):
        for number, (height, width, *size) in enumerate(PAIRS):
            part = images[:, :height, :width]
            results[f"{name} {centres} {number}"] = resize(part, size, **options)
    return results


@pytest.fixture(scope="module")
def exported() -> Exported:
    return export_graph(resize_all, IMAGE, (None, *IMAGE.shape[1:]))


def test_a_batch_of_known_size_is_written_too() -> None:
    exported = export_graph(lambda images: {"one": tf.image.resize(images, (46, 61))}, IMAGE)
    np.testing.assert_allclose(
        exported.found["one"], exported.expected["one"], rtol=0, atol=TOLERANCE
    )
    assert "Shape" not in exported.operators()


def test_resizes_give_what_tensorflow_gives(exported: Exported) -> None:
    for name, expected in exported.expected.items():
        tolerance = 0 if name.startswith("nearest") else TOLERANCE
        assert exported.found[name].shape == expected.shape, name
        np.testing.assert_allclose(
            exported.found[name], expected, rtol=0, atol=tolerance, err_msg=name
        )


def test_factors_are_written_only_where_they_are_exact(exported: Exported) -> None:
    """A DLA takes factors alone, and any other runtime a size that it need not compute."""
    factors = {tuple(one.tolist()) for one in factors_of(exported.model)}
    assert factors >= {(1, 1, 2, 3), (1, 1, 1, 5)}
    assert all((high * 64).is_integer() and (wide * 64).is_integer() for *_, high, wide in factors)


def factors_of(model: onnx.ModelProto) -> Iterator[np.ndarray]:
    """``scales`` of the Resizes that have it."""
    values = {one.name: onnx.numpy_helper.to_array(one) for one in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Resize" and values[node.input[2]].size:
            yield values[node.input[2]]


@pytest.mark.parametrize("centres", CENTRES)
def test_nearest_neighbours_are_tensorflows(centres: str) -> None:
    """Every size up to 40, where places on the border of two pixels are frequent."""
    for before, after in itertools.product(range(1, 41, 3), range(1, 41)):
        row = np.arange(before, dtype=np.float32).reshape(1, 1, before, 1)
        given = tf.raw_ops.ResizeNearestNeighbor(images=row, size=[1, after], **CENTRES[centres])
        np.testing.assert_array_equal(nearest(before, after, centres), given.numpy().reshape(-1))


METHODS = ("area", "bicubic", "gaussian", "lanczos3", "lanczos5", "mitchellcubic")


@pytest.mark.parametrize("size", [(46, 21), (1, 90)])
def test_the_other_resizes_give_what_tensorflow_gives(size: tuple[int, int]) -> None:
    """Of bytes too, and where pixels that are left out are averaged before."""
    picture = (IMAGE[:1] * 255).astype(np.uint8)

    def resize(images: Any) -> dict[str, Any]:
        smooth = {
            f"smooth {method}": tf.image.resize(images, size, method, antialias=True)
            for method in ("bilinear", *METHODS)
        }
        plain = {name: tf.image.resize(images, size, name) for name in METHODS}
        cubic = {
            name: v1.image.resize_bicubic(images, size, **options)
            for name, options in CENTRES.items()
        }
        return {**smooth, **plain, **cubic}

    exported = export_graph(resize, picture)
    for name, expected in exported.expected.items():
        np.testing.assert_allclose(exported.found[name], expected, atol=5e-3, err_msg=name)
    assert "Resize" not in exported.operators()


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_maps_of_class_numbers_are_enlarged_by_picking(dtype: type) -> None:
    """TensorRT 8 resizes floats alone."""
    numbers = GENERATOR.integers(0, 200, (1, 6, 7, 1)).astype(np.float32)

    def enlarge(images: Any) -> dict[str, Any]:
        return {"map": tf.image.resize(tf.cast(images, dtype), [24, 21], "nearest")}

    exported = export_graph(enlarge, numbers)
    np.testing.assert_array_equal(exported.found["map"], exported.expected["map"])
    assert "Resize" not in exported.operators()


def test_resizes_in_branches_have_the_right_size() -> None:
    """They are functions, which are converted one by one."""

    def choose(images: Any) -> dict[str, Any]:
        bright = tf.reduce_mean(images) > 0.1
        large = tf.cond(
            bright,
            lambda: tf.image.resize(images[:, :15, :15], [46, 46]),
            lambda: tf.image.resize(images[:, :10, :10], [46, 46], "nearest"),
        )
        return {"large": large}

    exported = export_graph(choose, IMAGE, (None, *IMAGE.shape[1:]))
    np.testing.assert_allclose(exported.found["large"], exported.expected["large"], atol=1e-5)
