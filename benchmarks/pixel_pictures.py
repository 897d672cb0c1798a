"""Pictures of one drawn shape each, for the classifiers of benchmarks.pixel_ranges."""

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from converter.inputs.pixels import Pixels
from examples.shapes.drawing import CLASS_NAMES, draw_scene
from trt_inference.bundles.atomic_write import new_folder, write_file

SCENE_SIDE = 480  # pixels of the scene of which a picture shows a part
PICTURE_SIDE = 160
PARTS = (2.2, 3.4)  # what a picture shows around a shape, in radii of the shape


class Pictures(NamedTuple):
    """``images`` uint8 ``[n, 160, 160, 3]``, BGR, and the class of each, int32 ``[n]``."""

    images: np.ndarray
    classes: np.ndarray

    def fed(self, pixels: Pixels, side: int, chosen: Any = slice(None)) -> np.ndarray:
        """What the network gets of the chosen ones: float32 ``[n, side, side, 3]``."""
        size = (side, side)
        resized = [cv2.resize(one, size) for one in self.images[chosen]]
        return pixels.apply(np.stack(resized))


def draw_pictures(count: int, seed: int) -> Pictures:
    """Pictures of one shape each, with as many of each class."""
    generator = np.random.default_rng(seed)
    classes = np.arange(count, dtype=np.int32) % len(CLASS_NAMES)
    images = [_draw(generator, class_id) for class_id in classes.tolist()]
    return Pictures(np.stack(images), classes)


def _draw(generator: np.random.Generator, class_id: int) -> np.ndarray:
    """A part of a scene with a shape of that class: uint8 ``[160, 160, 3]``, BGR."""
    while True:
        scene = draw_scene(generator, SCENE_SIDE, SCENE_SIDE, most_shapes=1)
        if scene.class_ids.tolist() == [class_id]:
            break
    x1, y1, x2, y2 = scene.xyxy[0]
    side = min(int(max(x2 - x1, y2 - y1) * generator.uniform(*PARTS) / 2), SCENE_SIDE)
    lowest = np.clip(np.array([x2, y2]) - side, 0, SCENE_SIDE - side)
    highest = np.clip(np.array([x1, y1]), lowest, SCENE_SIDE - side)
    left, top = generator.uniform(lowest, highest).astype(int)
    part = scene.image[top : top + side, left : left + side]
    return cv2.resize(part, (PICTURE_SIDE, PICTURE_SIDE), interpolation=cv2.INTER_AREA)


def write_pictures(pictures: Pictures, folder: Path) -> None:
    """Write them as PNG, in a folder for each class; nothing if the folder is there."""
    if folder.exists():
        return
    with new_folder(folder, replace=False) as unfinished:
        for index, (image, class_id) in enumerate(zip(pictures.images, pictures.classes)):
            file = unfinished / CLASS_NAMES[class_id] / f"{index:04}.png"
            write_file(file, cv2.imencode(".png", image)[1].tobytes(), durable=False)
