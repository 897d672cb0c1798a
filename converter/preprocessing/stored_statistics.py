"""How well the stored statistics of batch normalisations fit what enters them on pictures.

Training keeps a moving mean and variance of what enters a normalisation. Where the pixels are
those that it was trained with, pictures of the same kind have this mean and this variance again.
The moving averages begin at mean 0 and variance 1, and after few steps a share of that beginning is
left, the same for all normalisations of a network
(https://www.tensorflow.org/api_docs/python/tf/keras/layers/BatchNormalization):
``variance = (1 - share) * true variance + share`` and ``mean = (1 - share) * true mean``. The true
ones take the place of those that are stored, because training normalised by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from converter.export.exported_network import Network
from converter.preprocessing.batch_norms import BatchNorm
from converter.verification.tensorflow_reference import FlatGraph

# Of a share of the beginning that is larger, nothing remains to be seen in float32.
_MOST_LEFT = 0.999
# What the smallest variance of a normalisation is at most, as a part of the median.
_SMALLEST_TO_MEDIAN = 0.5
_LEAST_VARIANCE = 1e-7
_SHARES = 40


@dataclass(frozen=True)
class ChannelStatistics:
    """Mean and variance of each channel, float64 ``[channels]``."""

    mean: np.ndarray
    variance: np.ndarray

    def without_beginning(self, share: float) -> ChannelStatistics:
        """The true ones, where these hold ``share`` of mean 0 and variance 1."""
        variance = np.maximum(self.variance - share, _LEAST_VARIANCE) / (1 - share)
        return ChannelStatistics(self.mean / (1 - share), variance)


@dataclass(frozen=True)
class Misfit:
    """How far measured statistics of a normalisation are from those of its training; 0 is best.

    Attributes:
        spread: the natural logarithm of the factor between the two standard deviations; the
            median over the channels.
        mean: the distance of the two means in standard deviations; the median over the channels.
    """

    spread: float
    mean: float


@dataclass(frozen=True)
class Misfits:
    """Those of the normalisations that come first on the ways of the image, and of later ones;
    ``left`` is the share of the beginning that fits best."""

    first: tuple[Misfit, ...]
    later: tuple[Misfit, ...]
    left: float


class StoredStatistics:
    """The normalisations at the beginning of a network, and what training has left in them."""

    def __init__(self, flat: FlatGraph, network: Network, norms: Sequence[BatchNorm]) -> None:
        self._flat, self._network, self._norms = flat, network, norms
        names = [name for norm in norms for name in (norm.mean, norm.variance)]
        values = flat.run(network, self._black(), names)
        self._shapes = {name: value.shape for name, value in zip(names, values, strict=True)}
        columns = [value.astype(np.float64).ravel() for value in values]
        self._stored = [
            ChannelStatistics(mean, variance)
            for mean, variance in zip(columns[::2], columns[1::2], strict=True)
        ]

    @property
    def tell_something(self) -> bool:
        """Whether training has changed them."""
        return self._shares[0] < _MOST_LEFT

    @property
    def _shares(self) -> tuple[float, float]:
        """The least and the most that can be left of the beginning: no moving variance can be
        below that, and the smallest is hardly more."""
        smallest = min((one.variance for one in self._stored), key=lambda values: values.min())
        most, median = float(smallest.min()), float(np.median(smallest))
        least = (most - _SMALLEST_TO_MEDIAN * median) / (1 - _SMALLEST_TO_MEDIAN)
        return max(0.0, least), min(most, _MOST_LEFT)

    def misfits(self, pictures: Sequence[np.ndarray]) -> Misfits:
        """How far ``pictures`` are from what the network was trained on, each ``[height, width,
        channels]`` as the network takes it."""
        firsts = [norm for norm in self._norms if norm.first]
        stored = [one for one, norm in zip(self._stored, self._norms, strict=True) if norm.first]
        now = self._measure(firsts, pictures, 0.0)
        shares = np.linspace(*self._shares, _SHARES)
        left = min(shares, key=lambda share: sum_of_misfits(_all_misfits(stored, now, share)))
        every = _all_misfits(self._stored, self._measure(self._norms, pictures, left), left)
        kinds = [norm.first for norm in self._norms]
        return Misfits(
            tuple(one for one, first in zip(every, kinds, strict=True) if first),
            tuple(one for one, first in zip(every, kinds, strict=True) if not first),
            float(left),
        )

    def _measure(
        self, norms: Sequence[BatchNorm], pictures: Sequence[np.ndarray], left: float
    ) -> list[ChannelStatistics]:
        """What enters ``norms``, where all normalise by their true statistics."""
        instead: dict[str, np.ndarray] = {}
        for norm, stored in zip(self._norms, self._stored, strict=True):
            true = stored.without_beginning(left)
            for name, values in ((norm.mean, true.mean), (norm.variance, true.variance)):
                instead[name] = values.reshape(self._shapes[name]).astype(np.float32)
        names = [norm.input for norm in norms]
        moments = []
        for picture in pictures:
            entering = self._flat.run(self._network, picture, names, instead)
            moments.append([_moments(*pair) for pair in zip(entering, norms, strict=True)])
        means = [np.mean(of_norm, axis=0) for of_norm in zip(*moments, strict=True)]
        return [ChannelStatistics(first, second - first**2) for first, second in means]

    def _black(self) -> np.ndarray:
        return np.zeros((*self._network.input_size, self._network.image.channels), np.float32)


def _moments(values: np.ndarray, norm: BatchNorm) -> np.ndarray:
    """The mean and the mean square of each channel, ``[2, channels]``."""
    channels = np.moveaxis(values, 1 if norm.channels_first else -1, -1)
    flat = channels.reshape(-1, channels.shape[-1]).astype(np.float64)
    return np.stack([flat.mean(axis=0), (flat**2).mean(axis=0)])


def _all_misfits(
    stored: Sequence[ChannelStatistics], measured: Sequence[ChannelStatistics], left: float
) -> list[Misfit]:
    return [
        _misfit(past.without_beginning(left), now)
        for past, now in zip(stored, measured, strict=True)
    ]


def _misfit(trained: ChannelStatistics, measured: ChannelStatistics) -> Misfit:
    variance = np.maximum(measured.variance, _LEAST_VARIANCE)
    spread = np.abs(np.log(trained.variance / variance)) / 2
    mean = np.abs(trained.mean - measured.mean) / np.sqrt(trained.variance)
    return Misfit(float(np.median(spread)), float(np.median(mean)))


def sum_of_misfits(misfits: Sequence[Misfit]) -> float:
    """What the best share has the least of; no mean outweighs everything else."""
    return sum(one.spread + min(one.mean, 10.0) for one in misfits)
