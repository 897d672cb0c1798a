"""Which known range fits: the one that at least two signals clearly prefer to each other one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from converter.preprocessing.known_ranges import KnownRange
from converter.preprocessing.stored_statistics import Misfit, Misfits

# How far statistics of the range that was trained with may be off, since pictures differ; and by
# how much, and how many times, those of another must be farther off. The spreads of neighbouring
# ranges differ by a factor of 2 (0.7) or more.
_SPREAD_LIMIT, _SPREAD_MARGIN = 0.2, 0.25
_MEAN_LIMIT, _MEAN_MARGIN = 0.55, 0.4
_LATER_LIMIT, _LATER_MARGIN = 1.4, 0.25
_ACCURACY_LEAST, _ACCURACY_MARGIN = 0.2, 0.15
# What is right at least where nothing but the annotations shows the range; the lower one where it
# is twice as much as with any other.
_ACCURACY_HIGH, _ACCURACY_FAIR = 0.8, 0.4
# Nor may a range have a better mean by so much that pictures of other contrast would explain.
_BETTER_MEAN, _OTHER_CONTRAST = 0.15, 1.0
SIGNALS_NEEDED = 2


@dataclass(frozen=True)
class RangeEvidence:
    """What was measured with one known range."""

    known: KnownRange
    misfits: Misfits | None = None
    accuracies: tuple[float, ...] = ()


@dataclass(frozen=True)
class _Signal:
    """One figure that shows how well a range fits: ``limit`` is what the right one has at most,
    and others that are worse by ``margin``, and by ``times``, are clearly wrong."""

    figure: Callable[[RangeEvidence], float | None]
    limit: float
    margin: float
    times: float = 1.0

    def prefers(self, one: RangeEvidence, other: RangeEvidence) -> bool:
        """Whether ``one`` clearly fits better."""
        here, there = self.figure(one), self.figure(other)
        if here is None or there is None:
            return False
        return here <= self.limit and there - here >= self.margin and there >= self.times * here


def first_spread(evidence: RangeEvidence) -> float | None:
    """Of the first normalisations."""
    return _median(_first(evidence), lambda one: one.spread)


def first_mean(evidence: RangeEvidence) -> float | None:
    """Of the first normalisations."""
    return _median(_first(evidence), lambda one: one.mean)


def later_sum(evidence: RangeEvidence) -> float | None:
    """Spread and mean of later normalisations."""
    return _median(_later(evidence), lambda one: one.spread + one.mean)


def _first(evidence: RangeEvidence) -> Sequence[Misfit]:
    return () if evidence.misfits is None else evidence.misfits.first


def _later(evidence: RangeEvidence) -> Sequence[Misfit]:
    return () if evidence.misfits is None else evidence.misfits.later


def _median(misfits: Sequence[Misfit], figure: Callable[[Misfit], float]) -> float | None:
    return float(np.median([figure(one) for one in misfits])) if misfits else None


_OF_STATISTICS = (
    _Signal(first_spread, _SPREAD_LIMIT, _SPREAD_MARGIN, 3.0),
    _Signal(first_mean, _MEAN_LIMIT, _MEAN_MARGIN, 1.5),
    _Signal(later_sum, _LATER_LIMIT, _LATER_MARGIN, 1.3),
)


def choose_range(found: Sequence[RangeEvidence]) -> RangeEvidence | None:
    """The one that at least two signals clearly prefer to each other one, while no signal clearly
    prefers another; None where there is none."""
    for one in found:
        others = [other for other in found if other is not one]
        if others and _may_be(one) and all(is_clear(one, other) for other in others):
            return one
    return None


def is_clear(one: RangeEvidence, other: RangeEvidence) -> bool:
    """Whether at least two signals clearly prefer ``one``, and none ``other``. All annotations
    together are one of them; alone they decide only where they leave no doubt."""
    prefer = sum(signal.prefers(one, other) for signal in _OF_STATISTICS)
    prefer += _annotations_prefer(one, other)
    if one.misfits is None and other.misfits is None and _is_plain(one, other):
        return True
    against = _may_be(other) and any(signal.prefers(other, one) for signal in _OF_STATISTICS)
    contradicted = against or _annotations_prefer(other, one)
    return prefer >= SIGNALS_NEEDED and not contradicted and not _is_closer(other, one)


def _annotations_prefer(one: RangeEvidence, other: RangeEvidence) -> bool:
    """Whether clearly more is right, on all parts of the annotated pictures: on one of them chance
    makes such a difference of a poor network."""
    pairs = list(zip(one.accuracies, other.accuracies))
    return bool(pairs) and all(
        here >= _ACCURACY_LEAST and here - there >= _ACCURACY_MARGIN for here, there in pairs
    )


def _is_plain(one: RangeEvidence, other: RangeEvidence) -> bool:
    """Whether the annotations leave no doubt, on several parts of the pictures. A network that is
    hardly trained may do a little better with another range than its own."""
    enough = len(one.accuracies) >= SIGNALS_NEEDED and _annotations_prefer(one, other)
    return enough and all(
        here >= _ACCURACY_HIGH or here >= max(2 * there, _ACCURACY_FAIR)
        for here, there in zip(one.accuracies, other.accuracies)
    )


def _is_closer(other: RangeEvidence, one: RangeEvidence) -> bool:
    """Whether ``other`` has the better mean, and its spread may come from pictures that have less
    or more contrast than those of the training."""
    here, there, spread = first_mean(one), first_mean(other), first_spread(other)
    if here is None or there is None or spread is None:
        return False
    return there <= here - _BETTER_MEAN and spread <= _OTHER_CONTRAST


def _may_be(one: RangeEvidence) -> bool:
    """Whether the first statistics, where there are any, are as they must be."""
    spread, mean = first_spread(one), first_mean(one)
    if spread is None or mean is None:
        return True
    return spread <= _SPREAD_LIMIT and mean <= _MEAN_LIMIT
