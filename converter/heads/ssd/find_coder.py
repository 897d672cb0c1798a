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
# Other scales, in parts of the usual ones for the centre and for the sides.
FACTORS = (0.5, 0.63, 0.8, 1.0, 1.25, 1.6, 2.5)
# How near they must bring the boxes, in parts of the distance with the usual ones, to be the right
# ones, and how near they may bring them where those are clearly right. Noise in the offsets makes
# larger scales seem better than they are, and smaller ones never.
CLOSER_IF_LARGER, CLOSER, CLEARLY_FARTHER = 0.8, 0.97, 1.08


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
    if not distances.show(best, others):
        return (
            UNSCALED,
            "not scaled (--box-scales decides)",
            (
                "offsets are not scaled: --box-scales changes it, as in 10 10 5 5 for SSD, "
                "KerasCV and the TF Object Detection API",
            ),
        )
    why = "scaled so, as otherwise these boxes are further apart"
    if _are_clear(distances, best):
        return best.scales, why, ()
    scales = _listed(best.scales)
    return (
        best.scales,
        why,
        (f"offsets are times {scales}, though others fit nearly as well: --box-scales changes it",),
    )


def _are_clear(distances: _Distances, coder: BoxCoder) -> bool:
    """Whether boxes are further apart under all other scales.

    Raises:
        HeadError: they are nearer to each other under some.
    """
    larger: list[float] = []
    others: list[float] = []
    for centre, side in product(FACTORS, repeat=2):
        if centre == side == 1:
            continue
        a, b, c, d = coder.scales
        scaled = BoxCoder(coder.order, (centre * a, centre * b, side * c, side * d))
        distance = distances.pairs.distance(scaled)
        (larger if min(centre, side) >= 1 else others).append(distance)
    usual = distances.of[coder]
    if min(larger) < CLOSER_IF_LARGER * usual or min(others) < CLOSER * usual:
        raise HeadError(
            "the boxes of overlapping anchors are nearer to each other with other box scales "
            f"than {' or '.join(map(_listed, USUAL_SCALES[coder.order]))}: give those that the "
            "box coder multiplied by, which are one over the variances, as --box-scales"
        )
    return min(others) >= CLEARLY_FARTHER * usual


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
