"""What a network wants of its pictures: by options, files beside it, its graph, or pictures."""

from dataclasses import dataclass, replace
from typing import List, Optional, Sequence

from converter.commands.convert_options import FittingOptions
from converter.commands.output_reader import OutputReader
from converter.conversion import Preprocessing
from converter.export.export import Export
from converter.heads.base import Head
from converter.inputs.finding import Finding
from converter.inputs.model_files.facts import ModelFiles
from converter.inputs.pixels import PixelOptions, Pixels
from converter.preprocessing.find_fit import find_fit
from converter.preprocessing.find_pixels import TRIED_FITS, find_pixels
from converter.preprocessing.trial_accuracy import accuracy_of, annotated_part, halves, is_annotated
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import LETTERBOX, STRETCH


def choose_preprocessing(
    exported: Export, read: OutputReader, fitting: FittingOptions
) -> Preprocessing:
    """Choose the range of the pixels and the fit of the pictures. An option comes first, then a
    file beside the model, the graph, what pictures show, and what is usual.

    Args:
        read: how the outputs are to be read, which depends on what the network gets. Its pictures
            are those that are tried; made-up ones show nothing.

    Raises:
        SavedModelError: the options do not fit the input.
        HeadError: the outputs cannot be read.
    """
    source, network, dataset = read.source, read.network, read.dataset
    files, given = source.files, read.options.pixels
    if files.pixels is not None and not (given.states_range or network.takes_bytes):
        given = replace(files.pixels, channels=given.channels or files.pixels.channels)
    known = _fit_of_files(files)
    usual = fitting.resolve(known or Fitting(STRETCH if dataset.annotations is None else LETTERBOX))
    fits = TRIED_FITS if fitting.fit is None and known is None else (usual.fit,)
    accuracies = _Accuracies(read, usual) if is_annotated(dataset) else None
    pixels, about_pixels = find_pixels(exported, network, given, dataset, accuracies, fits)
    about_fit: Optional[Finding] = None
    if fitting.fit is None and known is None:
        head = read(pixels, usual).head
        known, about_fit = find_fit(network, head, pixels, dataset, source.own_size)
    findings = (*_of_files(files, read.options.pixels, fitting), about_pixels, about_fit)
    return Preprocessing(
        pixels, fitting.resolve(known), tuple(one for one in findings if one is not None)
    )


@dataclass(frozen=True)
class _Accuracies:
    """How well a network does on two parts of the annotated pictures."""

    read: OutputReader
    fitting: Fitting

    def __call__(self, pixels: Pixels) -> Sequence[float]:
        """For pixels that are prepared so, in [0, 1]; 0 where the outputs have no meaning."""
        read = self.read
        return [
            accuracy_of(read.network, self._head, pixels, self.fitting, part) or 0.0
            for part in halves(annotated_part(read.dataset))
        ]

    def _head(self, pixels: Pixels, fitting: Fitting) -> Head:
        return self.read(pixels, fitting).head


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
