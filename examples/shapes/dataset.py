"""Pictures for training and evaluation, and a command line that writes held-out ones.

python -m examples.shapes.dataset DIR --count 500 --seed 7
"""

import argparse
import json
from pathlib import Path
from typing import Any, Dict, List

import cv2
import numpy as np
from rich.progress import track

from converter.command_line.argument_types import image_size
from examples.shapes.drawing import CLASS_NAMES, Scene, draw_scene
from trt_inference.bundles.atomic_write import new_folder
from trt_inference.bundles.bundle import Fitting
from trt_inference.inference.frame import Frame
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.tools.argument_types import positive

ANNOTATIONS_FILE = "annotations.json"
PAD_VALUE = 114
# Height, width and most shapes of training pictures. The square ones fill the letterbox, and
# many shapes a picture teach more in the same time.
TRAINING_FORMATS = ((360, 640, 8), (480, 640, 10), (640, 640, 14), (640, 640, 14))


def letterbox(scene: Scene, side: int) -> Scene:
    """Fit a scene into a square with grey bars, as a robot does with its camera image.

    Returns a scene of `side` x `side` pixels with the boxes moved along.
    """
    image = np.empty((side, side, 3), np.uint8)
    place = Preprocessor(image, Fitting(pad_value=PAD_VALUE))(Frame(scene.image))
    scale = np.array([place.scale_x, place.scale_y] * 2, np.float32)
    offset = np.array([place.left, place.top] * 2, np.float32)
    return Scene(image=image, xyxy=scene.xyxy * scale + offset, class_ids=scene.class_ids)


def training_scene(generator: np.random.Generator, side: int) -> Scene:
    """A letterboxed scene of one of the training formats, uint8 [side, side, 3], BGR."""
    height, width, most = TRAINING_FORMATS[generator.integers(len(TRAINING_FORMATS))]
    return letterbox(draw_scene(generator, height, width, most), side)


def coco_annotations(scenes: List[Scene], file_names: List[str]) -> Dict[str, Any]:
    """Ground truth of scenes in the COCO detection format; category ids start at 1."""
    images: List[Dict[str, Any]] = []
    annotations: List[Dict[str, Any]] = []
    for image_id, (scene, file_name) in enumerate(zip(scenes, file_names), start=1):
        height, width = scene.image.shape[:2]
        images.append({"id": image_id, "file_name": file_name, "width": width, "height": height})
        for (x1, y1, x2, y2), class_id in zip(scene.xyxy.tolist(), scene.class_ids.tolist()):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "category_id": class_id + 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "iscrowd": 0,
                }
            )
    categories = [{"id": index, "name": name} for index, name in enumerate(CLASS_NAMES, start=1)]
    return {"info": {}, "images": images, "annotations": annotations, "categories": categories}


def write_dataset(directory: Path, count: int, seed: int, height: int, width: int) -> None:
    """Draw scenes and write them with `annotations.json` and `labels.txt` into a new folder."""
    with new_folder(directory, replace=False) as folder:
        _write_files(folder, count, seed, height, width)


def _write_files(directory: Path, count: int, seed: int, height: int, width: int) -> None:
    generator = np.random.default_rng(seed)
    scenes, file_names = [], []
    for index in track(range(count), description="Drawing pictures"):
        scene = draw_scene(generator, height, width)
        file_names.append(f"{index:06d}.jpg")
        file = str(directory / file_names[-1])
        if not cv2.imwrite(file, scene.image, [cv2.IMWRITE_JPEG_QUALITY, 95]):
            raise OSError(f"OpenCV could not write {file}: check the free space of the disk.")
        # The pixels are on the disk now; keep a shape-only stand-in of one byte.
        blank = np.broadcast_to(np.uint8(0), scene.image.shape)
        scenes.append(Scene(blank, scene.xyxy, scene.class_ids))
    annotations = json.dumps(coco_annotations(scenes, file_names))
    (directory / ANNOTATIONS_FILE).write_text(annotations, encoding="utf-8")
    (directory / "labels.txt").write_text("\n".join(CLASS_NAMES) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description="Write held-out pictures of drawn shapes.")
    parser.add_argument("directory", type=Path, metavar="DIR", help="folder to create")
    parser.add_argument("--count", type=positive, default=500, help="number of pictures")
    parser.add_argument("--seed", type=int, default=7, help="the same seed, the same pictures")
    parser.add_argument(
        "--size", type=image_size, default=(360, 640), metavar="WIDTHxHEIGHT", help="640x360"
    )
    arguments = parser.parse_args()
    directory = arguments.directory
    if (directory / ANNOTATIONS_FILE).is_file():
        print(f"{directory} is a complete dataset already, nothing to do.")
        return 0
    if directory.exists():
        parser.error(f"{directory} exists and is no dataset: remove it or name another folder.")
    write_dataset(directory, arguments.count, arguments.seed, *arguments.size)
    print(f"Wrote {arguments.count} pictures with annotations to {directory}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
