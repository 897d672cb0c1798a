"""Asks the converter for the pixels of trained networks, for benchmarks.pixel_ranges."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import List, NamedTuple, Sequence

from benchmarks.pixel_training import Entry, range_pixels
from benchmarks.pixel_verdicts import Verdict
from converter.commands.convert_options import SourceOptions
from converter.commands.prepare import export_network, read_source, recognise_head, run_on_images
from converter.conversion import Source
from converter.export.export import Export
from converter.export.exported_network import Network
from converter.heads.base import Head
from converter.inputs.dataset import Dataset, load_dataset
from converter.inputs.pixels import PRESETS, PixelOptions, Pixels
from converter.preprocessing.find_pixels import find_pixels
from converter.preprocessing.trial_accuracy import MOST_IMAGES, accuracy_of, annotated_part
from examples.shapes.dataset import ANNOTATIONS_FILE
from examples.shapes.drawing import CLASS_NAMES
from trt_inference.bundles.bundle import Fitting

PARTS = 2  # of the annotated pictures, each with an accuracy of its own


class Exported(NamedTuple):
    """A trained network as the converter has it."""

    options: SourceOptions
    source: Source
    exported: Export
    network: Network
    fitting: Fitting


def find(entry: Entry, output: Path) -> List[Verdict]:
    """What is found on pictures alone, and on annotated ones."""
    options = SourceOptions(output / entry.saved_model)
    source = read_source(options)
    dataset = pictures_of(entry.task, output)
    fitting = Fitting("letterbox" if entry.task == "detection" else "stretch")
    with tempfile.TemporaryDirectory() as scratch:
        exported, network = export_network(source, options, Path(scratch))
        given = Exported(options, source, exported, network, fitting)
        return [_find(entry, given, dataset, annotated) for annotated in (False, True)]


def pictures_of(task: str, output: Path) -> Dataset:
    """The held-out pictures, with annotations."""
    if task == "classification":
        return load_dataset(output / "images", None, CLASS_NAMES, 500)
    folder = output / "scenes"
    return load_dataset(folder, folder / ANNOTATIONS_FILE, CLASS_NAMES, 500)


def _find(entry: Entry, given: Exported, dataset: Dataset, annotated: bool) -> Verdict:
    alone = replace(dataset, annotations=None, folders=None)
    pixels, finding = find_pixels(
        given.exported,
        given.network,
        PixelOptions(),
        dataset if annotated else alone,
        (lambda tried: _accuracies(given, tried, dataset)) if annotated else None,
    )
    if finding is None or finding.assumed:
        return Verdict(entry, None)
    names = [name for name in PRESETS if range_pixels(name, entry.side) == pixels]
    return Verdict(entry, names[0] if names else f"{pixels}")


def _accuracies(given: Exported, pixels: Pixels, dataset: Dataset) -> Sequence[float]:
    """On each part of the annotated pictures; 0 where the outputs make no sense."""

    def recognise(tried: Pixels, fitting: Fitting) -> Head:
        seen = run_on_images(given.network, tried, dataset, fitting)
        answer = given.exported.answer
        classes = len(CLASS_NAMES)
        return recognise_head(seen, given.source, answer, classes, given.options).head

    samples = annotated_part(dataset, MOST_IMAGES).samples
    parts = [replace(dataset, samples=samples[first::PARTS]) for first in range(PARTS)]
    found = [accuracy_of(given.network, recognise, pixels, given.fitting, one) for one in parts]
    return [accuracy or 0.0 for accuracy in found]
