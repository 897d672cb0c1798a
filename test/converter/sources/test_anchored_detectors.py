"""A detector with anchors whose offsets are in an order that only its boxes show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from converter.inputs.quiet_tensorflow import tensorflow
from test.converter.command_line import run_here
from test.converter.heads.anchored import CLASSES, SIZE, decoded, grid_anchors, trained
from test.converter.heads.stages import y_first
from trt_inference.bundles.bundle import load_bundle
from trt_inference.inference.detector import Detector

tf = tensorflow()
# In a camera image of 320x320 pixels, which lies at 32 to 128 across in the input of 160x96.
SIDE, SCALE, LEFT = 320, 0.3, 32
IN_FRAME = [(20, 40, 180, 110), (200, 60, 270, 290), (60, 140, 160, 300)]
IN_INPUT = [
    (x1 * SCALE + LEFT, y1 * SCALE, x2 * SCALE + LEFT, y2 * SCALE, number)
    for number, (x1, y1, x2, y2) in enumerate(IN_FRAME)
]


class FixedDetector(tf.Module):
    """Finds the same in every image. It is so unsure that its scores show no objects."""

    def __init__(self, offsets: np.ndarray, scores: np.ndarray) -> None:
        super().__init__()
        self.offsets, self.scores = tf.Variable(offsets), tf.Variable(scores)

    @tf.function(input_signature=[tf.TensorSpec((1, *SIZE, 3), tf.float32, "image")])
    def __call__(self, image: Any) -> dict[str, Any]:
        """float32 ``[1, 96, 160, 3]`` of 0 to 1 → offsets and scores."""
        nothing = 0.0 * tf.reduce_mean(image)
        return {"box": self.offsets + nothing, "class": self.scores + nothing}


def test_annotations_of_letterboxed_images_show_the_order_of_offsets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anchors = grid_anchors()
    outputs = trained(anchors, noise=0.0, objects_of=[IN_INPUT])
    rising = np.linspace(0.01, 0.02, len(anchors) * CLASSES, dtype=np.float32)
    unsure = np.random.default_rng(1).permutation(rising).reshape(1, -1, CLASSES)
    model = FixedDetector(y_first(outputs["box"]), unsure)
    tf.saved_model.save(model, str(tmp_path / "model"))
    np.save(tmp_path / "anchors.npy", anchors)
    options = ["--output", tmp_path / "bundle", "--anchors", tmp_path / "anchors.npy"]
    options += ["--images", write_pictures(tmp_path / "pictures")]
    asked = run_here(capsys, "convert", tmp_path / "model", *options)
    assert asked.exit_code != 0
    assert "--offset-order xywh" in asked.output
    annotations = tmp_path / "pictures" / "annotations.json"
    result = run_here(capsys, "convert", tmp_path / "model", *options, "--labels-coco", annotations)
    assert result.exit_code == 0, result.output
    boxes = decoded(outputs["box"], anchors, (1, 1, 1, 1))[0]
    with Detector.open(load_bundle(tmp_path / "bundle"), "onnxruntime") as detector:
        detector.detect(np.zeros((SIDE, SIDE, 3), np.uint8))
        found = detector.engine.infer()["boxes"][0]
    best = np.argsort(-unsure[0].max(axis=1))[: len(found)]
    np.testing.assert_allclose(found, np.array(boxes)[best], atol=1e-3)


def write_pictures(folder: Path) -> Path:
    """Two images with all objects, and their annotations."""
    folder.mkdir()
    names = ["a.png", "b.png"]
    for name in names:
        cv2.imwrite(str(folder / name), np.full((SIDE, SIDE, 3), 90, np.uint8))
    boxes = [
        {"image_id": image, "category_id": number, "bbox": [x1, y1, x2 - x1, y2 - y1]}
        for image in range(len(names))
        for number, (x1, y1, x2, y2) in enumerate(IN_FRAME)
    ]
    content = {
        "images": [{"id": number, "file_name": name} for number, name in enumerate(names)],
        "annotations": boxes,
        "categories": [{"id": number, "name": f"object {number}"} for number in range(CLASSES)],
    }
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder
