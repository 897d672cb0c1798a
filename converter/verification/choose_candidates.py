"""Choose K, the number of candidates that leave the engine, by what they lose on the images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from converter.stages.output_stage import MOST_CANDIDATES
from converter.verification.count_candidates import CandidateCount

# Where nothing is lost, a robot has no more to suppress than this.
USUAL_CANDIDATES = 300
# Threshold and suppression of the most crowded image may take so long, on this machine.
LONGEST_SUPPRESSION = 0.03


@dataclass(frozen=True)
class CandidateChoice:
    """Why a bundle has its K.

    Attributes:
        before: what fewer candidates lost, where K was raised; else None.
        seconds: that threshold and suppression take for the most crowded image, on this machine.
        is_given: whether the user has chosen it.
    """

    before: CandidateCount | None = None
    seconds: float = 0.0
    is_given: bool = False


def choose_candidates(
    found: CandidateCount,
    seconds: Callable[[int], float],
    longest: float | None = None,
) -> int:
    """Return how many candidates lose nothing, in steps that each double it, because other images
    may be more crowded: as many as there may be, and as a robot has the time for.

    Args:
        found: with the candidates that were tried.
        seconds: measures how long a robot takes for that many.
        longest: seconds that it may take; None: ``LONGEST_SUPPRESSION``.
    """
    longest = LONGEST_SUPPRESSION if longest is None else longest
    most = min(MOST_CANDIDATES, found.boxes)
    chosen = found.candidates
    while chosen < min(found.needed, most):
        wanted = [min(2 * chosen, most), min(found.needed, most)]
        quick = [more for more in wanted if more > chosen and seconds(more) <= longest]
        if not quick:
            break
        chosen = quick[0]
    return chosen
