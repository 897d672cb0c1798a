"""Trains networks for benchmarks.pixel_ranges, each anew for every range of pixels."""

import json
import time
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Sequence, Tuple

import numpy as np

from converter.inputs.image_input import ImageInput
from converter.inputs.pixels import PRESETS, Pixels
from trt_inference.bundles.atomic_write import new_folder

FEWEST_STEPS = 20
WARM_UP = 20  # steps


class Trainee:
    """A network with what it learns.

    ``model`` is a compiled Keras model, ``side`` the pixels of its square input, ``rate`` the
    highest learning rate.
    """

    task: str
    model: Any
    side: int
    rate: float

    def batch(self, generator: np.random.Generator, pixels: Pixels) -> Tuple[Any, Any]:
        """Pictures as the network gets them, and what it should answer."""
        raise NotImplementedError

    def accuracy(self, pixels: Pixels) -> float:
        """On held-out pictures, 0 to 1."""
        raise NotImplementedError

    def export(self, output: Path) -> None:
        """Write a SavedModel, in the place of one that is there."""
        with new_folder(output, replace=True) as folder:
            self.model.export(str(folder), verbose=False)


class Entry(NamedTuple):
    """A line of ``index.jsonl``: what was trained. ``inside`` tells that the graph prepares the
    pixels itself, ``accuracy`` is the one under each range."""

    name: str
    architecture: str
    range: str
    inside: bool
    task: str
    side: int
    steps: int
    seconds: float
    saved_model: str
    accuracy: Dict[str, float]


def read_index(output: Path) -> List[Entry]:
    """What is trained already."""
    index = output / "index.jsonl"
    lines = index.read_text().splitlines() if index.exists() else []
    return [Entry(**json.loads(line)) for line in lines]


def train_ranges(
    name: str, trainee: Trainee, ranges: Sequence[str], inside: bool, output: Path, minutes: float
) -> None:
    """Train a network under each range, export it and add a line to ``index.jsonl``."""
    weights = trainee.model.get_weights()
    for chosen in ranges:
        _start_again(trainee.model, weights)
        begin = time.monotonic()
        steps = _train(trainee, range_pixels(chosen, trainee.side), minutes)
        seconds = round(time.monotonic() - begin, 1)
        if steps < FEWEST_STEPS:
            print(f"{name}: only {steps} steps in {seconds} s, left out", flush=True)
            return
        folder = f"{name.replace(' ', '-')}-{chosen}"
        trainee.export(output / folder)
        accuracy = {each: trainee.accuracy(range_pixels(each, trainee.side)) for each in PRESETS}
        entry = Entry(
            folder,
            name,
            chosen,
            inside,
            trainee.task,
            trainee.side,
            steps,
            seconds,
            folder,
            accuracy,
        )
        with (output / "index.jsonl").open("a") as index:
            index.write(json.dumps(entry._asdict()) + "\n")
        print(f"{folder}: {steps} steps in {seconds} s, accuracy {accuracy}", flush=True)


def range_pixels(name: str, side: int) -> Pixels:
    """The pixels of a preset for a float32 input of three channels."""
    image = ImageInput("images", "float32", "NHWC", 3, side, side, -1, 4)
    return PRESETS[name].resolve(image, takes_bytes=False)


def _train(trainee: Trainee, pixels: Pixels, minutes: float) -> int:
    """Train for so long after the first step, which builds the graph; returns the steps."""
    generator, model = np.random.default_rng(1), trainee.model
    steps, passed, begin = 0, 0.0, 0.0
    while passed < 1:
        warm = min(1, (steps + 1) / WARM_UP)
        model.optimizer.learning_rate = trainee.rate * (warm * (1 - passed) + 1e-4)
        model.train_on_batch(*trainee.batch(generator, pixels))
        begin = begin or time.monotonic()
        steps += 1
        passed = (time.monotonic() - begin) / (60 * minutes)
    return steps


def _start_again(model: Any, weights: List[np.ndarray]) -> None:
    """Forget what was learnt, without building the graph of the training again."""
    model.set_weights(weights)
    for variable in model.optimizer.variables:
        variable.assign(np.zeros(variable.shape, variable.dtype))
