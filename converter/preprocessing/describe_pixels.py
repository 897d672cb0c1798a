"""What was found out about the pixels, for people."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from converter.inputs.finding import Finding
from converter.inputs.pixels import Pixels
from converter.preprocessing.choose_range import (
    RangeEvidence,
    first_mean,
    first_spread,
    later_sum,
)
from converter.preprocessing.known_ranges import words_of
from converter.preprocessing.own_scaling import RANGES, OwnScaling

SUBJECT = "pixels"
_EVIDENCE = "annotated pictures (--labels-coco, or a folder for each class)"
NO_PICTURES = f"nothing in the graph shows it. Give --images for evidence, best of {_EVIDENCE}"
NO_STATISTICS = (
    "the network stores no statistics of its training that would show it. Give "
    f"{_EVIDENCE} for evidence"
)
NO_CONTRAST = (
    "the pictures have no dark or no bright pixels, and such ones show nothing. Give --images of "
    "ordinary brightness"
)
_COLUMNS = ("pixels", "spread", "mean", "later")


def describe_own(pixels: Pixels, own: OwnScaling) -> Finding:
    """What the graph's own arithmetic shows."""
    if own.ignores_range:
        return Finding(SUBJECT, f"of any range, because the graph {own.words} itself")
    text = f"{words_of(own.preset)}, {pixels.order}, because the graph {own.words}"
    return Finding(SUBJECT, text)


def describe_whole_numbers(pixels: Pixels, own: OwnScaling | None) -> Finding:
    """What the type of the input shows."""
    because = "because the input takes whole numbers"
    shown = f"; the graph {own.words}" if own is not None and own.channels else ""
    return Finding(SUBJECT, f"{pixels.range_and_order}, {because}{shown}")


def describe_contradiction(pixels: Pixels, own: OwnScaling | None) -> Finding | None:
    """A caution, where the graph clearly expects another range than the user or a file states."""
    if own is None or not own.preset:
        return None
    low, high = RANGES[own.preset]
    span = 255 * pixels.scale / max(pixels.std)
    if 0.5 < span / (high - low) < 2:
        return None
    return Finding(
        SUBJECT,
        f"{pixels.range_and_order} as stated, but the graph {own.words}, as for "
        f"{words_of(own.preset)}: see whether --pixels {own.preset} is meant",
        caution=True,
    )


def describe_measured(
    pixels: Pixels, best: RangeEvidence, found: Sequence[RangeEvidence]
) -> Finding:
    """What the pictures show."""
    shown = []
    if best.misfits is not None:
        count = len(best.misfits.first) + len(best.misfits.later)
        shown.append(f"the means and variances that {count} batch normalisations stored")
    if best.accuracies:
        shown.append("the annotations")
    text = (
        f"{words_of(best.known.preset)}, {pixels.order}: "
        f"{' and '.join(shown)} fit this range best, measured on pictures"
    )
    return Finding(SUBJECT, text, False, *_table(found))


def describe_assumed(
    pixels: Pixels, own: OwnScaling | None, found: Sequence[RangeEvidence], unmeasured: str
) -> Finding:
    """Why nothing is known.

    Args:
        unmeasured: why nothing was measured, where nothing was.
    """
    if own is not None:
        why = f"the graph {own.words}, which fits no known range"
    elif found:
        why = "what was measured on the pictures does not clearly show one range"
    else:
        why = unmeasured
    text = f"{pixels.range_and_order}, which is usual; --pixels changes it. It is not known: {why}"
    return Finding(SUBJECT, text, True, *_table(found))


def _table(
    found: Sequence[RangeEvidence],
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """The evidence: how many times as large as in training the values spread, and by how many
    standard deviations their mean is off."""
    if not found:
        return (), ()
    columns = [_COLUMNS[0]]
    figures: list[Callable[[RangeEvidence], str]] = []
    if any(one.misfits for one in found):
        columns += _COLUMNS[1:]
        figures += [
            lambda one: _factor(first_spread(one)),
            lambda one: _deviations(first_mean(one)),
            lambda one: _deviations(later_sum(one)),
        ]
    if any(one.accuracies for one in found):
        columns.append("accuracy")
        figures.append(lambda one: " ".join(f"{value:.3f}" for value in one.accuracies))
    rows = [(words_of(one.known.preset), *(figure(one) for figure in figures)) for one in found]
    return tuple(columns), tuple(rows)


def _factor(spread: float | None) -> str:
    return "" if spread is None else f"{math.exp(spread):.3g} x"


def _deviations(mean: float | None) -> str:
    return "" if mean is None else f"{mean:.2f}"
