"""Opens the engines of a replay, and tells its two sides apart for people."""

import contextlib

from converter.replay.bundle_side import BundleSide, EngineChoice
from converter.replay.choose_sides import BundleInPrecision, ChosenSides
from converter.replay.replay_images import Sides
from converter.replay.side import ReplaySide
from trt_inference.bundles.bundle import Thresholds
from trt_inference.printable import printable_name


class GivenThresholds:
    """Thresholds that replace those of the bundles, where they are given."""

    def __init__(
        self,
        score_threshold: float | None = None,
        iou_threshold: float | None = None,
        max_detections: int | None = None,
    ) -> None:
        self._given = {
            name: value
            for name, value in (
                ("score_threshold", score_threshold),
                ("iou_threshold", iou_threshold),
                ("max_detections", max_detections),
            )
            if value is not None
        }

    @property
    def names(self) -> tuple[str, ...]:
        """Fields of ``Thresholds`` that are given."""
        return tuple(self._given)

    def of(self, defaults: Thresholds) -> Thresholds:
        """Those of a bundle with what is given in their place."""
        return Thresholds(**{**vars(defaults), **self._given})


class SideOpener:
    """Opens engines, and closes them when its block ends."""

    def __init__(
        self, choice: EngineChoice, thresholds: GivenThresholds, lowest_score: float | None
    ) -> None:
        """
        Args:
            lowest_score: see ``BundleSide``.
        """
        self._choice, self._thresholds, self._lowest = choice, thresholds, lowest_score
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "SideOpener":
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def open(self, chosen: ChosenSides, recorded: ReplaySide | None) -> Sides:
        """Open what was chosen.

        Raises:
            BundleError, EngineError: as ``BundleSide.open``.
            ValueError: there is no baseline.
        """
        if chosen.before is None:
            if recorded is None:
                raise ValueError("neither a bundle nor results of a robot are the baseline")
            return Sides(recorded, self._open(chosen.after))
        before = self._open(chosen.before)
        after = self._open(chosen.after)
        before.title, after.title = _distinct(before, after)
        return Sides(before, after)

    def _open(self, chosen: BundleInPrecision) -> BundleSide:
        bundle, precision, reason = chosen
        thresholds = self._thresholds.of(bundle.defaults)
        side = BundleSide.open(bundle, precision, self._choice, thresholds, self._lowest)
        self._stack.callback(side.close)
        if reason:
            side.details = f"{side.details}, {precision} by {reason}"
        return side


def _distinct(before: BundleSide, after: BundleSide) -> tuple[str, str]:
    """Titles that differ if the bundles do, by the folder that each is in where their names are the
    same."""
    if before.title != after.title:
        return before.title, after.title
    first, last = (
        f"{printable_name(side.bundle.path.resolve().parent.name)}/{side.title}"
        for side in (before, after)
    )
    return (first, last) if first != last else (before.title, after.title)
