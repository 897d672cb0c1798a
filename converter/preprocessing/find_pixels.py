"""Find out which pixels a network expects: its own arithmetic shows it, or measurements do.

What the user states is taken. Otherwise the graph's own preprocessing decides, then at least two
signals that are measured on the user's pictures, and without them the usual range is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from converter.export.export import Export
from converter.export.exported_network import Network
from converter.export.graph_view import GraphView
from converter.export.request_answer import FLAT_GRAPH_FILE
from converter.inputs.dataset import Dataset
from converter.inputs.finding import Finding
from converter.inputs.pixels import PRESETS, PixelOptions, Pixels
from converter.inputs.quiet_tensorflow import tensorflow
from converter.preprocessing.batch_norms import find_batch_norms
from converter.preprocessing.choose_range import RangeEvidence, choose_range, is_clear
from converter.preprocessing.describe_pixels import (
    NO_CONTRAST,
    NO_PICTURES,
    NO_STATISTICS,
    describe_assumed,
    describe_contradiction,
    describe_measured,
    describe_own,
    describe_whole_numbers,
)
from converter.preprocessing.fitted_pictures import fitted_pictures, have_contrast
from converter.preprocessing.known_ranges import KnownRange, in_other_order, known_ranges
from converter.preprocessing.own_scaling import OwnScaling, find_own_scaling
from converter.preprocessing.pixels_on_the_way import PixelsOnTheWay, entering_first_layers
from converter.preprocessing.stored_statistics import (
    Misfits,
    StoredStatistics,
    sum_of_misfits,
)
from converter.verification.tensorflow_reference import FlatGraph, read_flat_graph

MeasureAccuracy = Callable[[Pixels], Sequence[float]]
TRIED_FITS = ("stretch", "letterbox")
_MOST_NORMS = 10
# So many pictures, and for large inputs fewer.
_MOST_PICTURES, _FEWEST_PICTURES = 24, 8
_PIXELS_AT_ONCE = 24 * 224 * 224


def find_pixels(
    exported: Export,
    network: Network,
    given: PixelOptions,
    dataset: Dataset,
    accuracy: MeasureAccuracy | None = None,
    fits: Sequence[str] = TRIED_FITS,
) -> tuple[Pixels, Finding | None]:
    """The pixels that the network expects, and what shows it; no finding where the user has
    stated the range and nothing contradicts.

    Args:
        given: what the user states.
        dataset: the pictures to measure on; synthetic ones show nothing.
        accuracy: how well the network does on each of some parts of the annotated pictures, 0 to
            1, at least two parts; None without annotations. It is asked for each known range.
        fits: the ways in which pictures may have been brought to the input's size for training.

    Raises:
        SavedModelError: ``given`` does not fit the input.
    """
    stated = given.resolve(network.image, network.takes_bytes)
    own = _own_scaling(exported, network)
    if given.states_range:
        return stated, describe_contradiction(stated, own)
    if network.takes_bytes:
        options = _with_order(given, own)
        pixels = options.resolve(network.image, True)
        return pixels, describe_whole_numbers(pixels, own)
    if own is not None and (own.preset or own.ignores_range):
        options = _of_range(given, own.preset) if own.preset else given
        pixels = _with_order(options, own).resolve(network.image, False)
        return pixels, describe_own(pixels, own)
    if dataset.synthetic:
        return stated, describe_assumed(stated, own, [], NO_PICTURES)
    measure = _Measurement(exported, network, accuracy)
    found = measure.all_ranges(given, dataset, fits)
    best = choose_range(found)
    if best is None:
        return stated, describe_assumed(stated, own, found, measure.unmeasured)
    if given.channels is None and network.image.channels > 1:
        other = measure.one_range(in_other_order(best.known))
        best = other if _is_other_order(other, best) else best
    pixels = best.known.options.resolve(network.image, False)
    return pixels, describe_measured(pixels, best, found)


def _is_other_order(other: RangeEvidence, best: RangeEvidence) -> bool:
    """Whether the statistics clearly show it. Annotations cannot: with labels in another order
    than the model's, classes that differ by colour are right in the wrong order of channels."""
    return is_clear(replace(other, accuracies=()), replace(best, accuracies=()))


