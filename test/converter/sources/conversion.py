"""Converts a SavedModel, and holds what a robot gets against TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from test.converter.command_line import Result, run_here
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector
from trt_inference.inference.results import Classification

# Float32 arithmetic in another order changes a probability by 1e-6.
TOLERANCE = 1e-4
# So much the images differ at least: what is wrong is seen.
SPREAD = 0.1


class Conversion:
    """The command line, and the bundle that it writes."""

    def __init__(self, bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.bundle, self._capsys = bundle, capsys

    def try_to(self, saved_model: Path, *options: object) -> Result:
        """Convert, whatever comes of it."""
        arguments = ["--output", self.bundle, "--fit", "stretch", *options]
        return run_here(self._capsys, "convert", saved_model, *arguments)

    def __call__(self, saved_model: Path, *options: object) -> Result:
        """Convert with success."""
        result = self.try_to(saved_model, *options)
        assert result.exit_code == 0, result.output
        return result

    def gives(self, expected: Callable[[np.ndarray], np.ndarray]) -> None:
        """Check that the robot finds the scores of TensorFlow in images that differ.

        Args:
            expected: scores ``[C]`` for uint8 RGB ``[h, w, 3]`` of the network's size.
        """
        bundle = load_bundle(self.bundle)
        size = bundle.input.width, bundle.input.height
        wanted, found = [], []
        with Detector.open(bundle, "onnxruntime") as detector:
            for frame in frames():
                pixels = cv2.cvtColor(cv2.resize(frame, size), cv2.COLOR_BGR2RGB)
                wanted.append(np.asarray(expected(pixels)).reshape(-1))
                found.append(by_class(detector.detect(frame)))
        assert np.ptp(wanted, axis=0).max() > SPREAD
        np.testing.assert_allclose(found, wanted, atol=TOLERANCE, rtol=0)


def frames() -> list[np.ndarray]:
    """Camera images of 90x70 pixels: spots of any color on a ground of another."""
    generator = np.random.default_rng(2)
    pictures = []
    for ground in ((200, 30, 20), (20, 40, 220), (120, 130, 110), (250, 250, 240)):
        picture = np.full((70, 90, 3), ground, np.uint8)
        for _ in range(6):
            x, y = (int(generator.integers(side)) for side in (90, 70))
            color = generator.integers(0, 256, 3).tolist()
            cv2.circle(picture, (x, y), int(generator.integers(5, 25)), color, -1)
        pictures.append(picture)
    return pictures


def by_class(result: object) -> np.ndarray:
    """Scores in the order of the classes."""
    assert isinstance(result, Classification)
    return result.scores[np.argsort(result.class_ids)]
