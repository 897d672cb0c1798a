"""What a network wants of its pictures: by options, files beside it, its graph, or pictures."""

from dataclasses import dataclass
from typing import List, Sequence, Tuple

from converter.commands.convert_options import FittingOptions
from converter.commands.output_reader import OutputReader
from converter.commands.told_by_files import (
    about_size,
    fit_of_files,
    other_faults,
    pixels_of_files,
)
from converter.conversion import Preprocessing, Source
from converter.export.export import Export
from converter.heads.base import Head
from converter.inputs.dataset import Dataset
from converter.inputs.finding import Finding
from converter.inputs.pixels import Pixels
from converter.preprocessing.find_fit import find_fit, fit_of_graph
from converter.preprocessing.find_pixels import TRIED_FITS, find_pixels
from converter.preprocessing.trial_accuracy import accuracies_of, is_annotated
from converter.tables.preprocessing_facts import fitting_text
from trt_inference.bundles.bundle import Fitting
from trt_inference.bundles.names import LETTERBOX, STRETCH

_PARTS = 2  # of the annotated pictures, so that chance is not taken for a difference


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
    files, stated = source.files, read.options.pixels
    given, about_pixels = pixels_of_files(files, stated, network)
    usual = fitting.resolve(_tried_first(source, dataset))
    accuracies = _Accuracies(read, usual) if is_annotated(dataset) else None
    # Those of the training: what is stated may be what suits the camera.
    fits = dict.fromkeys((usual.fit, *TRIED_FITS))
    pixels, shown = find_pixels(exported, network, given, dataset, accuracies, tuple(fits))
    if shown is not None:
        about_pixels = [*about_pixels, shown]
    chosen, about_fit = _choose_fit(read, fitting, pixels, usual)
    findings = (*about_size(source, read.options), *about_pixels, *about_fit)
    return Preprocessing(pixels, chosen, (*findings, *other_faults(files)))


def _choose_fit(
    read: OutputReader, stated: FittingOptions, pixels: Pixels, usual: Fitting
) -> Tuple[Fitting, List[Finding]]:
    """The fit of the pictures, and what to tell about it."""
    source = read.source
    graph = fit_of_graph(source.own_size, pixels)
    if source.files.fit is not None:
        known = graph[0] if graph is not None and graph[0].fit == source.files.fit else Fitting()
        told, findings = fit_of_files(source.files, known, stated)
        if stated.fit is None and graph is not None and graph[0].fit != told.fit:
            text = f"{told.fit} as the file tells, but {graph[1].text}"
            findings = [*findings, Finding("fit", text, caution=True)]
        return stated.resolve(told), findings
    if stated.fit is not None and graph is None:
        return stated.resolve(), []
    head = read(pixels, usual).head
    found, finding = find_fit(read.network, head, pixels, read.dataset, source.own_size)
    chosen = stated.resolve(found)
    if finding.assumed or (chosen.fit, chosen.resize) == (found.fit, found.resize):
        return chosen, [finding]
    text = f"{fitting_text(chosen)} as you state, but {finding.text}"
    return chosen, [Finding("fit", text, caution=True)]


def _tried_first(source: Source, dataset: Dataset) -> Fitting:
    """The fit with which pictures are prepared until the fit is found out."""
    if source.files.fit is not None:
        return Fitting(source.files.fit)
    if source.own_size is not None and source.own_size.fit is not None:
        return Fitting(source.own_size.fit.fit)
    return Fitting(STRETCH if dataset.annotations is None else LETTERBOX)


@dataclass(frozen=True)
class _Accuracies:
    """How well a network does on each part of the annotated pictures."""

    read: OutputReader
    fitting: Fitting

    def __call__(self, pixels: Pixels) -> Sequence[float]:
        """For pixels that are prepared so, in [0, 1]; 0 where the outputs have no meaning."""
        read = self.read
        found = accuracies_of(
            read.network, self._head, pixels, self.fitting, read.dataset, parts=_PARTS
        )
        return [0.0] * _PARTS if found is None else found

    def _head(self, pixels: Pixels, fitting: Fitting) -> Head:
        return self.read(pixels, fitting).head