def _of_range(given: PixelOptions, preset: str) -> PixelOptions:
    options = PRESETS[preset]
    return replace(options, channels=given.channels or options.channels)


def _with_order(given: PixelOptions, own: OwnScaling | None) -> PixelOptions:
    """With the order of channels that the graph shows, where the user states none."""
    if given.channels or own is None or not own.channels:
        return given
    return replace(given, channels=own.channels)


def _own_scaling(exported: Export, network: Network) -> OwnScaling | None:
    file, answer = exported.folder / FLAT_GRAPH_FILE, exported.answer
    tensors = entering_first_layers(GraphView(read_flat_graph(file)), answer.input)
    if not tensors:
        return None
    way = PixelsOnTheWay(FlatGraph(file, answer, tensors), network, tensors)
    try:
        return find_own_scaling(way, network.takes_bytes)
    except tensorflow().errors.OpError:  # in a loop, or in a branch that is not taken
        return None


class _Measurement:
    """Measures known ranges on pictures; ``unmeasured`` tells why it has not."""

    def __init__(
        self, exported: Export, network: Network, accuracy: MeasureAccuracy | None
    ) -> None:
        self._image, self._network, self._accuracy = network.image, network, accuracy
        self._statistics = _statistics(exported, network)
        self._pictures: list[Sequence[np.ndarray]] = []
        self.unmeasured = ""

    def all_ranges(
        self, given: PixelOptions, dataset: Dataset, fits: Sequence[str]
    ) -> list[RangeEvidence]:
        """What each known range shows; nothing where there is nothing to measure."""
        if self._statistics is None and self._accuracy is None:
            self.unmeasured = NO_STATISTICS
            return []
        height, width = self._network.input_size
        most = max(_FEWEST_PICTURES, min(_MOST_PICTURES, _PIXELS_AT_ONCE // (height * width)))
        size = self._network.input_size
        self._pictures = [fitted_pictures(dataset, size, fit, most) for fit in fits]
        if not any(map(have_contrast, self._pictures)):
            self.unmeasured = NO_CONTRAST
            return []
        ranges = known_ranges(self._image.channels, given.channels)
        return [self.one_range(known) for known in ranges]

    def one_range(self, known: KnownRange) -> RangeEvidence:
        """What one range shows."""
        pixels = known.options.resolve(self._image, False)
        accuracies = () if self._accuracy is None else tuple(self._accuracy(pixels))
        return RangeEvidence(known, self._misfits(pixels), accuracies)

    def _misfits(self, pixels: Pixels) -> Misfits | None:
        """Those of the fit that suits the best."""
        if self._statistics is None:
            return None
        found = (
            self._statistics.misfits([pixels.apply(picture) for picture in pictures])
            for pictures in self._pictures
        )
        return min(found, key=lambda one: sum_of_misfits(one.first))


def _statistics(exported: Export, network: Network) -> StoredStatistics | None:
    """Those at the beginning of the network; None where there are none, or training has not
    changed them."""
    file, answer = exported.folder / FLAT_GRAPH_FILE, exported.answer
    norms = find_batch_norms(GraphView(read_flat_graph(file)), answer.input, _MOST_NORMS)
    if not norms:
        return None
    names = [name for norm in norms for name in (norm.input, norm.mean, norm.variance)]
    flat = FlatGraph(file, answer, names)
    image = np.zeros((*network.input_size, network.image.channels), np.float32)
    try:
        flat.run(network, image, names)
    except tensorflow().errors.OpError:  # in a loop, or in a branch that is not taken
        return None
    statistics = StoredStatistics(flat, network, norms)
    return statistics if statistics.tell_something else None
