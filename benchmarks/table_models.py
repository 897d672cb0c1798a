"""Writes the SavedModels of the table of nodes on a GPU: python3 -m benchmarks.table_models
OUTPUT, in the converter's environment.

``trt-inference convert`` makes bundles of them; benchmarks.gpu_nodes measures these.
"""

import argparse
from pathlib import Path
from typing import List

import cv2
import keras
import numpy as np

from benchmarks.table_networks import (
    NETWORKS,
    pictures_of,
    prepare,
    set_candidates,
    weights_and_multiplications,
)
from examples.shapes.moving_scene import MovingScene

THRESHOLD = 0.4  # the converter's default
CANDIDATES = 60  # that reach it in what the camera of the examples shows
_PICTURES = 8


def main() -> None:
    """Write each, and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--only", nargs="+", choices=tuple(NETWORKS), default=tuple(NETWORKS))
    options = parser.parse_args()
    write_pictures(options.output / "pictures")
    for name in options.only:
        model = NETWORKS[name]()
        prepare(model, _seen(model))
        weights, multiplications = weights_and_multiplications(model)
        print(f"{name}: {weights / 1e6:.1f} M weights, {multiplications / 1e9:.1f} G products")
        if name == "detector":
            reached = set_candidates(model, _seen(model), CANDIDATES, THRESHOLD)
            texts = ", ".join(f"{value:.3f}" for value in reached)
            print(f"  {CANDIDATES} boxes reach {THRESHOLD}; 30, 100, 300 reach {texts}")
        model.export(str(options.output / name), verbose=False)


def write_pictures(folder: Path) -> None:
    """Some pictures of the camera of the examples, to calibrate and to verify on."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(_scenes()):
        cv2.imwrite(str(folder / f"{number:06d}.jpg"), image)


def _scenes() -> List[np.ndarray]:
    """uint8 [720, 1280, 3] BGR; the first is what ``--still`` shows."""
    scene = MovingScene(seed=0, height=720, width=1280)
    return [scene.frame(float(seconds)).image for seconds in range(_PICTURES)]


def _seen(model: keras.Model) -> np.ndarray:
    return pictures_of(_scenes(), int(model.input.shape[1]))


if __name__ == "__main__":
    main()
