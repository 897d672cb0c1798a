"""Asks the converter for the pixels of trained networks, for benchmarks.pixel_ranges."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import List

from benchmarks.pixel_training import Entry, range_pixels
from benchmarks.pixel_verdicts import Verdict
from converter.commands.choose_labels import Labels
from converter.commands.choose_preprocessing import choose_preprocessing
from converter.commands.convert_options import FittingOptions, SourceOptions
from converter.commands.output_reader import OutputReader
from converter.commands.prepare import export_network, read_source
from converter.export.export import Export
from converter.inputs.dataset import Dataset, load_dataset
from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.pixels import PRESETS
from examples.shapes.dataset import ANNOTATIONS_FILE
from examples.shapes.drawing import CLASS_NAMES


def find(entry: Entry, output: Path) -> List[Verdict]:
    """What is found on pictures alone, and on annotated ones."""
    options = SourceOptions(output / entry.saved_model)
    source = read_source(options)
    labels = Labels(CLASS_NAMES, ModelFiles())
    dataset = pictures_of(entry.task, output)
    alone = replace(dataset, annotations=None, folders=None)
    with tempfile.TemporaryDirectory() as scratch:
        exported, network = export_network(source, options, Path(scratch))
        read = OutputReader(source, network, exported.answer, dataset, labels, options)
        return [_find(entry, exported, replace(read, dataset=one)) for one in (alone, dataset)]


def pictures_of(task: str, output: Path) -> Dataset:
    """The held-out pictures, with annotations."""
    if task == "classification":
        return load_dataset(output / "images", None, CLASS_NAMES, 500)
    folder = output / "scenes"
    return load_dataset(folder, folder / ANNOTATIONS_FILE, CLASS_NAMES, 500)


def _find(entry: Entry, exported: Export, read: OutputReader) -> Verdict:
    chosen = choose_preprocessing(exported, read, FittingOptions())
    if chosen.assumes_pixels:
        return Verdict(entry, None)
    pixels = chosen.pixels
    names = [name for name in PRESETS if range_pixels(name, entry.side) == pixels]
    return Verdict(entry, names[0] if names else f"{pixels}")
