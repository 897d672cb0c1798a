"""The classifiers and the detector that benchmarks.pixel_ranges trains."""

import shutil
from pathlib import Path
from typing import Any, List, Tuple

import numpy as np

from benchmarks.pixel_architectures import Architecture
from benchmarks.pixel_pictures import Pictures
from benchmarks.pixel_training import Trainee
from converter.inputs.pixels import Pixels
from converter.inputs.quiet_tensorflow import tensorflow
from examples.shapes.dataset import training_scene
from examples.shapes.drawing import Scene

BATCH_SIZE = 16
SGD_RATE, ADAM_RATE = 0.02, 5e-4
# The usual momentum of 0.99 or more needs thousands of steps, a minute has some hundred.
MOMENTUM = 0.9
DETECTOR_SCENES, DETECTOR_BATCH, DETECTOR_RATE = 800, 8, 4e-3


class ClassifierTrainee(Trainee):
    """A classifier and pictures of one shape each."""

    task = "classification"

    def __init__(
        self, architecture: Architecture, training: Pictures, held_out: Pictures, own_momentum: bool
    ) -> None:
        self.side = architecture.side
        self.rate = ADAM_RATE if architecture.adam else SGD_RATE
        self._training, self._held_out = training, held_out
        self.model = architecture.build(self.side)
        if not own_momentum:
            self._hasten_normalisation()
        loss = "sparse_categorical_crossentropy"
        self.model.compile(self._optimizer(architecture.adam), loss, jit_compile=False)

    def _hasten_normalisation(self) -> None:
        import keras

        for layer in self.model._flatten_layers(include_self=False):
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = MOMENTUM

    def _optimizer(self, adam: bool) -> Any:
        """Adam where no batch normalisation keeps the gradients in bounds."""
        import keras

        if adam:
            return keras.optimizers.AdamW(self.rate, weight_decay=1e-4, clipnorm=1.0)
        return keras.optimizers.SGD(self.rate, momentum=0.9, nesterov=True, clipnorm=1.0)

    def batch(self, generator: np.random.Generator, pixels: Pixels) -> Tuple[Any, Any]:
        chosen = generator.integers(len(self._training.classes), size=BATCH_SIZE)
        return self._training.fed(pixels, self.side, chosen), self._training.classes[chosen]

    def accuracy(self, pixels: Pixels) -> float:
        scores = self.model.predict(self._held_out.fed(pixels, self.side), verbose=0)
        return float((scores.argmax(axis=1) == self._held_out.classes).mean())


class DetectorTrainee(Trainee):
    """The detector of examples/shapes, for any range; its accuracy is mAP at an IoU of 0.5."""

    task = "detection"

    def __init__(self) -> None:
        tensorflow()
        import keras

        from examples.shapes.model import SIDE, build_model, detection_loss
        from examples.shapes.train import held_out_scenes

        self.side, self.rate = SIDE, DETECTOR_RATE
        self.model = build_model()
        optimizer = keras.optimizers.AdamW(self.rate, weight_decay=1e-4)
        self.model.compile(optimizer, loss=detection_loss, jit_compile=False)
        generator = np.random.default_rng(3)
        self._scenes = [training_scene(generator, SIDE) for _ in range(DETECTOR_SCENES)]
        self._held_out = held_out_scenes(100)

    def batch(self, generator: np.random.Generator, pixels: Pixels) -> Tuple[Any, Any]:
        from examples.shapes.model import make_target

        numbers = generator.integers(len(self._scenes), size=DETECTOR_BATCH)
        scenes: List[Scene] = [self._scenes[number] for number in numbers]
        targets = [make_target(scene.xyxy, scene.class_ids) for scene in scenes]
        return pixels.apply(np.stack([scene.image for scene in scenes])), np.stack(targets)

    def accuracy(self, pixels: Pixels) -> float:
        from examples.shapes.train import mean_average_precision

        return mean_average_precision(_Prepared(self.model, pixels), self._held_out)

    def export(self, output: Path) -> None:
        from examples.shapes.train import export

        shutil.rmtree(output, ignore_errors=True)
        export(self.model, output)


class _Prepared:
    """A detector for pictures of RGB, 0 to 1, as examples/shapes gives them."""

    def __init__(self, model: Any, pixels: Pixels) -> None:
        self._model, self._pixels = model, pixels

    def predict(self, images: np.ndarray, verbose: int) -> np.ndarray:
        """What the detector gives for them."""
        bytes_of = np.rint(images[..., ::-1] * 255).astype(np.uint8)
        return self._model.predict(self._pixels.apply(bytes_of), verbose=verbose)
