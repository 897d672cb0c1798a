"""Bundles whose network takes images of any size and computes nothing."""

from pathlib import Path

import numpy as np

from benchmarks.sized_bundle import candidates_of, write_sized_bundle
from test.color_bundle import COLORS, SIZE
from trt_inference.bundles.bundle import load_bundle
from trt_inference.engines.backends import open_engine
from trt_inference.engines.base import EngineOptions


def picture() -> np.ndarray:
    """With one object, in the corner."""
    image = np.zeros((SIZE, SIZE, 3), np.uint8)
    image[:8, :8] = COLORS["green"]
    return image


def test_a_larger_input_finds_the_same_at_the_same_place_in_any_picture(
    color_bundle: Path, tmp_path: Path
) -> None:
    found = candidates_of(color_bundle, picture())
    assert found["scores"][0, 0] == 1.0
    sized = load_bundle(write_sized_bundle(color_bundle, tmp_path / "sized", 4 * SIZE, found))
    engine = open_engine(sized, "onnxruntime", "fp32", EngineOptions(batch=3))
    assert engine.input_buffer().shape == (3, 4 * SIZE, 4 * SIZE, 3)
    outputs = engine.infer(3)
    for number in range(3):
        np.testing.assert_array_equal(outputs["scores"][number], found["scores"][0])
        np.testing.assert_array_equal(outputs["classes"][number], found["classes"][0])
        np.testing.assert_allclose(outputs["boxes"][number], 4 * found["boxes"][0])
    engine.close()
