"""What a network wants of its pictures: by options, files beside it, its graph, or pictures."""

from dataclasses import replace
from typing import Callable, List, Optional

from converter.commands.convert_options import FittingOptions, SourceOptions
from converter.conversion import Preprocessing, Source
from converter.export.export import Export
from converter.export.exported_network import Network
from converter.heads.evidence import Recognised
from converter.inputs.dataset import Dataset
from converter.inputs.finding import Finding
from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.pixels import PixelOptions, Pixels
from converter.preprocessing.find_fit import find_fit
from converter.preprocessing.find_pixels import find_pixels
from converter.preprocessing.trial_accuracy import accuracy_of
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import LETTERBOX, STRETCH

# Reads the outputs for pictures that are prepared so; raises HeadError where they have no meaning.
Reader = Callable[[Pixels, Fitting], Recognised]


def choose_preprocessing(
    source: Source,
    exported: Export,
    network: Network,
    options: SourceOptions,
    fitting: FittingOptions,
    dataset: Dataset,
    read: Reader,
) -> Preprocessing:
    """Choose the range of the pixels and the fit of the pictures. An option comes first, then a
    file beside the model, the graph, what pictures show, and what is usual.

    Args:
        exported, network: as they came out of the export.
        dataset: pictures; made-up ones show nothing.
        read: how the outputs are to be read, which depends on what the network gets.

    Raises:
        SavedModelError: the options do not fit the input.
        HeadError: the outputs cannot be read.
    """
    files, given = source.files, options.pixels
    if files.pixels is not None and not given.states_range:
        given = replace(files.pixels, channels=given.channels or files.pixels.channels)
    known = _fit_of_files(files)
    usual = fitting.resolve(known or Fitting(STRETCH if dataset.annotations is None else LETTERBOX))

    def accuracy(pixels: Pixels) -> Optional[float]:
        return accuracy_of(network, lambda *of: read(*of).head, pixels, usual, dataset)

    pixels, about_pixels = find_pixels(source, exported, network, given, dataset, usual, accuracy)
    about_fit: Optional[Finding] = None
    if fitting.fit is None and known is None:
        head = read(pixels, usual).head
        known, about_fit = find_fit(network, head, pixels, dataset, source.own_size)
    findings = (*_of_files(files, options.pixels, fitting), about_pixels, about_fit)
    return Preprocessing(
        pixels, fitting.resolve(known), tuple(one for one in findings if one is not None)
    )


def _fit_of_files(files: ModelFiles) -> Optional[Fitting]:
    if files.fit is None:
        return None
    usual = Fitting()
    return Fitting(
        files.fit,
        usual.pad_value if files.pad_value is None else files.pad_value,
        files.resize or usual.resize,
        files.crop_fraction or usual.crop_fraction,
    )


def _of_files(files: ModelFiles, pixels: PixelOptions, fitting: FittingOptions) -> List[Finding]:
    """What files tell, without what an option replaces."""
    replaced = {"pixels"} if pixels.states_range else set()
    if fitting.fit is not None:
        replaced.add("fit")
    return [one for one in files.findings if one.subject not in replaced]
