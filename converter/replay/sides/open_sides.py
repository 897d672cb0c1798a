"""Opens the engines of a replay, and tells its two sides apart for people."""

import contextlib
from typing import Any, NamedTuple

from converter.replay.sides.bundle_side import BundleSide, EngineChoice
from converter.replay.sides.choose_sides import BundleInPrecision, ChosenSides
from converter.replay.sides.side import ReplaySide
from trt_inference.bundles.bundle import Thresholds
from trt_inference.printable import printable_name


class Sides(NamedTuple):
    """Baseline and candidate."""

    before: ReplaySide
    after: ReplaySide

    def bundles(self) -> tuple[BundleSide, ...]:
        """Those that run an engine."""
        return tuple(side for side in self if isinstance(side, BundleSide))


class GivenThresholds:
    """Thresholds that replace those of the bundles, where they are given."""

    def __init__(
        self,
        score_threshold: float | None = None,
        iou_threshold: float | None = None,
        max_detections: int | None = None,
    ) -> None:
        self._given: dict[str, Any] = {
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

    def with_score_of(self, recorded: ReplaySide) -> "GivenThresholds":
        """These, with the score from which on the robot published, where the recording tells it
        and no other one is given: another one would look like things that are lost or new."""
        if recorded.score_threshold is None:
            return self
        score = float(f"{recorded.score_threshold:.7g}")  # which was announced as a float32
        return GivenThresholds(**{"score_threshold": score, **self._given})

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
            thresholds = self._thresholds.with_score_of(recorded)
            return Sides(recorded, self._open(chosen.after, thresholds))
        before = self._open(chosen.before, self._thresholds)
        after = self._open(chosen.after, self._thresholds)
        before.title, after.title = _distinct(before, after)
        return Sides(before, after)

    def _open(self, chosen: BundleInPrecision, thresholds: GivenThresholds) -> BundleSide:
        bundle, precision, reason = chosen
        wanted = thresholds.of(bundle.defaults)
        side = BundleSide.open(bundle, precision, self._choice, wanted, self._lowest)
        self._stack.callback(side.close)
        if reason:
            side.details = f"{side.details}, {precision} by {reason}"
        return side


def _distinct(before: BundleSide, after: BundleSide) -> tuple[str, str]:
    """Titles that differ, by the folders of the bundles where their names are the same. A bundle
    in one precision beside itself keeps its title."""
    if before.title == after.title:
        for depth in (1, 2):
            first, last = (_title_by_folder(side, depth) for side in (before, after))
            if first != last:
                return first, last
    return before.title, after.title


def _title_by_folder(side: BundleSide, depth: int) -> str:
    """A title with so many of the folders that the bundle is in, in the place of its name."""
    folders = "/".join(side.bundle.path.resolve().parts[-depth:])
    return f"{printable_name(folders)} {side.precision}"
