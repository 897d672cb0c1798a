"""What must come out, by TensorFlow and by loops that follow the publications."""

from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np

from converter.inputs.quiet_tensorflow import tensorflow
from test.color_bundle import CELL, COLORS, LABELS
from trt_inference.inference.detections import Detections


def run_tensorflow(saved_model: Path, signature: str, images: np.ndarray) -> Dict[str, np.ndarray]:
    """The outputs of the SavedModel by name for float32 ``[N, h, w, 3]``."""
    model = tensorflow().saved_model.load(str(saved_model))
    function = model.signatures[signature]
    (name,) = function.structured_input_signature[1]
    outputs = function(**{name: tensorflow().constant(images)})
    return {key: value.numpy() for key, value in outputs.items()}


def decode_rows(rows: np.ndarray) -> List[Tuple[List[float], float, int]]:
    """(x1, y1, x2, y2), best score, its class for each row of ``[A, 4+C]``: centre x, centre y,
    width, height, and a probability for each class."""
    decoded = []
    for x, y, width, height, *scores in rows.astype(float).tolist():
        box = [x - width / 2, y - height / 2, x + width / 2, y + height / 2]
        decoded.append((box, max(scores), scores.index(max(scores))))
    return decoded


def overlap(one: List[float], other: List[float]) -> float:
    """IoU of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return both / (sum(areas) - both)


def detections_of(rows: np.ndarray, score: float, iou: float) -> Detections:
    """Threshold and textbook suppression, in the pixels that ``rows [A, 4+C]`` are in."""
    kept: List[Tuple[List[float], float, int]] = []
    for candidate in sorted(decode_rows(rows), key=lambda entry: -entry[1]):
        if candidate[1] >= score and not any(
            other[2] == candidate[2] and overlap(other[0], candidate[0]) > iou for other in kept
        ):
            kept.append(candidate)
    boxes, scores, classes = zip(*kept, strict=True)
    return Detections(np.array(boxes), np.array(scores), np.array(classes))


def scene(generator: np.random.Generator, count: int = 5) -> Tuple[np.ndarray, Detections]:
    """A grey picture of 64x64 with colored cells, and these cells as detections."""
    image = np.full((64, 64, 3), 128, np.uint8)
    boxes, classes = [], []
    for cell in generator.choice(64, count, replace=False):
        row, column = divmod(int(cell), 8)
        class_id = int(generator.integers(3))
        y, x = row * CELL, column * CELL
        image[y : y + CELL, x : x + CELL] = COLORS[LABELS[class_id]]
        boxes.append([x, y, x + CELL, y + CELL])
        classes.append(class_id)
    return image, Detections(np.array(boxes, float), np.ones(count), np.array(classes))


def assert_same(found: Detections, expected: Detections, pixels: float = 0.01) -> None:
    """The same detections in any order, boxes within ``pixels``, scores within 1e-4."""
    assert len(found) == len(expected) > 0
    columns = [np.lexsort((*d.xyxy.round().T, d.class_ids)) for d in (found, expected)]
    found, expected = found[columns[0]], expected[columns[1]]
    np.testing.assert_array_equal(found.class_ids, expected.class_ids)
    np.testing.assert_allclose(found.xyxy, expected.xyxy, atol=pixels, rtol=0)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4, rtol=0)


def coco(images: Dict[str, Detections], sides: Tuple[int, int]) -> Dict[str, list]:
    """Annotations of images by file name, as a labelling tool writes them; ids begin at 7.

    Args:
        sides: width, height of all images.
    """
    annotations = []
    for image_id, detections in enumerate(images.values(), start=7):
        for (x1, y1, x2, y2), class_id in zip(
            detections.xyxy.tolist(), detections.class_ids.tolist(), strict=True
        ):
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": image_id,
                    "iscrowd": 0,
                    "category_id": 11 + class_id,
                    "area": (x2 - x1) * (y2 - y1),
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                }
            )
    return {
        "images": [
            {"id": image_id, "file_name": name, "width": sides[0], "height": sides[1]}
            for image_id, name in enumerate(images, start=7)
        ],
        "annotations": annotations,
        "categories": [{"id": 11 + index, "name": name} for index, name in enumerate(LABELS)],
    }
