"""Which box coder the offsets of a network are from: by options, by the boxes that it gives.

Libraries differ, whatever the order of their anchors: in KerasHub, whose anchors have y first, the
offsets have x first; in KerasCV, whose anchors have x first, they have y first.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from converter.errors import HeadError
from converter.heads.evidence import HeadOptions
from converter.heads.ssd.box_coder import OFFSET_ORDERS, BoxCoder
from converter.heads.ssd.overlapping_anchors import BoxPairs

UNSCALED = (1.0, 1.0, 1.0, 1.0)
CENTRED, CORNER_CODED = ("xywh", "yxhw"), ("xyxy", "yxyx")
USUAL_SCALES = {
    **dict.fromkeys(CENTRED, (UNSCALED, (10.0, 10.0, 5.0, 5.0))),
    **dict.fromkeys(CORNER_CODED, (UNSCALED, (5.0, 5.0, 5.0, 5.0))),
}
# Boxes are together under a reading if their distance is at most this part of that of the anchors,
# and of that under the other readings.
TOGETHER = 0.7
# The scales are others if these factors of the first or last two bring the distance to this part.
OTHER_SCALES, CLOSER = (0.4, 0.6, 1.6, 2.5), 0.8


@dataclass(frozen=True)
class FoundCoder:
    """A box coder, why it was chosen, and what of it was assumed; see ``Recognised``."""

    coder: BoxCoder
    why: str
    assumed: tuple[str, ...] = ()


def find_coder(pairs: BoxPairs, names: tuple[str, ...], options: HeadOptions) -> FoundCoder:
    """The box coder that the user specifies, or that brings the boxes of the pairs together.

    Without such evidence, offsets are taken as not scaled.

    Args:
        names: the outputs that have the offsets and scores.

    Raises:
        HeadError: options and boxes leave the order of the offsets open, or the boxes show that
            the box scales are none of the usual ones.
    """
    distances = _Distances(pairs, options)
    order, why, assumed = _order(distances, names, options)
    scales, why_scales, assumed_scales = _scales(distances, order, options)
    return FoundCoder(BoxCoder(order, scales), f"{why}; {why_scales}", assumed + assumed_scales)


class _Distances:
    """How far apart the boxes of pairs are under each reading."""

    def __init__(self, pairs: BoxPairs, options: HeadOptions) -> None:
        self.pairs = pairs
        self.enough = pairs.are_enough
        coders = [
            BoxCoder(order, scales)
            for order, usual in USUAL_SCALES.items()
            for scales in ((options.box_scales,) if options.box_scales else usual)
        ]
        self.of = {coder: pairs.distance(coder) if self.enough else 1.0 for coder in coders}
        self.anchors = pairs.distance(None) if self.enough else 0.0

    def best(self, orders: tuple[str, ...]) -> BoxCoder:
        """The coder of one of these orders under which boxes are nearest."""
        coders = [coder for coder in self.of if coder.order in orders]
        return min(coders, key=lambda coder: self.of[coder])

    def show(self, coder: BoxCoder, others: list[BoxCoder]) -> bool:
        """Whether the boxes are together under ``coder``, and under none of the others."""
        limits = [self.anchors, *(self.of[other] for other in others)]
        return self.enough and self.of[coder] <= TOGETHER * min(limits)


def _order(
    distances: _Distances, names: tuple[str, ...], options: HeadOptions
) -> tuple[str, str, tuple[str, ...]]:
    """The order of the offsets, why, and what was assumed."""
    best = distances.best(CENTRED)
    corner = distances.best(CORNER_CODED)
    if distances.show(corner, [coder for coder in distances.of if coder.order != corner.order]):
        best = corner
    rivals = [coder for coder in distances.of if coder.order in CENTRED]
    shown = distances.show(best, [coder for coder in rivals if coder.order != best.order])
    if options.offset_order != "auto":
        doubt = shown and best.order != options.offset_order
        assumed = (
            f"offsets are {OFFSET_ORDERS[options.offset_order]}, as --offset-order specifies, "
            f"although overlapping anchors agree on their boxes as {OFFSET_ORDERS[best.order]}",
        )
        return options.offset_order, "as --offset-order specifies", assumed if doubt else ()
    if shown:
        return best.order, _why(distances, best), ()
    raise _undecided(distances, names)


def _scales(
    distances: _Distances, order: str, options: HeadOptions
) -> tuple[tuple[float, ...], str, tuple[str, ...]]:
    """The box scales, why, and what was assumed."""
    if options.box_scales:
        return options.box_scales, "scales as --box-scales specifies", ()
    best = distances.best((order,))
    others = [coder for coder in distances.of if coder.order == order and coder != best]
    if distances.show(best, others):
        _check_scales(distances, best)
        return best.scales, "scaled so, as otherwise these boxes are further apart", ()
    return (
        UNSCALED,
        "not scaled (--box-scales decides)",
        (
            "offsets are not scaled: --box-scales changes it, as in 10 10 5 5 for SSD, KerasCV and "
            "the TF Object Detection API",
        ),
    )


def _check_scales(distances: _Distances, coder: BoxCoder) -> None:
    """
    Raises:
        HeadError: boxes are nearer to each other under smaller or larger scales.
    """
    for first, second in product((1.0, *OTHER_SCALES), repeat=2):
        a, b, c, d = coder.scales
        scales = (first * a, first * b, second * c, second * d)
        other = distances.pairs.distance(BoxCoder(coder.order, scales))
        if other < CLOSER * distances.of[coder]:
            raise HeadError(
                "the boxes of overlapping anchors are nearer to each other with other box scales "
                f"than {' or '.join(map(_listed, USUAL_SCALES[coder.order]))}: give those that the "
                "box coder multiplied by, which are one over the variances, as --box-scales"
            )


def _why(distances: _Distances, best: BoxCoder) -> str:
    return (
        "as so read, overlapping anchors or objects are at a distance of "
        f"{distances.of[best]:.2f} of their sides, {distances.anchors:.2f} without offsets "
        "(--offset-order decides)"
    )


def _undecided(distances: _Distances, names: tuple[str, ...]) -> HeadError:
    seen = (
        "neither brings the boxes of overlapping anchors together on these images"
        if distances.enough
        else "there are too few overlapping anchors with scores to tell"
    )
    return HeadError(
        f"{' and '.join(names)} have offsets from anchors, which may be tx, ty, tw, th (SSD, "
        "KerasHub) or ty, tx, th, tw (KerasCV, TF Object Detection API, EfficientDet): "
        f"{seen}. Give --offset-order xywh for the first or --offset-order yxhw for the second, "
        "and --box-scales where they are scaled, or convert with --images of objects that the "
        "model was trained on"
    )


def _listed(scales: tuple[float, ...]) -> str:
    return " ".join(f"{scale:g}" for scale in scales)
