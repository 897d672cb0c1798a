"""Transposed convolutions, against TensorFlow over strides, kernels, paddings and sizes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from test.converter.export.raw_graphs import Exported, export_graph, tf

GENERATOR = np.random.default_rng(4)
IMAGE = GENERATOR.random((2, 8, 9, 3), np.float32)
TOLERANCE = 1e-4
STRIDES, KERNELS = (1, 2, 3, 4), (1, 2, 3, 5)


def sides(before: int, kernel: int, stride: int, padding: str) -> list[int]:
    """All sizes after it that TensorFlow takes: those of which a convolution makes ``before``."""
    reach = stride * (before - 1) + kernel
    if padding == "SAME":
        return list(range(stride * (before - 1) + 1, stride * before + 1))
    return list(range(reach, reach + stride))


def flat_ones(images: Any) -> dict[str, Any]:
    """Of images, one for each stride, kernel and padding, with any of the sizes."""
    results = {}
    for stride, kernel, padding in itertools.product(STRIDES, KERNELS, ("SAME", "VALID")):
        height, width = GENERATOR.integers(1, IMAGE.shape[1], 2).tolist()
        across = int(GENERATOR.integers(1, 5))  # the stride along the width
        after = [
            int(GENERATOR.choice(sides(before, kernel, step, padding)))
            for before, step in ((height, stride), (width, across))
        ]
        results[f"{padding} {stride} {kernel} {after}"] = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.stack([tf.shape(images)[0], *after, 4]),
            filter=weights(kernel, kernel, 4, 3),
            out_backprop=images[:, :height, :width],
            strides=[1, stride, across, 1],
            padding=padding,
        )
    return results


def volumes(images: Any) -> dict[str, Any]:
    results = {}
    slices = tf.reshape(images, [-1, 4, 2, 9, 3])
    for stride, kernel, padding in itertools.product((1, 2), (1, 2, 3), ("SAME", "VALID")):
        after = [sides(before, kernel, stride, padding)[-1] for before in (4, 2, 9)]
        results[f"{padding} {stride} {kernel}"] = tf.raw_ops.Conv3DBackpropInputV2(
            input_sizes=tf.stack([tf.shape(images)[0], *after, 2]),
            filter=weights(kernel, kernel, kernel, 2, 3),
            out_backprop=slices,
            strides=[1, stride, stride, stride, 1],
            padding=padding,
        )
    return results


def with_given_paddings(images: Any) -> dict[str, Any]:
    """As converters from other frameworks write them."""
    results = {}
    for height, width in itertools.product(((1, 0), (0, 2), (1, 1)), ((0, 0), (2, 1))):
        after = [2 * 7 + 4 - sum(height) + 1, 2 * 8 + 4 - sum(width)]
        results[f"{height} {width}"] = tf.raw_ops.Conv2DBackpropInput(
            input_sizes=tf.stack([tf.shape(images)[0], *after, 2]),
            filter=weights(4, 4, 2, 3),
            out_backprop=images,
            strides=[1, 2, 2, 1],
            padding="EXPLICIT",
            explicit_paddings=[0, 0, *height, *width, 0, 0],
        )
    return results


def weights(*shape: int) -> Any:
    return tf.constant(GENERATOR.normal(size=shape).astype(np.float32))


@pytest.fixture(scope="module")
def exported() -> Exported:
    def build(images: Any) -> dict[str, Any]:
        kinds = {"flat": flat_ones, "volume": volumes, "given": with_given_paddings}
        return {
            f"{kind} {name}": result
            for kind, make in kinds.items()
            for name, result in make(images).items()
        }

    return export_graph(build, IMAGE, (None, *IMAGE.shape[1:]))


def test_they_give_what_tensorflow_gives(exported: Exported) -> None:
    for name, expected in exported.expected.items():
        assert exported.found[name].shape == expected.shape, name
        np.testing.assert_allclose(
            exported.found[name], expected, atol=TOLERANCE, rtol=0, err_msg=name
        )


def test_no_padding_is_one_that_a_tensorrt_refuses(exported: Exported) -> None:
    """None is negative, and before TensorRT 8.4 those of volumes are the same at both ends."""
    seen = 0
    for pads in paddings(exported):
        assert min(pads) >= 0
        half = len(pads) // 2
        assert half < 3 or pads[:half] == pads[half:]
        seen += 1
    assert seen >= len(STRIDES) * len(KERNELS)


def paddings(exported: Exported) -> Iterator[Sequence[int]]:
    for node in exported.model.graph.node:
        for attribute in node.attribute:
            if node.op_type == "ConvTranspose" and attribute.name == "pads":
                yield list(attribute.ints)
