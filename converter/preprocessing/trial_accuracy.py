"""How accurate a network is on annotated images that are prepared in one way or another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from converter.comparison.annotated_accuracy import measure_results
from converter.comparison.compare_by_task import COMPARISONS
from converter.errors import HeadError
from converter.export.exported_network import Network
from converter.heads.base import Head
from converter.inputs.class_folders import spread
from converter.inputs.dataset import Dataset
from converter.inputs.pixels import Pixels
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import CLASSIFICATION, DETECTION
from trt_inference.inference.classification import best_classes
from trt_inference.inference.frame import Frame
from trt_inference.inference.postprocess import postprocess
from trt_inference.inference.preprocess import Preprocessor
from trt_inference.inference.results import Result
from trt_inference.inference.selection import EVERYTHING

MOST_IMAGES = 100
# Of all boxes of an image the best ones are looked at.
_CANDIDATES = 300
# Reads the outputs for images that are prepared so. Raises HeadError where they have no meaning.
Recognise = Callable[[Pixels, Fitting], Head]


def accuracies_of(
    network: Network,
    recognise: Recognise,
    pixels: Pixels,
    fitting: Fitting,
    dataset: Dataset,
    parts: int = 1,
) -> list[float] | None:
    """Measure top-1 accuracy on class folders, or mAP@0.5 on annotated boxes, in [0, 1].

    Args:
        network: is run on ONNX Runtime, on at most ``MOST_IMAGES`` of the images.
        recognise: finds the head for these pixels and this fit.
        parts: into how many the images are divided, each with all classes.

    Returns:
        The accuracy on each part, 0 on one without images; None where nothing is annotated that
        the head finds, or no head is recognised.
    """
    looked_at = annotated_part(dataset)
    try:
        head = recognise(pixels, fitting)
    except HeadError:
        return None
    if not _has_truth(looked_at, head):
        return None
    found = run_on_dataset(network, head, pixels, fitting, looked_at)
    size = -(-len(found) // parts)
    slices = [slice(size * number, size * (number + 1)) for number in range(parts)]
    return [_accuracy(looked_at, found, one) for one in slices]


def _accuracy(dataset: Dataset, found: Sequence[Result], part: slice) -> float:
    if not found[part]:
        return 0.0
    measured = measure_results(replace(dataset, samples=dataset.samples[part]), found[part])
    return 0.0 if measured is None else measured.main_figure[1]


def annotated_part(dataset: Dataset, most: int = MOST_IMAGES) -> Dataset:
    """At most so many images with annotations, evenly from all classes."""
    samples = dataset.samples
    if dataset.annotations is not None:
        boxes = {one["image_id"] for one in dataset.annotations.content["annotations"]}
        samples = tuple(sample for sample in samples if sample.image_id in boxes)
    return replace(dataset, samples=spread(samples, most))


def is_annotated(dataset: Dataset) -> bool:
    """Whether it is known what the images show."""
    return dataset.annotations is not None or dataset.folders is not None


def run_on_dataset(
    network: Network, head: Head, pixels: Pixels, fitting: Fitting, dataset: Dataset
) -> list[Result]:
    """The classes or the detections of each image, in its own pixels."""
    comparison = COMPARISONS[head.task]
    buffer = np.zeros((*network.input_size, 3), np.uint8)
    preprocess = Preprocessor(buffer, fitting)
    found: list[Result] = []
    for sample in dataset.samples:
        placement = preprocess(Frame(sample.read()))
        decoded = head.decode(network.run(pixels.apply(buffer), head.inputs))
        first = {name: values[0] for name, values in decoded.items()}
        outputs = comparison.rank(first, _CANDIDATES, 0.0, head.each_class).outputs
        if head.task == CLASSIFICATION:
            found.append(best_classes(outputs, placement, comparison.thresholds))
        else:
            thresholds, nms = comparison.thresholds, head.needs_nms
            found.append(postprocess(outputs, placement, thresholds, nms, EVERYTHING))
    return found


def _has_truth(dataset: Dataset, head: Head) -> bool:
    """Whether there is an image, and in it what the head finds, class by class."""
    truth = dataset.annotations if head.task == DETECTION else dataset.folders
    if head.task not in (DETECTION, CLASSIFICATION) or truth is None or not dataset.samples:
        return False
    return len(truth.names) == head.classes
