"""Train the detector of drawn shapes and export it as a SavedModel.

python -m examples.shapes.train --output DIR
"""

import argparse
import contextlib
import io
import os
import time
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Tuple

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from examples.shapes.dataset import coco_annotations, letterbox, training_scene
from examples.shapes.drawing import Scene, draw_scene
from examples.shapes.moving_scene import MovingScene
from trt_inference.bundles.atomic_write import new_folder
from trt_inference.tools.argument_types import positive


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Drop what is written to the standard error, by C++ code too."""
    error = os.dup(2)
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(error, 2)
        os.close(error)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
with silence():  # the first messages of TensorFlow heed no log level
    import keras
    import tensorflow as tf

    from examples.shapes.model import CELLS, SIDE, build_model, detection_loss, make_target

BATCH_SIZE = 8  # many small steps learn the classes sooner than few large ones
HELD_OUT_SEED = 1_000_003  # far from any seed of the training


def training_batches(seed: int) -> tf.data.Dataset:
    """Endless freshly drawn batches: float32 images [8, 320, 320, 3], RGB, 0 to 1, and targets."""

    def draw() -> Iterator[Tuple[np.ndarray, np.ndarray]]:
        generator = np.random.default_rng(seed)
        while True:
            scene = training_scene(generator, SIDE)
            yield scene.image[..., ::-1], make_target(scene.xyxy, scene.class_ids)

    signature = (
        tf.TensorSpec((SIDE, SIDE, 3), tf.uint8),
        tf.TensorSpec((None, CELLS * CELLS), tf.float32),
    )
    examples = tf.data.Dataset.from_generator(draw, output_signature=signature)
    return examples.batch(BATCH_SIZE, drop_remainder=True).map(scale_images).prefetch(4)


def scale_images(images: tf.Tensor, targets: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
    return tf.cast(images, tf.float32) / 255, targets


class ProgressBar(keras.callbacks.Callback):
    """Shows the steps, the loss and the times."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self._bar = Progress(
            TextColumn("Training: step {task.completed} of {task.total}"),
            BarColumn(),
            TextColumn("loss {task.fields[loss]:.3f}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._task = self._bar.add_task("training", total=steps, loss=float("nan"))

    def on_train_begin(self, logs: Optional[Dict[str, float]] = None) -> None:
        self._bar.start()

    def on_train_batch_end(self, batch: int, logs: Optional[Dict[str, float]] = None) -> None:
        self._bar.update(self._task, advance=1, loss=(logs or {}).get("loss", float("nan")))

    def on_train_end(self, logs: Optional[Dict[str, float]] = None) -> None:
        self._bar.stop()


def train(steps: int, seed: int) -> keras.Model:
    """Train a new model for so many batches of 8 pictures."""
    keras.utils.set_random_seed(seed)
    model = build_model()
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, steps - steps // 20, warmup_target=4e-3, warmup_steps=steps // 20
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=1e-4)
    model.compile(optimizer, loss=detection_loss, jit_compile=False)
    batches = training_batches(seed)
    bar = ProgressBar(steps)
    model.fit(batches, steps_per_epoch=steps, verbose=0, shuffle=False, callbacks=[bar])
    return model


def held_out_scenes(count: int) -> List[Scene]:
    generator = np.random.default_rng(HELD_OUT_SEED)
    return [letterbox(draw_scene(generator, 720, 1280), SIDE) for _ in range(count)]


def mean_average_precision(model: keras.Model, scenes: List[Scene]) -> float:
    """mAP at an IoU of 0.5 on letterboxed scenes, as COCO defines it."""
    images = np.stack([scene.image[..., ::-1] for scene in scenes]).astype(np.float32) / 255
    rows = detect(model, images)
    with contextlib.redirect_stdout(io.StringIO()):  # pycocotools prints a lot
        truth = COCO()
        truth.dataset = coco_annotations(scenes, [str(index) for index in range(len(scenes))])
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(rows), "bbox")
        evaluation.params.iouThrs = np.array([0.5])
        evaluation.evaluate()
        evaluation.accumulate()
    precision = evaluation.eval["precision"][0, :, :, 0, -1]
    return float(precision[precision >= 0].mean())


def detect(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Detections after NMS, float64 [n, 7]: image id, x, y, width, height, score, category."""
    predictions = tf.transpose(model.predict(images, verbose=0), [0, 2, 1])
    centres, sides, scores = predictions[..., :2], predictions[..., 2:4], predictions[..., 4:]
    boxes = tf.concat([centres - sides / 2, centres + sides / 2], axis=-1)[:, :, None]
    found = tf.image.combined_non_max_suppression(
        boxes, scores, 50, 100, iou_threshold=0.5, score_threshold=0.01, clip_boxes=False
    )
    rows = []
    for index, count in enumerate(found.valid_detections.numpy()):
        xyxy = found.nmsed_boxes[index, :count].numpy()
        score = found.nmsed_scores[index, :count].numpy()
        category = found.nmsed_classes[index, :count].numpy() + 1
        image_id = np.full(count, index + 1)
        corner, size = xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]
        rows.append(np.column_stack([image_id, corner, size, score, category]))
    return np.concatenate(rows).astype(np.float64)


def export(model: keras.Model, directory: Path) -> None:
    """Write a SavedModel, whole or not at all: `images` [N, 320, 320, 3] to `predictions`."""

    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32, "images")])
    def serve(images: tf.Tensor) -> Dict[str, tf.Tensor]:
        return {"predictions": model(images, training=False)}

    with new_folder(directory, replace=False) as folder:
        tf.saved_model.save(model, str(folder), signatures={"serving_default": serve})


def main() -> int:
    parser = argparse.ArgumentParser(description="Train a detector of drawn shapes.")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="SavedModel")
    parser.add_argument("--steps", type=positive, default=1000, help="batches of 8 pictures")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if (arguments.output / "saved_model.pb").is_file():
        print(f"{arguments.output} is a complete SavedModel already, nothing to do.")
        return 0
    if arguments.output.exists():
        parser.error(f"{arguments.output} exists and is no SavedModel: remove it first.")
    begin = time.monotonic()
    model = train(arguments.steps, arguments.seed)
    seconds = time.monotonic() - begin
    moving = MovingScene(seed=HELD_OUT_SEED)
    frames = [letterbox(moving.frame(index / 3), SIDE) for index in range(200)]
    print(f"Parameters: {model.count_params()}, trained in {seconds:.0f} s.")
    held_out = mean_average_precision(model, held_out_scenes(200))
    print(f"mAP@0.5 on 200 held-out pictures: {held_out:.3f}")
    print(f"mAP@0.5 on 200 frames of a moving scene: {mean_average_precision(model, frames):.3f}")
    export(model, arguments.output)
    print(f"Exported to {arguments.output}.")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        print("\ninterrupted, nothing was written", flush=True)
        os._exit(130)  # TensorFlow's own threads would go on drawing for a while
