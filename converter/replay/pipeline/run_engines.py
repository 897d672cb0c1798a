"""Runs the engines of a replay on one image after the other."""

import time
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from converter.recordings.recorded_image import RecordedImage, SkippedImage
from converter.replay.pipeline.read_ahead import ImageSlot
from converter.replay.sides.bundle_side import BundleSide
from converter.replay.sides.open_sides import Sides
from converter.replay.sides.side import ReplaySide
from trt_inference.errors import EngineError, FrameLost
from trt_inference.timing import StageClock
from trt_inference.tools.no_answer import MOST_IN_A_ROW, Patience

BASELINE, CANDIDATE = "baseline", "candidate"

EngineOutputs = Mapping[str, np.ndarray] | None


class SideOutputs(NamedTuple):
    """What the engines give for an image; None for a side without an engine."""

    before: EngineOutputs
    after: EngineOutputs


class EngineRunner:
    """The engines of both sides. Its thread is that which opened them."""

    def __init__(self, sides: Sides, clock: StageClock, patience: Patience | None = None) -> None:
        """
        Args:
            clock: of ``BASELINE`` and ``CANDIDATE``.
        """
        self._sides, self._clock = sides, clock
        self._patience = patience or Patience()

    def run(self, slot: ImageSlot, image: RecordedImage) -> SideOutputs | SkippedImage:
        """Run both engines on the image that lies in a slot.

        Returns:
            The image as skipped where a server gives no answer, to either side: nothing seen is a
            result, and this is none.

        Raises:
            EngineError: an engine failed, or too many images in a row got no answer.
        """
        try:
            outputs = SideOutputs(
                self._infer(self._sides.before, slot, BASELINE),
                self._infer(self._sides.after, slot, CANDIDATE),
            )
        except FrameLost as error:
            self._count(error)
            return SkippedImage(image.topic, image.seconds, error.kind, str(error))
        self._patience.answered()
        return outputs

    def _infer(self, side: ReplaySide, slot: ImageSlot, stage: str) -> EngineOutputs:
        if not isinstance(side, BundleSide):
            return None
        began = time.perf_counter()
        outputs = side.infer(slot.fitted[side.layout].pixels)
        self._clock.record(stage, time.perf_counter() - began)
        return outputs

    def _count(self, error: FrameLost) -> None:
        self._patience.lost()
        if self._patience.is_exhausted:
            raise EngineError(
                f"{MOST_IN_A_ROW} images in a row got no answer, so that the replay ends: {error}. "
                "Nothing is written: start the server, and then the replay again"
            ) from error
